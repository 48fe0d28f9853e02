package runs

import (
	"context"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/state"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// MaxTries bounds how often a job is given out before it fails.
const MaxTries = 5

// about opens the attempt of a token, if it may still write.
func (r *Runs) about(ctx context.Context, t engine.Token, fn func(p *reporting) error) error {
	return r.store.Tx(ctx, func(tx store.Tx) error {
		j, err := tx.Jobs().Get(ctx, t.Job)
		if errors.Is(err, engine.ErrNotFound) {
			return fmt.Errorf("runs: job %s: %w", t.Job, engine.ErrStale)
		}
		if err != nil {
			return err
		}
		d, err := r.open(ctx, tx, j.Run)
		if err != nil {
			return err
		}
		p := &reporting{d: d, token: t}
		if err := p.check(ctx, tx); err != nil {
			return err
		}
		if p.stale {
			return fmt.Errorf("runs: job %s, fence %d: %w", t.Job, t.Fence, engine.ErrStale)
		}
		if err := fn(p); err != nil {
			return err
		}
		if err := p.save(); err != nil {
			return err
		}
		return d.advance()
	})
}

// Lost says that nothing has been heard of an attempt for too long. One that had
// not begun a step is offered again; one that had may come back, so its job
// waits as recovering. The error is engine.ErrStale when it matters no more.
func (r *Runs) Lost(ctx context.Context, t engine.Token, reason string) error {
	return r.about(ctx, t, func(p *reporting) error {
		if p.attempt.StartedAt.IsZero() {
			return p.again(reason)
		}
		if p.job.Status != status.JobRunning { // recovering already, or being cancelled
			return nil
		}
		p.attempt.Status, p.attempt.Reason, p.dirty = status.QueueRecovering, reason, true
		if err := p.d.move(p.job, state.Recover); err != nil {
			return err
		}
		p.job.Reason = reason
		p.announce(KindJobRecover)
		return nil
	})
}

// Retry takes an attempt back that came to nothing and offers the job again; it
// fails once it was tried MaxTries times.
func (r *Runs) Retry(ctx context.Context, t engine.Token, reason string) error {
	return r.about(ctx, t, func(p *reporting) error { return p.again(reason) })
}

func (p *reporting) again(reason string) error {
	if p.job.Status == status.JobCancelling {
		return p.abandon(reason, status.QueueCancelled)
	}
	e, err := p.d.tx.Queue().Get(p.d.ctx, p.token.Job)
	if err != nil {
		return err
	}
	if e.Tries >= MaxTries {
		return p.abandon(fmt.Sprintf("given out %d times, the last time: %s", e.Tries, reason), status.QueueFailed)
	}
	// A job that said it was running has to look queued again.
	if p.job.Status == status.JobRunning || p.job.Status == status.JobRecovering {
		was := p.job.Status
		p.job.Status = status.JobQueued
		if err := p.d.save(p.job, was); err != nil {
			return err
		}
	}
	return p.requeue(reason, true)
}

// Abandon fails a job for want of its agent. It says infrastructure, because
// nothing that the author wrote is to blame.
func (r *Runs) Abandon(ctx context.Context, t engine.Token, reason string) error {
	return r.about(ctx, t, func(p *reporting) error { return p.abandon(reason, status.QueueFailed) })
}

func (p *reporting) abandon(reason string, how status.Queue) error {
	p.over()
	if err := p.d.tx.Queue().End(p.d.ctx, p.token, how, reason, p.d.r.Now()); err != nil {
		return err
	}
	if p.job.Status == status.JobCancelling {
		return p.d.end(p.job, first(p.attempt.Cancel, reason), state.CancelForce)
	}
	p.job.Detail = encode(jobspec.Result{Status: jobspec.Failed, Reason: reason, Infrastructure: true})
	return p.d.end(p.job, "infrastructure: "+reason, state.Fail)
}

// Fault fails a job that could not be sent because of what stands in the lock
// file or the repository: the author is to look at it.
func (r *Runs) Fault(ctx context.Context, t engine.Token, reason string) error {
	return r.about(ctx, t, func(p *reporting) error {
		p.over()
		if err := p.d.tx.Queue().End(ctx, t, status.QueueFailed, reason, r.Now()); err != nil {
			return err
		}
		p.job.Detail = encode(jobspec.Result{Status: jobspec.Failed, Reason: reason})
		return p.d.end(p.job, reason, state.Fail)
	})
}

// Stalled ends a job whose agent is there and says nothing about it any more.
func (r *Runs) Stalled(ctx context.Context, t engine.Token, reason string) error {
	return r.about(ctx, t, func(p *reporting) error {
		p.over()
		if err := p.d.tx.Queue().End(ctx, t, status.QueueFailed, reason, r.Now()); err != nil {
			return err
		}
		p.d.tx.Notify(TopicCancel)
		return p.d.timedOut(p.job, reason)
	})
}

// timedOut sets a status that lies outside of the machine.
func (d *decision) timedOut(j *engine.Job, reason string) error {
	was := j.Status
	j.Status, j.Reason = status.JobTimedOut, reason
	if err := d.save(j, was); err != nil {
		return err
	}
	d.leave(j)
	d.announce(j.ID, KindJobFinished, JobChange{Name: j.Name, Status: j.Status, Reason: reason})
	return nil
}
