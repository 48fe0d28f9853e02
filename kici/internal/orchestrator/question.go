package orchestrator

import (
	"context"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/link/serverend"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport/message"
)

// questions answers what jobs ask for.
type questions struct{ h *house }

func (q *questions) run(ctx context.Context, id engine.RunID) (run *engine.Run, depth int, err error) {
	err = q.h.store.View(ctx, func(tx store.Tx) (err error) {
		if run, err = tx.Runs().Get(ctx, id); err != nil {
			return err
		}
		s, err := tx.Runs().Snapshot(ctx, id)
		if err != nil {
			return err
		}
		p, err := runs.PlanOf(s)
		depth = p.Depth
		return err
	})
	return run, depth, err
}

// Emit takes a job's event in: workflows registered in the same source hear it.
func (q *questions) Emit(ctx context.Context, e serverend.Emitted) (engine.DeliveryID, error) {
	run, depth, err := q.run(ctx, e.Run)
	if err != nil {
		return "", err
	}
	ev, err := intake.Custom(e.Name, e.Payload)
	if err != nil {
		return "", err
	}
	ev.Key = string(e.Run) + "/" + e.Key
	return q.h.intake.Submit(ctx, intake.Signal{Event: ev, Depth: depth + 1, Registered: intake.Registered{RoutingKey: run.RoutingKey, Repos: e.Repos}})
}

// Secrets resolves those of an environment.
func (q *questions) Secrets(ctx context.Context, id engine.RunID, environment string) ([]jobspec.Secret, error) {
	if q.h.o.o.Secrets == nil {
		return nil, nil
	}
	run, _, err := q.run(ctx, id)
	if err != nil {
		return nil, err
	}
	return q.h.o.o.Secrets.Resolve(ctx, run, environment)
}

func (q *questions) Restore(context.Context, engine.RunID, string, []string) (*message.CacheUserRestoreResponse, error) {
	return nil, nil
}

func (q *questions) Save(context.Context, engine.RunID, string) (*message.CacheUserSaveResponse, error) {
	return nil, nil
}

func (q *questions) Saved(context.Context, engine.RunID, string, string, int64) error { return nil }

var _ serverend.Questions = (*questions)(nil)
