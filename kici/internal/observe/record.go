package observe

import (
	"context"
	"errors"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// read collects a run.
func read(ctx context.Context, s store.Store, id engine.RunID) (*record, error) {
	var r *record
	err := s.View(ctx, func(tx store.Tx) (err error) {
		r = &record{}
		if r.run, err = tx.Runs().Get(ctx, id); err != nil {
			return err
		}
		if r.delivery, err = tx.Deliveries().Get(ctx, r.run.Delivery); err != nil && !errors.Is(err, engine.ErrNotFound) {
			return err
		}
		jobs, err := tx.Jobs().Of(ctx, id)
		if err != nil {
			return err
		}
		for i := range jobs {
			j := jobRecord{job: jobs[i]}
			if err := j.read(ctx, tx); err != nil {
				return err
			}
			r.jobs = append(r.jobs, j)
		}
		return nil
	})
	return r, err
}

// read finds the last attempt and its steps.
func (j *jobRecord) read(ctx context.Context, tx store.Tx) error {
	attempts, err := tx.Queue().Attempts(ctx, j.job.ID)
	if err != nil || len(attempts) == 0 {
		return err
	}
	j.attempt = &attempts[len(attempts)-1]
	j.steps, err = tx.Steps().Of(ctx, j.attempt.ID)
	return err
}
