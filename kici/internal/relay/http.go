package relay

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/ingress"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// routes are the paths of a relay.
func (h *house) routes(key []byte) http.Handler {
	c, now := &h.r.config, h.r.o.Now
	mux := http.NewServeMux()
	ingress.New(ingress.Handler{Relay: h.room, Log: h.r.o.Log.With("room", "ingress"), Now: now, NewID: newID, Key: key}).Routes(mux)
	mux.Handle("GET /ws", h.sockets)
	born := now()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		at := now()
		say(w, http.StatusOK, map[string]any{
			"status": "ok", "orchestrators": h.room.Connected(), "version": c.Version, "timestamp": at, "uptime": at.Sub(born).Seconds(),
		})
	})
	mux.HandleFunc("GET /ready", h.serveReady)
	mux.HandleFunc("GET /api/v1/capabilities", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, map[string]any{
			"relayVersion": c.Version, "protocolVersion": message.ProtocolVersion, "minProtocolVersion": message.MinProtocolVersion,
		})
	})
	if c.AdminToken != "" {
		h.admin(mux)
		h.requests(mux)
	}
	if c.BasePath == "" {
		return mux
	}
	return http.StripPrefix(c.BasePath, mux)
}

const readyTimeout = 5 * time.Second

// serveReady answers whether deliveries can be routed, which takes a store.
func (h *house) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeout(r.Context(), readyTimeout)
	defer stop()
	if err := h.store.View(ctx, func(tx store.Tx) error { _, err := tx.Relay().Orgs(ctx); return err }); err != nil {
		h.r.o.Log.Warn("not ready: the store does not answer", "err", err)
		say(w, http.StatusServiceUnavailable, map[string]any{"error": "the store does not answer"})
		return
	}
	say(w, http.StatusOK, map[string]any{"status": "ready"})
}

// bodyTimeout is the time that a body has.
const bodyTimeout = 30 * time.Second

// ServeHTTP answers once the room is there. Whoever sends a body drop by drop is
// cut off.
func (r *Relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // not every server can
	}
	h := r.house.Load()
	if h == nil {
		if strings.TrimPrefix(q.URL.Path, r.config.BasePath) == "/health" {
			say(w, http.StatusOK, map[string]any{"status": "starting"})
			return
		}
		w.Header().Set("Retry-After", "5")
		say(w, http.StatusServiceUnavailable, map[string]any{"error": "the relay is not ready"})
		return
	}
	if q.Method == http.MethodPost { // those that read may be long
		h.under.Add(1)
		defer h.under.Done()
	}
	h.handler.ServeHTTP(w, q)
}

func say(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
}

// accept serves the orchestrators of this process.
func (h *house) accept(ctx context.Context) error {
	for {
		conn, err := h.r.wire.Accept(ctx)
		if ctx.Err() != nil || errors.Is(err, transport.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		h.conns.Go(func() { h.links.Serve(ctx, conn) })
	}
}

// socket serves an orchestrator that came over the network. Its goroutine is the
// request's, so Run waits for it here.
func (h *house) socket(conn transport.Conn, _ *http.Request) {
	h.conns.Add(1)
	defer h.conns.Done()
	h.links.Serve(h.ctx, conn)
}

// drain waits for deliveries that are under way.
func (h *house) drain(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, h.r.config.DrainTimeout)
	defer stop()
	if !h.under.wait(ctx) {
		h.r.o.Log.Warn("deliveries are still under way; their senders get no answer", "waited", h.r.config.DrainTimeout)
	}
}

// counter counts requests under way. A WaitGroup would not do: requests may begin
// while somebody waits.
type counter struct {
	mu   sync.Mutex // guards what follows
	n    int
	zero chan struct{} // closed when n falls to zero; nil while nobody waits
}

// Add counts one more, or several.
func (c *counter) Add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
	if c.n == 0 && c.zero != nil {
		close(c.zero)
		c.zero = nil
	}
}

// Done counts one less.
func (c *counter) Done() { c.Add(-1) }

func (c *counter) wait(ctx context.Context) bool {
	c.mu.Lock()
	if c.n == 0 {
		c.mu.Unlock()
		return true
	}
	if c.zero == nil {
		c.zero = make(chan struct{})
	}
	zero := c.zero
	c.mu.Unlock()
	select {
	case <-zero:
		return true
	case <-ctx.Done():
		return false
	}
}

// admin is the API of operators.
func (h *house) admin(mux *http.ServeMux) {
	c := &h.r.config
	(&admin.RelayHandler{
		Token: c.AdminToken, Relay: h.room, Store: h.store, Log: h.r.o.Log.With("room", "admin"), Now: h.r.o.Now, WebhookURL: h.webhookURL, Version: c.Version,
	}).Routes(mux)
}

// webhookURL is what the addresses of an organisation's webhooks begin with.
func (h *house) webhookURL(org engine.OrgID) string {
	return h.r.config.PublicURL + h.r.config.BasePath + "/webhook/" + string(org)
}
