package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (h *Handler) agents() map[string]route {
	return map[string]route{
		"POST /agent-tokens": h.addToken, "GET /agent-tokens": h.listTokens, "DELETE /agent-tokens/{id}": h.revokeToken, "GET /agents": h.listAgents,
		"POST /agents/{id}/drain": h.drainAgent(true), "DELETE /agents/{id}/drain": h.drainAgent(false),
	}
}

const (
	tokenPrefix = "kat_"
	tokenBytes  = 32
)

// newSecret is something nobody can guess, and what is stored of it.
func newSecret(prefix string) (secret string, hash []byte) {
	var random [tokenBytes]byte
	_, _ = rand.Read(random[:]) // it never fails
	secret = prefix + hex.EncodeToString(random[:])
	sum := sha256.Sum256([]byte(secret))
	return secret, sum[:]
}

// addToken makes a token, which only this answer ever holds.
func (h *Handler) addToken(r *http.Request) (any, error) {
	var q adminclient.NewAgentToken
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	t := &engine.AgentToken{ID: engine.TokenID(h.NewID()), Name: q.Name, CreatedAt: h.Now()}
	for _, l := range q.Labels {
		if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "kici:") {
			return nil, &badError{fmt.Sprintf("%q is no label that can be given; those that begin with kici: are made by agents", l)}
		}
		t.Labels = append(t.Labels, engine.Label(l))
	}
	switch {
	case q.ExpiresInMS < 0:
		return nil, &badError{"expiresInMs is negative"}
	case q.ExpiresInMS > 0:
		t.ExpiresAt = t.CreatedAt.Add(time.Duration(q.ExpiresInMS) * time.Millisecond)
	}
	secret, hash := newSecret(tokenPrefix)
	t.Hash = hash
	if err := h.Store.Tx(r.Context(), func(tx store.Tx) error { return tx.Agents().AddToken(r.Context(), t) }); err != nil {
		return nil, err
	}
	out := shownToken(t)
	out.Token = secret
	return out, nil
}

func (h *Handler) listTokens(r *http.Request) (any, error) {
	out := []adminclient.AgentToken{}
	err := h.view(r.Context(), func(tx store.Tx) error {
		all, err := tx.Agents().Tokens(r.Context())
		for i := range all {
			out = append(out, shownToken(&all[i]))
		}
		return err
	})
	return out, err
}

func (h *Handler) revokeToken(r *http.Request) (any, error) {
	id := engine.TokenID(r.PathValue("id"))
	err := h.Store.Tx(r.Context(), func(tx store.Tx) error {
		all, err := tx.Agents().Tokens(r.Context())
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].ID == id {
				return tx.Agents().RevokeToken(r.Context(), id, h.Now())
			}
		}
		return &missingError{"token", string(id)}
	})
	if err == nil {
		h.Revoked(id)
	}
	return nil, err
}

func (h *Handler) listAgents(r *http.Request) (any, error) {
	out := []adminclient.Agent{}
	err := h.view(r.Context(), func(tx store.Tx) error {
		drains, err := tx.Agents().Drains(r.Context())
		if err != nil {
			return err
		}
		since := map[engine.AgentID]time.Time{}
		for _, d := range drains {
			since[d.Agent] = d.Since
		}
		all, err := tx.Agents().List(r.Context())
		for i := range all {
			a := &all[i]
			kind := "static"
			if a.Scaled {
				kind = "ephemeral"
			}
			held, err := tx.Queue().Held(r.Context(), a.ID)
			if err != nil {
				return err
			}
			out = append(out, adminclient.Agent{
				ActiveJobs: len(held), DrainingSince: moment(since[a.ID]),
				ID: string(a.ID), Type: kind, Connected: a.Instance != "", Labels: labels(a.Labels), Platform: a.Platform, Arch: a.Arch,
				Hostname: a.Hostname, Version: a.Version, Slots: a.Slots, SeenAt: a.SeenAt,
			})
		}
		return err
	})
	return out, err
}

func (h *Handler) drainAgent(on bool) route {
	return func(r *http.Request) (any, error) {
		id := engine.AgentID(r.PathValue("id"))
		return nil, Missing(h.Drain(r.Context(), id, on), "agent", string(id))
	}
}

func shownToken(t *engine.AgentToken) adminclient.AgentToken {
	return adminclient.AgentToken{
		ID: string(t.ID), Name: t.Name, Labels: labels(t.Labels), CreatedAt: t.CreatedAt,
		ExpiresAt: moment(t.ExpiresAt), RevokedAt: moment(t.RevokedAt), UsedAt: moment(t.UsedAt),
	}
}

func labels(all []engine.Label) []string {
	out := make([]string, 0, len(all))
	for _, l := range all {
		out = append(out, string(l))
	}
	return out
}
