package runs

import (
	"context"
	"errors"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// TickEvery is how often Tick is to be called, by one process at a time.
const TickEvery = time.Second

// tickPage bounds what one Tick does of each kind.
const tickPage = 100

// Reasons of ends that nobody asked for.
const (
	ReasonWorkflowTimeout = "workflow_timeout"
	ReasonQueueTimeout    = "Queue timeout expired (job was never dispatched to an agent)"
	ReasonGroupTimeout    = "Waited too long for the concurrency group"
)

// Tick ends what has taken too long: runs past their timeout, jobs that no agent
// took, runs that their group never let in.
func (r *Runs) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	var (
		overdue, stuck []engine.Run
		expired        []engine.Entry
	)
	err = r.store.View(ctx, func(tx store.Tx) (err error) {
		if overdue, err = tx.Runs().Overdue(ctx, now, tickPage); err != nil {
			return err
		}
		if stuck, err = tx.Runs().Waiting(ctx, now.Add(-r.GroupTimeout), tickPage); err != nil {
			return err
		}
		expired, err = tx.Queue().Expired(ctx, now, tickPage)
		return err
	})
	if err != nil {
		return now.Add(TickEvery), err
	}
	var errs []error
	for i := range overdue {
		errs = append(errs, r.stop(ctx, overdue[i].ID, ReasonWorkflowTimeout))
	}
	for i := range stuck {
		errs = append(errs, r.stop(ctx, stuck[i].ID, ReasonGroupTimeout))
	}
	for i := range expired {
		errs = append(errs, r.expire(ctx, &expired[i]))
	}
	return now.Add(TickEvery), errors.Join(errs...)
}

func (r *Runs) stop(ctx context.Context, id engine.RunID, reason string) error {
	_, err := r.Cancel(ctx, id, Cancel{By: "system", Reason: reason})
	if errors.Is(err, ErrFinished) || errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	return err
}

// expire ends a job that waited too long, unless an agent has just taken it.
func (r *Runs) expire(ctx context.Context, e *engine.Entry) error {
	err := r.store.Tx(ctx, func(tx store.Tx) error {
		d, err := r.open(ctx, tx, e.Run)
		if err != nil {
			return err
		}
		if err := tx.Queue().Drop(ctx, e.Job, status.QueueExpired, ReasonQueueTimeout); err != nil {
			return err
		}
		if err := d.load(); err != nil {
			return err
		}
		j := d.job(e.Job)
		if j == nil || j.Status != status.JobQueued {
			return engine.ErrConflict
		}
		if err := d.timedOut(j, ReasonQueueTimeout); err != nil {
			return err
		}
		return d.advance()
	})
	if errors.Is(err, engine.ErrConflict) || errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	return err
}
