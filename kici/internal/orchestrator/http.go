package orchestrator

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/author"
	blobapi "github.com/kici-dev/kici-go/kici/internal/httpapi/blob"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/webhook"
	"github.com/kici-dev/kici-go/transport/message"
)

// routes are the paths of an orchestrator.
func (h *house) routes() http.Handler {
	mux := http.NewServeMux()
	log := h.o.o.Log
	if h.o.config.Mode == ModePlatform {
		refuseWebhooks(mux)
	} else {
		(&webhook.Handler{Intake: h.intake, Log: log.With("room", "webhook"), Org: ""}).Routes(mux)
	}
	mux.Handle("GET /ws", h.sockets)
	links := &blobapi.Handler{Store: h.blobs, Signer: h.signer, Log: log}
	mux.Handle(blob.Path, links)
	born := h.o.o.Now()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		agents, busy := h.dispatch.Connected()
		now := h.o.o.Now()
		answer := map[string]any{
			"status": "ok", "agents": agents, "activeJobs": busy, "version": h.o.config.Version, "timestamp": now, "uptime": now.Sub(born).Seconds(),
			"mode": h.o.config.Mode,
		}
		if h.relay != nil {
			_, answer["relayConnected"] = h.relay.Relay()
		}
		say(w, http.StatusOK, answer)
	})
	mux.HandleFunc("GET /ready", h.serveReady)
	mux.HandleFunc("GET /api/v1/capabilities", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, map[string]any{
			"orchestratorVersion": h.o.config.Version, "protocolVersion": message.ProtocolVersion, "minProtocolVersion": message.MinProtocolVersion,
		})
	})
	operators := h.admin()
	if h.o.config.AdminToken != "" {
		operators.Routes(mux)
	}
	(&author.Handler{Admin: operators, Registry: h.registry, Org: h.o.config.Org}).Routes(mux)
	h.serveMetrics(mux)
	for _, mount := range h.o.o.Mounts {
		mount(h.rooms(), mux)
	}
	if h.o.config.BasePath == "" {
		return mux
	}
	return http.StripPrefix(h.o.config.BasePath, mux)
}

// serveReady answers whether work can be taken in, which takes a store.
func (h *house) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := h.store.View(ctx, func(tx store.Tx) error { _, err := tx.Deliveries().Open(ctx, 1); return err }); err != nil {
		h.o.o.Log.Warn("not ready: the store does not answer", "err", err)
		say(w, http.StatusServiceUnavailable, map[string]any{"error": "the store does not answer"})
		return
	}
	say(w, http.StatusOK, map[string]any{"status": "ready"})
}

const readyTimeout = 5 * time.Second

// admin is the API of operators.
func (h *house) admin() *admin.Handler {
	c := &h.o.config
	return &admin.Handler{
		Token: c.AdminToken, Store: h.store, Runs: h.runs, Intake: h.intake, Logs: h.rooms().Logs, Providers: h.o.o.Providers,
		Log: h.o.o.Log.With("room", "admin"), Now: h.o.o.Now, NewID: h.ids.next, RoutingKey: h.routingKey,
		WebhookURL: h.webhookURL,
		Revoked:    h.server.Revoke, Agents: h.dispatch.Connected, Drain: h.dispatch.DrainAgent, DataDir: c.DataDir, Version: c.Version, Protocol: message.ProtocolVersion,
	}
}

// webhookURL is where deliveries of a source are posted: to the relay, once it has
// said where that is.
func (h *house) webhookURL(s *engine.Source) string {
	c := &h.o.config
	if h.relay != nil {
		if r, _ := h.relay.Relay(); r.WebhookURL != "" {
			return r.WebhookURL + "/" + routingFamily(s.Kind) + "/" + s.Name
		}
	}
	return c.PublicURL + c.BasePath + "/webhook/" + c.Org + "/" + routingFamily(s.Kind) + "/" + s.Name
}

// Time that a body has. What agents upload is large.
const (
	bodyTimeout   = 30 * time.Second
	uploadTimeout = 15 * time.Minute
)

// bound cuts off whoever sends a body drop by drop. A request without one gets no
// deadline: it would end the answer as well, and some answers are long.
func bound(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	limit := bodyTimeout
	if strings.Contains(r.URL.Path, blob.Path) {
		limit = uploadTimeout
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit)) // not every server can
}

func say(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
}

// notReady answers before the rooms are there. The process is healthy all the
// same.
func notReady(w http.ResponseWriter, r *http.Request, base string) {
	if strings.TrimPrefix(r.URL.Path, base) == "/health" {
		say(w, http.StatusOK, map[string]any{"status": "starting"})
		return
	}
	w.Header().Set("Retry-After", "1")
	say(w, http.StatusServiceUnavailable, map[string]any{"error": "the orchestrator is not ready"})
}
