package agent

import (
	"context"
	"errors"
	"sync"

	"github.com/kici-dev/kici-go/executor"
)

// job is an assignment in its slot.
type job struct {
	a      Assignment
	rep    Reporter
	out    *outbox
	ctx    context.Context // ends when the job is cancelled
	cancel context.CancelCauseFunc

	once  sync.Once
	force chan struct{}
}

// stop cancels the job. Force comes first, so that a job which is forced at once
// begins no hook.
func (j *job) stop(why error, force bool) {
	if force {
		j.once.Do(func() { close(j.force) })
	}
	j.cancel(why)
}

// Offer gives the assignment a slot, or says ErrBusy or ErrDraining. An attempt
// that is here already is left alone; one that is newer than what is here of
// the same job ends the older by force, because nobody believes it any more.
func (a *Agent) Offer(as Assignment, rep Reporter) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state != stateRunning {
		return ErrDraining
	}
	if a.active[as.Attempt] != nil || a.ending[as.Attempt] != nil {
		return nil
	}
	for _, other := range a.active {
		if other.a.Job == as.Job && other.a.Fence < as.Fence {
			other.stop(errSuperseded, true)
		}
	}
	if len(a.active) >= a.config.Slots {
		return ErrBusy
	}
	if m := a.config.Meter; m != nil {
		rep = m.Reporter(rep)
	}
	j := &job{a: as, rep: rep, out: newOutbox(rep, a.config.Now, a.workDir(), a.config.DropWhenBehind), force: make(chan struct{})}
	j.out.meter = a.config.Meter
	// Jobs outlive the connection they came over; Run ends them.
	j.ctx, j.cancel = context.WithCancelCause(context.Background())
	a.active[as.Attempt] = j
	reports, runs := a.stopJobs, a.runner
	a.work.Go(func() {
		defer j.cancel(nil)
		p := &performance{agent: a, job: j, out: j.out, runner: runs, reports: reports}
		p.run()
	})
	return nil
}

var errSuperseded = errors.New("a newer attempt at the job has begun")

// Cancel ends an attempt: gracefully with its hooks, or by force. An empty
// attempt and a zero fence mean whichever there is of the job. It reports
// whether there was one.
func (a *Agent) Cancel(ref Ref, reason string, force bool) bool {
	if reason == "" {
		reason = "cancelled"
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	found := false
	for _, j := range a.active {
		if j.a.Job == ref.Job && (ref.Attempt == "" || ref.Attempt == j.a.Attempt) && (ref.Fence == 0 || ref.Fence == j.a.Fence) {
			j.stop(errors.New(reason), force)
			found = true
		}
	}
	return found
}

// free takes a job out of its slot; its end is still to be told.
func (a *Agent) free(j *job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.active, j.a.Attempt)
	a.ending[j.a.Attempt] = j
}

// forget is the end of a job.
func (a *Agent) forget(j *job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.ending, j.a.Attempt)
	a.settle()
}

// Note writes a line of the house's own into the log of every job that runs,
// behind what the job has printed so far. It does not wait.
func (a *Agent) Note(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, j := range a.active {
		j.out.note(logRow(j.a.Spec.Kind, executor.PrepareRow), text)
	}
}

// logRow is where output goes: a job that evaluates instead of running steps has
// one row for all of it.
func logRow(kind executor.Kind, row int) int {
	if row == executor.PrepareRow && kind == executor.KindPrepare {
		return 0
	}
	return row
}
