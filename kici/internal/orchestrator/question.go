package orchestrator

import (
	"context"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/cache"
	"github.com/kici-dev/kici-go/engine/event"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/link/serverend"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport/message"
)

// questions answers what jobs ask for.
type questions struct{ h *house }

func (q *questions) run(ctx context.Context, id engine.RunID) (run *engine.Run, err error) {
	err = q.h.store.View(ctx, func(tx store.Tx) (err error) {
		run, err = tx.Runs().Get(ctx, id)
		return err
	})
	return run, err
}

// Emit takes a job's event in: workflows registered in the same source hear it.
func (q *questions) Emit(ctx context.Context, e serverend.Emitted) (engine.DeliveryID, error) {
	return q.h.events.Emit(ctx, event.Emission{Run: e.Run, Key: e.Key, Name: e.Name, Payload: e.Payload, Repos: e.Repos})
}

// Secrets resolves those of an environment.
func (q *questions) Secrets(ctx context.Context, id engine.RunID, environment string) ([]jobspec.Secret, error) {
	if q.h.o.o.Secrets == nil {
		return nil, nil
	}
	run, err := q.run(ctx, id)
	if err != nil {
		return nil, err
	}
	return q.h.o.o.Secrets.Resolve(ctx, run, environment)
}

// scope is what the cache lets a job see: the orchestrator's knowledge, and none
// of it the agent's word.
func (q *questions) scope(ctx context.Context, who serverend.Asker) (cache.Scope, error) {
	run, err := q.run(ctx, who.Run)
	if err != nil {
		return cache.Scope{}, err
	}
	return cache.Scope{Org: q.h.o.config.Org, Repo: run.Ref.Repo, Run: run.ID, Attempt: who.Attempt, Trusted: run.Trust == intake.Trusted}, nil
}

// Restore looks for an entry of the user cache.
func (q *questions) Restore(ctx context.Context, who serverend.Asker, key string, restoreKeys []string) (*message.CacheUserRestoreResponse, error) {
	s, err := q.scope(ctx, who)
	if err != nil {
		return nil, err
	}
	hit, err := q.h.cache.Restore(ctx, s, key, restoreKeys)
	if err != nil || !hit.Found {
		return nil, err
	}
	return &message.CacheUserRestoreResponse{Hit: true, MatchedKey: hit.Key, DownloadURL: hit.URL, TarHash: hit.SHA256}, nil
}

// Save gives a place for a new entry.
func (q *questions) Save(ctx context.Context, who serverend.Asker, key string) (*message.CacheUserSaveResponse, error) {
	s, err := q.scope(ctx, who)
	if err != nil {
		return nil, err
	}
	up, err := q.h.cache.Save(ctx, s, key)
	if err != nil {
		return nil, err
	}
	return &message.CacheUserSaveResponse{Skip: up.Skip, UploadURL: up.URL}, nil
}

// Saved makes what was uploaded an entry.
func (q *questions) Saved(ctx context.Context, who serverend.Asker, key, hash string, size int64) error {
	s, err := q.scope(ctx, who)
	if err != nil {
		return err
	}
	_, err = q.h.cache.Complete(ctx, s, key, hash, size)
	return err
}

var _ serverend.Questions = (*questions)(nil)
