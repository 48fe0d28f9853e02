package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// RelayHandler answers the operator of a relay, at the same paths and by the same
// rules as [Handler] does for an orchestrator.
type RelayHandler struct {
	Token string
	Relay *relay.Relay
	Store store.Store
	Log   *slog.Logger
	Now   func() time.Time
	// WebhookURL is what the addresses of an organisation's webhooks begin with.
	WebhookURL func(engine.OrgID) string
	Version    string
}

// Routes registers everything.
func (h *RelayHandler) Routes(mux *http.ServeMux) {
	door := &Handler{Token: h.Token, Log: h.Log}
	for pattern, f := range map[string]route{
		"POST /orgs": h.createOrg, "GET /orgs": h.listOrgs, "GET /orgs/{org}/sources": h.listSources, "GET /orgs/{org}/deliveries": h.listDeliveries,
		"POST /orchestrator-keys": h.createKey, "GET /orchestrator-keys": h.listKeys, "DELETE /orchestrator-keys/{id}": h.revokeKey,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+adminclient.Prefix+path, door.guard(door.serve(f)))
	}
	mux.Handle(adminclient.Prefix+"/", door.guard(door.serve(func(*http.Request) (any, error) { return nil, errNoRoute })))
}

// bad turns what an operator can mend into an answer that says so.
func bad(err error) error {
	var input *relay.InputError
	if errors.As(err, &input) {
		return &badError{input.Text}
	}
	return err
}

func (h *RelayHandler) shownOrg(o *engine.Org) adminclient.Org {
	return adminclient.Org{ID: string(o.ID), Alias: o.Alias, Name: o.Name, CreatedAt: o.CreatedAt, WebhookURL: h.WebhookURL(o.ID)}
}

func (h *RelayHandler) createOrg(r *http.Request) (any, error) {
	var q struct {
		Name string `json:"name"`
	}
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	o, err := h.Relay.CreateOrg(r.Context(), q.Name)
	if err != nil {
		return nil, bad(err)
	}
	return h.shownOrg(o), nil
}

func (h *RelayHandler) listOrgs(r *http.Request) (any, error) {
	all, err := h.orgs(r.Context())
	out := []adminclient.Org{}
	for i := range all {
		out = append(out, h.shownOrg(&all[i]))
	}
	return out, err
}

func (h *RelayHandler) orgs(ctx context.Context) (all []engine.Org, err error) {
	err = h.Store.View(ctx, func(tx store.Tx) (err error) { all, err = tx.Relay().Orgs(ctx); return err })
	return all, err
}

// org finds one by id or name; with none named it is the only one there is.
func (h *RelayHandler) org(ctx context.Context, idOrName string) (*engine.Org, error) {
	all, err := h.orgs(ctx)
	if err != nil {
		return nil, err
	}
	if idOrName == "" && len(all) == 1 {
		return &all[0], nil
	}
	if idOrName == "" {
		return nil, &badError{fmt.Sprintf("there are %d organisations; name one", len(all))}
	}
	for i := range all {
		if string(all[i].ID) == idOrName || all[i].Name == idOrName {
			return &all[i], nil
		}
	}
	return nil, &missingError{"organisation", idOrName}
}

func (h *RelayHandler) listSources(r *http.Request) (any, error) {
	o, err := h.org(r.Context(), r.PathValue("org"))
	if err != nil {
		return nil, err
	}
	out := []adminclient.RelayedSource{}
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		all, err := tx.Relay().Sources(r.Context(), o.ID)
		if err != nil {
			return err
		}
		seats, err := tx.Relay().Seats(r.Context(), o.ID, h.Now().Add(-relay.SeatsAlive))
		for i := range all {
			out = append(out, h.shownSource(&all[i], seats))
		}
		return err
	})
	return out, err
}

func (h *RelayHandler) shownSource(s *engine.RelayedSource, seats []engine.Seat) adminclient.RelayedSource {
	at := h.WebhookURL(s.Org) + "/" + s.Family
	if s.Family == relay.FamilyGeneric {
		at += "/" + s.Name
	}
	out := adminclient.RelayedSource{
		RoutingKey: s.RoutingKey, Name: s.Name, Provider: s.Provider, Subtype: s.Subtype, Cluster: s.Cluster, RegisteredAt: s.RegisteredAt, WebhookURL: at,
	}
	for i := range seats {
		if slices.Contains(seats[i].RoutingKeys, s.RoutingKey) {
			out.Connected++
		}
	}
	return out
}

func (h *RelayHandler) listDeliveries(r *http.Request) (any, error) {
	o, err := h.org(r.Context(), r.PathValue("org"))
	if err != nil {
		return nil, err
	}
	w, err := windowOf(r)
	if err != nil {
		return nil, err
	}
	out := []adminclient.RelayedDelivery{}
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		all, err := tx.Relay().Logged(r.Context(), o.ID, time.Time{}, w.limit)
		for i := range all {
			d := &all[i]
			out = append(out, adminclient.RelayedDelivery{
				ID: string(d.ID), RoutingKey: d.RoutingKey, SenderID: d.Sender, Event: d.Event, Size: d.Size, Hash: d.Hash, Result: string(d.Verdict),
				Status: d.Status, Seat: string(d.Seat), RequestID: d.RequestID, ReceivedAt: d.ReceivedAt, AnsweredAt: d.AnsweredAt,
			})
		}
		return err
	})
	return out, err
}

func shownKey(k *engine.OrchestratorKey) adminclient.OrchestratorKey {
	return adminclient.OrchestratorKey{
		ID: string(k.ID), Org: string(k.Org), Name: k.Name, Prefix: k.Prefix, Patterns: append([]string{}, k.Patterns...), CreatedAt: k.CreatedAt,
		RevokedAt: moment(k.RevokedAt), UsedAt: moment(k.UsedAt),
	}
}

func (h *RelayHandler) createKey(r *http.Request) (any, error) {
	var q adminclient.NewOrchestratorKey
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	o, err := h.org(r.Context(), q.Org)
	if err != nil {
		return nil, err
	}
	k, secret, err := h.Relay.CreateKey(r.Context(), o.ID, q.Name, q.Patterns)
	if err != nil {
		return nil, bad(err)
	}
	out := shownKey(k)
	out.Key = secret
	return out, nil
}

func (h *RelayHandler) listKeys(r *http.Request) (any, error) {
	var id engine.OrgID
	if name := r.URL.Query().Get("org"); name != "" {
		o, err := h.org(r.Context(), name)
		if err != nil {
			return nil, err
		}
		id = o.ID
	}
	out := []adminclient.OrchestratorKey{}
	err := h.Store.View(r.Context(), func(tx store.Tx) error {
		all, err := tx.Relay().Keys(r.Context(), id)
		for i := range all {
			out = append(out, shownKey(&all[i]))
		}
		return err
	})
	return out, err
}

func (h *RelayHandler) revokeKey(r *http.Request) (any, error) {
	id := r.PathValue("id")
	return nil, Missing(h.Relay.RevokeKey(r.Context(), engine.KeyID(id)), "orchestrator key", id)
}
