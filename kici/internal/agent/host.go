package agent

import (
	"context"
	"errors"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/executor/mask"
	"github.com/kici-dev/kici-go/executor/report"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// host is what one job reports to. What has passed the Sink is masked.
type host struct {
	*report.Sink
	p     *performance
	masks *mask.Set
}

var _ executor.Host = (*host)(nil)

// told hears what is left after masking, and queues it.
type told struct{ p *performance }

func (t told) Begin(r executor.Row) {
	t.p.lines.flush(t.p.reports)
	at := t.p.agent.config.Now()
	t.step(StepUpdate{Row: r, At: at, Running: true})
}

func (t told) Log(row int, stream executor.Stream, p []byte) {
	t.p.lines.write(t.p.reports, logRow(t.p.job.a.Spec.Kind, row), stream, p)
}

// Rule is heard of again at the end of the row, or of the job.
func (t told) Rule(int, executor.RuleResult) {}

func (t told) End(r executor.RowResult) {
	t.p.lines.flush(t.p.reports)
	u := StepUpdate{
		Row: r.Row, At: t.p.agent.config.Now(), Status: r.Status, Duration: r.Duration, Tolerated: r.Tolerated,
		Failure: r.Failure, Rules: r.Rules, Outputs: r.Outputs, Bytes: r.Bytes,
	}
	if r.Status == executor.Skipped {
		for _, rule := range r.Rules {
			if !rule.Passed {
				u.Reason = "rule \"" + rule.Label + "\""
			}
		}
	}
	t.step(u)
}

func (t told) step(u StepUpdate) {
	rep := t.p.job.rep
	t.p.out.call(func(ctx context.Context) error { return rep.Step(ctx, u) })
}

func (h *host) Emit(ctx context.Context, e executor.Emission) (string, error) {
	e.Payload, e.Target = h.JSON(e.Payload), h.JSON(e.Target)
	return h.p.job.rep.Emit(ctx, e)
}

func (h *host) Reveal(values []string) { h.masks.Add(values...) }

// Secrets answers for the environment that the dispatch was made for from what
// came with it, and asks about any other.
func (h *host) Secrets(ctx context.Context, environment string) ([]executor.Secret, error) {
	a := &h.p.job.a
	if environment == "" || environment == a.Input.Environment {
		return secrets(a.Secrets), nil
	}
	list, err := h.p.job.rep.Secrets(ctx, environment)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		h.masks.Add(s.Value)
	}
	return secrets(list), nil
}

func secrets(list []jobspec.Secret) []executor.Secret {
	out := make([]executor.Secret, len(list))
	for i, s := range list {
		out[i] = executor.Secret{Key: s.Key, Value: s.Value, Scope: s.Scope, Backend: s.Backend}
	}
	return out
}

func (h *host) RestoreCache(ctx context.Context, dir string, c executor.Cache) (executor.CacheHit, error) {
	got, err := cache.Restore(ctx, h.p.job.rep.Cache(), cacheSpec(c), h.places(dir))
	return executor.CacheHit{Hit: got.Hit, MatchedKey: got.MatchedKey}, err
}

func (h *host) SaveCache(ctx context.Context, dir string, c executor.Cache) error {
	_, err := cache.Save(ctx, h.p.job.rep.Cache(), cacheSpec(c), h.places(dir))
	if errors.Is(err, cache.ErrNothingToSave) {
		return nil // a first run may not have made what it will cache
	}
	return err
}

func (h *host) places(dir string) cache.Places {
	return cache.Places{Workspace: dir, Home: lookup(h.p.agent.config.Environ, "HOME")}
}

func cacheSpec(c executor.Cache) cache.Spec {
	return cache.Spec{Key: c.Key, Paths: c.Paths, RestoreKeys: c.RestoreKeys}
}
