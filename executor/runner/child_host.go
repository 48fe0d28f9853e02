package runner

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/kici-dev/kici-go/executor"
)

// childHost is the Host that an engine in a child sees. Write errors are not
// reported: they mean that the parent is gone, and then Serve ends the job.
type childHost struct{ s *server }

var _ executor.Host = (*childHost)(nil)

func (h *childHost) Begin(r executor.Row) {
	_ = h.s.wire.send(message{Type: typeBegin, Row: &r})
}

func (h *childHost) Log(row int, stream executor.Stream, p []byte) {
	_ = h.s.wire.log(row, stream, p)
}

func (h *childHost) Rule(row int, r executor.RuleResult) {
	_ = h.s.wire.send(message{Type: typeRule, Index: row, Rule: &r})
}

func (h *childHost) End(r executor.RowResult) {
	_ = h.s.wire.send(message{Type: typeEnd, End: &r})
}

func (h *childHost) Emit(ctx context.Context, e executor.Emission) (string, error) {
	var id string
	err := h.call(ctx, methodEmit, e, &id)
	return id, err
}

// Reveal needs no answer: the parent reads frames in order, so the value is
// known there before the next byte of output is.
func (h *childHost) Reveal(values []string) {
	params, err := json.Marshal(values)
	if err == nil {
		_ = h.s.wire.send(message{Type: typeRequest, Method: methodReveal, Params: params})
	}
}

func (h *childHost) Secrets(ctx context.Context, environment string) ([]executor.Secret, error) {
	var list []executor.Secret
	err := h.call(ctx, methodSecrets, environment, &list)
	return list, err
}

func (h *childHost) RestoreCache(ctx context.Context, dir string, c executor.Cache) (executor.CacheHit, error) {
	var hit executor.CacheHit
	err := h.call(ctx, methodRestore, cacheCall{dir, c}, &hit)
	return hit, err
}

func (h *childHost) SaveCache(ctx context.Context, dir string, c executor.Cache) error {
	return h.call(ctx, methodSave, cacheCall{dir, c}, nil)
}

func (h *childHost) call(ctx context.Context, method string, params, result any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	id, reply := h.s.replies.expect()
	defer h.s.replies.forget(id)
	if err := h.s.wire.send(message{Type: typeRequest, ID: id, Method: method, Params: body}); err != nil {
		return err
	}
	select {
	case m := <-reply:
		if m.Error != "" {
			return errors.New(m.Error)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Answer, result)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// replies matches answers to the requests that wait for them.
type replies struct {
	mu      sync.Mutex // guards both
	last    uint64
	waiting map[uint64]chan message
}

func (r *replies) expect() (uint64, <-chan message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[uint64]chan message{}
	}
	r.last++
	ch := make(chan message, 1)
	r.waiting[r.last] = ch
	return r.last, ch
}

func (r *replies) forget(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, id)
}

func (r *replies) answer(m message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ch := r.waiting[m.ID]; ch != nil {
		delete(r.waiting, m.ID)
		ch <- m
	}
}
