package author

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
)

// Handler answers the API.
type Handler struct {
	Admin    *admin.Handler // the operator's, whose views these are
	Registry *registry.Registry
	Org      string
}

// ErrKey: the key is missing, wrong, expired or revoked.
var ErrKey = admin.ErrKey

// asker is whoever sent a request.
type asker struct {
	key *engine.APIKey
	*http.Request
}

// Routes registers everything.
func (h *Handler) Routes(mux *http.ServeMux) {
	for pattern, f := range map[string]func(asker) (any, error){
		"GET /auth": h.who, "GET /test/runs/{id}": h.run, "POST /test/cancel": h.cancel, "GET /workflows": h.workflows,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+adminclient.AuthorPrefix+path, h.guard(func(w http.ResponseWriter, q asker) {
			h.Admin.Answer(w, q.Request, func() (any, error) { return f(q) })
		}))
	}
	mux.Handle("GET "+adminclient.AuthorPrefix+"/test/runs/{id}/logs", h.guard(h.logs))
}

// usedEvery is how exactly it is known when a key was last used.
const usedEvery = time.Minute

// guard wants a key.
func (h *Handler) guard(next func(http.ResponseWriter, asker)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			secret = ""
		}
		k, err := h.find(r.Context(), strings.TrimSpace(secret))
		if err != nil {
			if errors.Is(err, ErrKey) {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			h.Admin.Fail(w, r, err)
			return
		}
		next(w, asker{k, r})
	})
}

func (h *Handler) find(ctx context.Context, secret string) (*engine.APIKey, error) {
	if secret == "" {
		return nil, ErrKey
	}
	sum, now := sha256.Sum256([]byte(secret)), h.Admin.Now()
	var k *engine.APIKey
	err := h.Admin.Store.View(ctx, func(tx store.Tx) (err error) {
		k, err = tx.Keys().Find(ctx, sum[:])
		return err
	})
	switch {
	case errors.Is(err, engine.ErrNotFound), err == nil && !k.Valid(now):
		return nil, ErrKey
	case err != nil:
		return nil, err
	case now.Sub(k.UsedAt) < usedEvery:
		return k, nil
	}
	return k, h.Admin.Store.Tx(ctx, func(tx store.Tx) error { return tx.Keys().Use(ctx, k.ID, now) })
}

// who tells an asker what its key is.
func (h *Handler) who(q asker) (any, error) {
	out := adminclient.Identity{Label: q.key.Label, KeyPrefix: q.key.Prefix, Org: h.Org, RoutingKeys: append([]string{}, q.key.RoutingKeys...), Version: h.Admin.Version}
	if !q.key.ExpiresAt.IsZero() {
		out.ExpiresAt = &q.key.ExpiresAt
	}
	return out, nil
}
