package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (h *Handler) keys() map[string]route {
	return map[string]route{
		"POST /api-keys": h.addKey, "GET /api-keys": h.listKeys, "DELETE /api-keys/{id}": h.revokeKey, "POST /api-keys/{id}/routing-keys": h.routeKey,
	}
}

const (
	keyPrefix = "kici_sk_"
	shownPart = len(keyPrefix) + 8 // enough to tell keys apart, far too little to guess one
)

// addKey makes a key, which only this answer ever holds.
func (h *Handler) addKey(r *http.Request) (any, error) {
	var q adminclient.NewAPIKey
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	secret, hash := newSecret(keyPrefix)
	k := &engine.APIKey{ID: engine.APIKeyID(h.NewID()), Label: q.Label, Prefix: secret[:shownPart], Hash: hash, CreatedAt: h.Now()}
	for _, p := range q.RoutingKeys {
		if err := checkPattern(p); err != nil {
			return nil, err
		}
		k.RoutingKeys = append(k.RoutingKeys, p)
	}
	switch {
	case q.ExpiresInMS < 0:
		return nil, &badError{"expiresInMs is negative"}
	case q.ExpiresInMS > 0:
		k.ExpiresAt = k.CreatedAt.Add(time.Duration(q.ExpiresInMS) * time.Millisecond)
	}
	if err := h.Store.Tx(r.Context(), func(tx store.Tx) error { return tx.Keys().Add(r.Context(), k) }); err != nil {
		return nil, err
	}
	out := shownAPIKey(k)
	out.Key = secret
	return out, nil
}

// checkPattern keeps patterns to what engine.APIKey.Sees understands: text, and one
// star at its end.
func checkPattern(p string) error {
	if p == "" || strings.TrimSpace(p) != p || strings.Contains(strings.TrimSuffix(p, "*"), "*") {
		return &badError{fmt.Sprintf("%q is no pattern of routing keys; they look like github:123 or github:*", p)}
	}
	return nil
}

func (h *Handler) listKeys(r *http.Request) (any, error) {
	out := []adminclient.APIKey{}
	err := h.view(r.Context(), func(tx store.Tx) error {
		all, err := tx.Keys().List(r.Context())
		for i := range all {
			out = append(out, shownAPIKey(&all[i]))
		}
		return err
	})
	return out, err
}

func (h *Handler) revokeKey(r *http.Request) (any, error) {
	id := r.PathValue("id")
	err := h.Store.Tx(r.Context(), func(tx store.Tx) error { return tx.Keys().Revoke(r.Context(), engine.APIKeyID(id), h.Now()) })
	return nil, Missing(err, "API key", id)
}

func (h *Handler) routeKey(r *http.Request) (any, error) {
	var q struct {
		Pattern string `json:"pattern"`
	}
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	if err := checkPattern(q.Pattern); err != nil {
		return nil, err
	}
	id := engine.APIKeyID(r.PathValue("id"))
	var k engine.APIKey
	err := h.Store.Tx(r.Context(), func(tx store.Tx) error {
		all, err := tx.Keys().List(r.Context())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(k engine.APIKey) bool { return k.ID == id })
		if i < 0 {
			return &missingError{"API key", string(id)}
		}
		k = all[i]
		if len(k.RoutingKeys) == 0 {
			return &badError{"the key may see everything already; make a new one to bound it"}
		}
		if !slices.Contains(k.RoutingKeys, q.Pattern) {
			k.RoutingKeys = append(k.RoutingKeys, q.Pattern)
		}
		return tx.Keys().Route(r.Context(), id, k.RoutingKeys)
	})
	if err != nil {
		return nil, err
	}
	return shownAPIKey(&k), nil
}

func shownAPIKey(k *engine.APIKey) adminclient.APIKey {
	return adminclient.APIKey{
		ID: string(k.ID), Label: k.Label, Prefix: k.Prefix, RoutingKeys: append([]string{}, k.RoutingKeys...), CreatedAt: k.CreatedAt,
		ExpiresAt: moment(k.ExpiresAt), RevokedAt: moment(k.RevokedAt), UsedAt: moment(k.UsedAt),
	}
}
