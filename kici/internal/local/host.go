package local

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/executor/mask"
	"github.com/kici-dev/kici-go/executor/report"
)

// host is what one job reports to: it masks, stores and passes on.
type host struct {
	*report.Sink  // masks and calls shown
	run           *run
	workflow, job string
	masks         *mask.Set
	secrets       func(environment string) []executor.Secret

	mu      sync.Mutex // guards logs and emitted; never held while the observer is called by Emit
	logs    map[int]*Log
	emitted []executor.Emission
}

var _ executor.Host = (*host)(nil)

// shown hears what is left after masking; calls of one job come one at a time.
type shown struct{ h *host }

func (s shown) Begin(r executor.Row) { s.h.run.observe(StepStarted{s.h.workflow, s.h.job, r}) }

func (s shown) Log(row int, stream executor.Stream, p []byte) {
	if s.h.run.o.KeepLogs {
		s.h.store(row, p)
	}
	s.h.run.observe(Output{s.h.workflow, s.h.job, row, stream, p})
}

func (s shown) Rule(row int, r executor.RuleResult) {
	s.h.run.observe(RuleEvaluated{s.h.workflow, s.h.job, row, r})
}

func (s shown) End(r executor.RowResult) {
	s.h.run.observe(StepFinished{s.h.workflow, s.h.job, r})
}

func (h *host) store(row int, p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	log := h.logs[row]
	if log == nil {
		log = &Log{}
		h.logs[row] = log
	}
	if log.Truncated {
		return
	}
	limit := h.run.o.LogCap
	if left := limit - int64(len(log.Text)); int64(len(p)) > left {
		log.Text = append(log.Text, p[:left]...)
		log.Text = fmt.Appendf(log.Text, "\n[TRUNCATED: log output exceeded %d bytes]\n", limit)
		log.Truncated = true
		return
	}
	log.Text = append(log.Text, p...)
}

func (h *host) Emit(_ context.Context, e executor.Emission) (string, error) {
	h.mu.Lock()
	h.emitted = append(h.emitted, e)
	h.mu.Unlock()
	masked := e
	masked.Payload = h.JSON(e.Payload)
	h.run.observe(Emitted{h.workflow, h.job, masked, h.run.o.FollowEvents})
	return h.run.newID("evt"), nil
}

func (h *host) Reveal(values []string) { h.masks.Add(values...) }

func (h *host) Secrets(_ context.Context, environment string) ([]executor.Secret, error) {
	return h.secrets(environment), nil
}

func (h *host) RestoreCache(ctx context.Context, dir string, c executor.Cache) (executor.CacheHit, error) {
	got, err := cache.Restore(ctx, h.run.cache(), cacheSpec(c), h.run.places(dir))
	return executor.CacheHit{Hit: got.Hit, MatchedKey: got.MatchedKey}, err
}

func (h *host) SaveCache(ctx context.Context, dir string, c executor.Cache) error {
	_, err := cache.Save(ctx, h.run.cache(), cacheSpec(c), h.run.places(dir))
	if errors.Is(err, cache.ErrNothingToSave) {
		return nil // a first run may not have made what it will cache
	}
	return err
}

func cacheSpec(c executor.Cache) cache.Spec {
	return cache.Spec{Key: c.Key, Paths: c.Paths, RestoreKeys: c.RestoreKeys}
}
