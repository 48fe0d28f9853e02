package runs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/needs"
	"github.com/kici-dev/kici-go/engine/state"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// advance decides about every job that is still open, and about the run when
// none is, and then lets those go on that waited for a turn. It ends the
// transaction's work on the run.
func (d *decision) advance() error {
	if err := d.decideAll(); err != nil {
		return err
	}
	return d.passTurns()
}

func (d *decision) decideAll() error {
	if d.run.Status.Terminal() {
		return d.flush()
	}
	if err := d.load(); err != nil {
		return err
	}
	if !d.run.WaitingSince.IsZero() {
		return d.flush()
	}
	if err := d.schedule(); err != nil {
		return err
	}
	if slices.ContainsFunc(d.jobs, func(j engine.Job) bool { return !j.Status.Terminal() }) {
		return d.flush()
	}
	return d.conclude()
}

// schedule starts, skips and cancels what can be decided.
func (d *decision) schedule() error {
	outcomes := needs.Outcomes{}
	for i := range d.jobs {
		outcomes[d.jobs[i].Name] = needs.Outcome{Status: d.jobs[i].Status, ByRule: d.jobs[i].ByRule}
	}
	cancelled := d.run.Status == status.RunCancelling
	for _, n := range needs.Next(graph(d.jobs), outcomes, needs.Options{Cancelled: cancelled}) {
		i := slices.IndexFunc(d.jobs, func(j engine.Job) bool { return j.Name == n.Job })
		if i < 0 {
			continue
		}
		j := &d.jobs[i]
		var err error
		switch {
		case isFinally(j): // hooks run after a cancellation too
			err = d.enqueue(j)
		case n.Action == needs.Start:
			err = d.enqueue(j)
		case n.Action == needs.Skip:
			err = d.end(j, n.Reason, state.Skip)
		case n.Action == needs.Cancel:
			err = d.end(j, d.run.Reason, state.Cancel)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enqueue offers a job to the agents.
func (d *decision) enqueue(j *engine.Job) error {
	now := d.r.Now()
	if j.Turn != "" {
		if ok, err := d.hasTurn(j, now); err != nil || !ok {
			return err
		}
	} else {
		j.NeedsSatisfied, j.ReadyAt = true, now
	}
	if err := d.move(j, state.Enqueue); err != nil {
		return err
	}
	e := engine.Entry{Job: j.ID, Run: d.run.ID, Route: j.Route, Status: status.QueuePending, EnqueuedAt: now, AvailableAt: now}
	if d.r.QueueTimeout > 0 {
		e.ExpiresAt = now.Add(d.r.QueueTimeout)
	}
	d.announce(j.ID, KindJobQueued, JobChange{Name: j.Name, Status: j.Status})
	if d.fresh != nil {
		d.fresh.entries = append(d.fresh.entries, e)
		return nil
	}
	d.tx.Notify(store.TopicQueue)
	return d.tx.Queue().Enqueue(d.ctx, e)
}

// conclude is for a run all of whose jobs are over: its hooks, or its end.
func (d *decision) conclude() error {
	if i := slices.IndexFunc(d.jobs, func(j engine.Job) bool { return j.Place < 0 }); i >= 0 && len(d.jobs) == 1 {
		return d.unprepared(&d.jobs[i])
	}
	if slices.ContainsFunc(d.jobs, func(j engine.Job) bool { return isFinally(&j) }) {
		return d.finish()
	}
	w, err := d.workflow()
	if err != nil {
		return err
	}
	if !w.HasCleanup && !w.HasOnCancel && !w.HasOnFailure && !w.HasOnSuccess {
		return d.finish()
	}
	if d.run.StartedAt.IsZero() { // nothing of it ever ran, so there is nothing to clean up
		return d.finish()
	}
	d.insert(d.finallyJob(w))
	return d.decideAll()
}

// unprepared ends a run whose prepare phase is its last word: it failed, was
// cancelled, or a rule said no.
func (d *decision) unprepared(j *engine.Job) error {
	d.run.Reason = first(d.run.Reason, j.Reason)
	var err error
	switch {
	case j.Status == status.JobFailed || j.Status == status.JobTimedOut:
		err = d.moveRun(d.ending(state.Fail)...)
	case j.Status == status.JobCancelled:
		err = d.moveRun(d.ending(state.Cancel)...)
	default:
		err = d.moveRun(d.ending(state.Skip)...)
	}
	if err != nil {
		return err
	}
	return d.finished()
}

// ending is how the run gets from where it is to an end.
func (d *decision) ending(e state.Event) []state.Event {
	switch d.run.Status {
	case status.RunCancelling:
		if e == state.Fail {
			return []state.Event{state.Fail}
		}
		return []state.Event{state.Complete}
	case status.RunPending:
		if e == state.Succeed {
			return []state.Event{state.Enqueue, state.Start, e}
		}
	}
	return []state.Event{e}
}

// workflow reads the lock the run was decided from.
func (d *decision) workflow() (*lockfile.Workflow, error) {
	if d.fresh != nil {
		return find(d.fresh.snapshot, d.run.Workflow)
	}
	s, err := d.tx.Runs().Snapshot(d.ctx, d.run.ID)
	if err != nil {
		return nil, err
	}
	return find(s, d.run.Workflow)
}

func find(s *engine.Snapshot, workflow string) (*lockfile.Workflow, error) {
	f, err := lockfile.Parse(s.Lock)
	if err != nil {
		return nil, fmt.Errorf("runs: stored lock file: %w", err)
	}
	w := f.Find(workflow)
	if w == nil {
		return nil, fmt.Errorf("runs: the stored lock file has no workflow %q: %w", workflow, engine.ErrNotFound)
	}
	return w, nil
}

// finallyJob runs the workflow's own hooks; what they learn is the run so far.
func (d *decision) finallyJob(w *lockfile.Workflow) engine.Job {
	outcome, reason := d.outcome()
	o := &jobspec.Outcome{Status: jobspec.Status(outcome), Reason: reason, StepOutputs: map[string]jsonRaw{}, Duration: float64(d.r.Now().Sub(d.run.StartedAt).Milliseconds())}
	for i := range d.jobs {
		j := &d.jobs[i]
		if len(j.Outputs) > 0 {
			o.StepOutputs[j.Name] = j.Outputs
		}
		if o.FailedStep == "" && j.Status == status.JobFailed {
			o.FailedStep = failedStep(j)
		}
	}
	return d.pseudo(FinallyPrefix+w.Name, finallyPlace, jobspec.Spec{Kind: jobspec.KindFinally, Outcome: o}, w)
}

// outcome of the jobs, the pseudo-jobs at both ends aside.
func (d *decision) outcome() (status.Run, string) {
	var all []status.Job
	var bad []string
	ran := false
	for i := range d.jobs {
		j := &d.jobs[i]
		if isPseudo(j) {
			continue
		}
		all = append(all, j.Status)
		ran = ran || j.Status != status.JobSkipped
		switch j.Status {
		case status.JobFailed, status.JobTimedOut, status.JobDropped, status.JobCancelled:
			bad = append(bad, j.Name)
		}
	}
	out := status.RunOf(all)
	switch {
	case d.run.Status == status.RunCancelling && out != status.RunFailed:
		return status.RunCancelled, d.run.Reason
	case out == status.RunFailed || out == status.RunCancelled:
		return out, first(d.run.Reason, "jobs that did not succeed: "+strings.Join(bad, ", "))
	case !ran && len(all) > 0:
		return status.RunSkipped, "every job was skipped by a rule"
	}
	return out, d.run.Reason
}

// finish ends the run.
func (d *decision) finish() error {
	outcome, reason := d.outcome()
	for i := range d.jobs {
		if j := &d.jobs[i]; isFinally(j) && (j.Status == status.JobFailed || j.Status == status.JobTimedOut) {
			outcome, reason = status.RunFailed, first(j.Reason, "a hook of the workflow failed")
		}
	}
	d.run.Reason = reason
	e := map[status.Run]state.Event{
		status.RunSuccess: state.Succeed, status.RunFailed: state.Fail, status.RunCancelled: state.Cancel, status.RunSkipped: state.Skip,
	}[outcome]
	if err := d.moveRun(d.ending(e)...); err != nil {
		return err
	}
	return d.finished()
}

// finished announces the end and lets the next of the group go on.
func (d *decision) finished() error {
	d.announce("", KindRunFinished, d.change())
	d.r.Log.Info("run finished", "delivery", d.run.Delivery, "run", d.run.ID, "workflow", d.run.Workflow, "status", d.run.Status, "reason", d.run.Reason)
	if err := d.flush(); err != nil || d.run.Group == "" || d.waited {
		return err
	}
	return d.r.nextInGroup(d.ctx, d.tx, d.run)
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
