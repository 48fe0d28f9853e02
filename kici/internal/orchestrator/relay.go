package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/webhook"
	"github.com/kici-dev/kici-go/kici/internal/link/orchestratorend"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/ws"
)

// checkRelay fills in the mode and finds what it lacks.
func (c *Config) checkRelay(o *Options, bad func(field, format string, args ...any)) {
	relay := c.RelayURL != "" || o.RelayDialer != nil
	if c.Mode == "" {
		c.Mode = ModeIndependent
		if relay {
			c.Mode = ModePlatform
		}
	}
	switch c.Mode {
	case ModeIndependent:
		return
	case ModeHybrid, ModePlatform:
	default:
		bad("Mode", "%q is none of %s, %s, %s", c.Mode, ModeIndependent, ModeHybrid, ModePlatform)
		return
	}
	if !relay {
		bad("RelayURL", "mode %s needs a relay", c.Mode)
	}
	if c.RelayKey == "" {
		bad("RelayKey", "mode %s needs an orchestrator key of the relay", c.Mode)
	}
	if o.RelayDialer == nil && c.RelayURL != "" {
		at, err := relayAddress(c.RelayURL)
		if err != nil {
			bad("RelayURL", "%w", err)
		}
		o.RelayDialer = &ws.Dialer{URL: at, Proxy: nil}
	}
}

// relayAddress adds /ws to an address that does not name a path of that name.
func relayAddress(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%q is not the address of a relay: it begins with wss:// or https://", text)
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return "", fmt.Errorf("%q begins neither with ws:// or wss:// nor with http:// or https://", text)
	}
	if !strings.HasSuffix(u.Path, "/ws") {
		u.Path = strings.TrimSuffix(u.Path, "/") + "/ws"
	}
	return u.String(), nil
}

// refuseWebhooks answers senders of an orchestrator that only a relay reaches.
func refuseWebhooks(mux *http.ServeMux) {
	for _, base := range []string{"/webhook/", "/webhooks/"} {
		mux.HandleFunc("POST "+base, func(w http.ResponseWriter, _ *http.Request) {
			say(w, http.StatusForbidden, map[string]any{"error": "this orchestrator takes deliveries from its relay only (mode platform); post to the relay, or use mode hybrid"})
		})
	}
}

// relayLink is this orchestrator's end of its link to the relay.
func (h *house) relayLink() *orchestratorend.Link {
	c := &h.o.config
	return orchestratorend.New(orchestratorend.Config{
		Dialer: h.o.o.RelayDialer, Key: c.RelayKey, Intake: &relayed{h}, Desk: &desk{h}, Version: c.Version, NewID: h.ids.next, Now: h.o.o.Now, Log: h.o.o.Log,
		Session: h.o.o.RelaySession, Backoff: h.o.o.RelayBackoff,
		Facts: message.SourceRegister{ClusterName: h.cluster, InstanceID: first(c.Instance, h.ids.next()), Mode: c.Mode, Queue: &message.QueueFacts{TimeoutMS: c.QueueTimeout.Milliseconds()}},
	})
}

// tap sends what agents say of their jobs up to the relay while it is connected: it
// keeps none of it, so what is said meanwhile is of no use to it later.
func (h *house) tap() func(message.AboutJob) {
	if h.relay == nil {
		return nil
	}
	return func(m message.AboutJob) {
		if _, online := h.relay.Relay(); online {
			h.relay.Report(m)
		}
	}
}

// relayed takes in what comes over the relay.
type relayed struct{ h *house }

// Sources are those that a relay may route here, by keys in which the relay's name
// of the organisation stands. Repositories on disk have no senders.
func (r *relayed) Sources(ctx context.Context, org string) ([]message.RelayedSource, error) {
	var all []engine.Source
	err := r.h.store.View(ctx, func(tx store.Tx) (err error) { all, err = tx.Sources().List(ctx); return err })
	var out []message.RelayedSource
	for i := range all {
		s := &all[i]
		family := routingFamily(s.Kind)
		if !s.Enabled || family == "local" {
			continue
		}
		key := fmt.Sprintf("%s:%s:%s", family, org, s.ID)
		if strings.HasPrefix(s.RoutingKey, "github:") {
			key = s.RoutingKey
		}
		out = append(out, message.RelayedSource{RoutingKey: key, Provider: family, Subtype: s.Kind, FriendlyName: s.Name})
	}
	return out, err
}

// source is the id in a routing key.
func (r *relayed) source(ctx context.Context, key string) (string, error) {
	if !strings.HasPrefix(key, "github:") {
		return key[strings.LastIndexByte(key, ':')+1:], nil
	}
	var all []engine.Source
	err := r.h.store.View(ctx, func(tx store.Tx) (err error) { all, err = tx.Sources().List(ctx); return err })
	for i := range all {
		if all[i].RoutingKey == key {
			return string(all[i].ID), err
		}
	}
	return "", errors.Join(err, intake.ErrNoSource)
}

// Accept takes a delivery in as if its sender had posted it here.
func (r *relayed) Accept(ctx context.Context, d *orchestratorend.Delivery) (*message.WebhookAck, error) {
	receipt, err := r.accept(ctx, d)
	if err == nil {
		r.h.o.o.Log.Info("delivery accepted", "delivery", receipt.ID, "relayed", d.Start.DeliveryID, "requestId", d.Start.RequestID, "routingKey", d.Start.RoutingKey, "duplicate", receipt.Duplicate)
		return &message.WebhookAck{Result: status.VerdictAccepted, Duplicate: receipt.Duplicate}, nil
	}
	ack := &message.WebhookAck{Result: verdict(err)}
	var late *intake.RateError
	if errors.As(err, &late) {
		ack.RetryAfter = 1 + int(late.RetryAfter.Seconds())
	}
	if ack.Status, ack.Reason = webhook.Status(err); ack.Status == http.StatusServiceUnavailable {
		return nil, err
	}
	if ack.Result == status.VerdictMisconfigured && ack.Status >= http.StatusInternalServerError {
		r.h.o.o.Log.Error("a delivery was refused", "routingKey", d.Start.RoutingKey, "requestId", d.Start.RequestID, "err", err)
	}
	return ack, nil
}

func (r *relayed) accept(ctx context.Context, d *orchestratorend.Delivery) (intake.Receipt, error) {
	id, err := r.source(ctx, d.Start.RoutingKey)
	if err != nil {
		return intake.Receipt{}, err
	}
	g, err := r.h.intake.Open(ctx, id)
	if err != nil {
		return intake.Receipt{}, err
	}
	return r.h.intake.Accept(ctx, g, &provider.Inbound{
		Header: d.Header, Body: d.Body, Path: d.Start.Metadata.Path, Remote: d.Remote, Relayed: d.Start.DeliveryID,
	})
}

// verdict is the word of the wire for a refusal. The wire has few; beside it stands
// the status that says more.
func verdict(err error) status.Verdict {
	switch {
	case errors.Is(err, intake.ErrNoSource), errors.Is(err, intake.ErrDisabled):
		return status.VerdictUnknownSource
	case errors.Is(err, provider.ErrSignature), errors.Is(err, provider.ErrForbidden):
		return status.VerdictSignature
	}
	return status.VerdictMisconfigured
}

var (
	_ orchestratorend.Intake = (*relayed)(nil)
	_ transport.Dialer       = (*ws.Dialer)(nil)
)
