package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/state"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

var zero = time.Time{}

// Cancel asks for the end of a run.
type Cancel struct {
	By     string
	Reason string
	// Force ends everything at once, without hooks.
	Force bool
}

// Cancel cancels a run. It returns how many jobs it concerns, before agents have
// ended them.
func (r *Runs) Cancel(ctx context.Context, id engine.RunID, c Cancel) (jobs int, err error) {
	err = r.store.Tx(ctx, func(tx store.Tx) (err error) {
		jobs, err = r.cancelTx(ctx, tx, id, c)
		return err
	})
	return jobs, err
}

// CancelBranch cancels every unfinished run of a branch or tag.
func (r *Runs) CancelBranch(ctx context.Context, repo, ref string, c Cancel) (runs int, err error) {
	err = r.eachUnfinished(ctx, func(run *engine.Run) error {
		if run.Ref.Repo != repo || !sameRef(run.Ref.Name, ref) {
			return nil
		}
		_, err := r.Cancel(ctx, run.ID, c)
		if errors.Is(err, ErrFinished) {
			return nil
		}
		if err == nil {
			runs++
		}
		return err
	})
	return runs, err
}

func sameRef(full, short string) bool {
	return full == short || full == "refs/heads/"+short || full == "refs/tags/"+short
}

func (r *Runs) cancelTx(ctx context.Context, tx store.Tx, id engine.RunID, c Cancel) (int, error) {
	d, err := r.open(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	if d.run.Status.Terminal() {
		return 0, fmt.Errorf("runs: cancel %s: %w", id, ErrFinished)
	}
	if err := d.load(); err != nil {
		return 0, err
	}
	c.Reason = first(c.Reason, "cancelled by "+first(c.By, "somebody"))
	d.run.CancelledBy, d.run.Reason = first(d.run.CancelledBy, c.By), first(d.run.Reason, c.Reason)
	d.run.WaitingSince = zero
	n := 0
	for i := range d.jobs {
		j := &d.jobs[i]
		if j.Status.Terminal() || isFinally(j) && !c.Force {
			continue
		}
		n++
		if err := d.cancelJob(j, c); err != nil {
			return 0, err
		}
	}
	tx.Notify(TopicCancel)
	d.announce("", KindRunCancel, d.change())
	if c.Force {
		return n, d.force()
	}
	return n, d.cancelling()
}

// cancelling lets the run wait for the jobs that an agent has to end.
func (d *decision) cancelling() error {
	if d.run.Status == status.RunPending {
		if err := d.running(); err != nil {
			return err
		}
	}
	if d.run.Status == status.RunRunning {
		if err := d.moveRun(state.CancelGraceful); err != nil {
			return err
		}
	} else if err := d.saveRun(); err != nil {
		return err
	}
	return d.advance()
}

// force ends the run, whose jobs have all been ended.
func (d *decision) force() error {
	e := state.Cancel
	if d.run.Status == status.RunCancelling {
		e = state.CancelForce
	}
	if err := d.moveRun(e); err != nil {
		return err
	}
	if err := d.finished(); err != nil {
		return err
	}
	return d.passTurns()
}

// cancelJob ends a job that nobody has begun, and asks for the end of one that
// somebody has.
func (d *decision) cancelJob(j *engine.Job, c Cancel) error {
	switch j.Status {
	case status.JobPending:
		return d.end(j, c.Reason, state.Cancel)
	case status.JobQueued:
		if err := d.withdraw(j, c.Reason); err != nil {
			return err
		}
		return d.end(j, c.Reason, state.Cancel)
	case status.JobRunning:
		if c.Force {
			return d.endAttempt(j, c.Reason, state.Cancel)
		}
		return d.askAgent(j, c.Reason)
	case status.JobCancelling:
		if c.Force {
			return d.endAttempt(j, c.Reason, state.CancelForce)
		}
		return nil
	case status.JobRecovering: // its agent is away and hears nothing
		return d.endAttempt(j, c.Reason, state.Cancel)
	}
	return nil
}

// askAgent leaves the request where engine/dispatch finds it.
func (d *decision) askAgent(j *engine.Job, reason string) error {
	a, err := d.attempt(j)
	if err != nil {
		return err
	}
	a.Cancel = reason
	if err := d.tx.Queue().Save(d.ctx, a); err != nil {
		return err
	}
	if err := d.move(j, state.CancelGraceful); err != nil {
		return err
	}
	d.announce(j.ID, KindJobCancel, JobChange{Name: j.Name, Status: j.Status, Reason: reason, Attempt: a.ID, Agent: a.Agent})
	return nil
}

// attempt is the one that has the job now.
func (d *decision) attempt(j *engine.Job) (*engine.Attempt, error) {
	e, err := d.tx.Queue().Get(d.ctx, j.ID)
	if err != nil {
		return nil, err
	}
	return d.tx.Queue().Check(d.ctx, engine.Token{Job: j.ID, Fence: e.Fence})
}

// endAttempt takes the job away from its agent, whose reports are stale from now
// on.
func (d *decision) endAttempt(j *engine.Job, reason string, how state.Event) error {
	if err := d.withdraw(j, reason); err != nil {
		return err
	}
	return d.end(j, reason, how)
}

// withdraw takes a job out of the queue, or from whoever has it, be it only since
// this moment: an agent that takes a job does not lock its run.
func (d *decision) withdraw(j *engine.Job, reason string) error {
	err := d.tx.Queue().Drop(d.ctx, j.ID, status.QueueCancelled, reason)
	if !errors.Is(err, engine.ErrConflict) {
		return err
	}
	e, err := d.tx.Queue().Get(d.ctx, j.ID)
	if err != nil {
		return err
	}
	return d.tx.Queue().End(d.ctx, engine.Token{Job: j.ID, Fence: e.Fence}, status.QueueCancelled, reason, d.r.Now())
}
