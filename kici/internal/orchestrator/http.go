package orchestrator

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/kici-dev/kici-go/engine/blob"
	blobapi "github.com/kici-dev/kici-go/kici/internal/httpapi/blob"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/webhook"
	"github.com/kici-dev/kici-go/transport/message"
)

// routes are the paths of an orchestrator.
func (h *house) routes() http.Handler {
	mux := http.NewServeMux()
	log := h.o.o.Log
	(&webhook.Handler{Intake: h.intake, Log: log.With("room", "webhook"), Org: ""}).Routes(mux)
	mux.Handle("GET /ws", h.sockets)
	links := &blobapi.Handler{Store: h.blobs, Signer: h.signer, Log: log}
	mux.Handle(blob.Path, links)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		agents, busy := h.dispatch.Connected()
		say(w, http.StatusOK, map[string]any{"status": "ok", "agents": agents, "activeJobs": busy})
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, map[string]any{"status": "ready"}) })
	mux.HandleFunc("GET /api/v1/capabilities", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, map[string]any{
			"orchestratorVersion": h.o.config.Version, "protocolVersion": message.ProtocolVersion, "minProtocolVersion": message.MinProtocolVersion,
		})
	})
	for _, mount := range h.o.o.Mounts {
		mount(h.rooms(), mux)
	}
	if h.o.config.BasePath == "" {
		return mux
	}
	return http.StripPrefix(h.o.config.BasePath, mux)
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
