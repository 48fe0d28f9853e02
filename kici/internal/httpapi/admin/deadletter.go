package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (h *Handler) deadLetters() map[string]route {
	return map[string]route{
		"GET /event-dlq": h.listDead, "GET /event-dlq-count": h.countDead, "POST /event-dlq/{id}/retry": h.retryDead, "DELETE /event-dlq/{id}": h.discardDead,
	}
}

const (
	defaultDead = 50
	maxDead     = 200
)

func (h *Handler) listDead(r *http.Request) (any, error) {
	w, err := windowUpTo(r, defaultDead, maxDead)
	if err != nil {
		return nil, err
	}
	var before int64
	if text := r.URL.Query().Get("before"); text != "" {
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before < 1 {
			return nil, &badError{"before is the id of an event"}
		}
	}
	all, err := h.dead(r.Context())
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	out := []adminclient.DeadLetter{}
	for i := range all {
		d := &all[i]
		if len(out) == w.limit || before > 0 && d.Seq >= before {
			continue
		}
		letter := adminclient.DeadLetter{ID: d.Seq, Kind: d.Kind, RunID: string(d.Run), JobID: string(d.Job), Reason: d.Reason, CreatedAt: d.At}
		if json.Valid(d.Data) {
			letter.Data = d.Data
		}
		out = append(out, letter)
	}
	return out, nil
}

// dead are all of them, oldest first, up to a number that nobody reads.
func (h *Handler) dead(ctx context.Context) (out []engine.DeadEvent, err error) {
	err = h.view(ctx, func(tx store.Tx) error {
		out = nil
		for after := int64(0); len(out) < scanMost; {
			page, err := tx.Events().Dead(ctx, after, scanPage)
			if err != nil || len(page) == 0 {
				return err
			}
			out = append(out, page...)
			after = page[len(page)-1].Seq
		}
		return nil
	})
	return out, err
}

func (h *Handler) countDead(r *http.Request) (any, error) {
	all, err := h.dead(r.Context())
	return map[string]int{"count": len(all)}, err
}

// oneDead does something to the event that is named.
func (h *Handler) oneDead(r *http.Request, f func(tx store.Tx, seq int64) error) error {
	id := r.PathValue("id")
	seq, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return &badError{"the id of an event is a number"}
	}
	return Missing(h.Store.Tx(r.Context(), func(tx store.Tx) error { return f(tx, seq) }), "dead event", id)
}

func (h *Handler) retryDead(r *http.Request) (any, error) {
	return nil, h.oneDead(r, func(tx store.Tx, seq int64) error {
		tx.Notify(store.TopicEvents)
		return tx.Events().Revive(r.Context(), seq)
	})
}

func (h *Handler) discardDead(r *http.Request) (any, error) {
	return nil, h.oneDead(r, func(tx store.Tx, seq int64) error { return tx.Events().Discard(r.Context(), seq) })
}
