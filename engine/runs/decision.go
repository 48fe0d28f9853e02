package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/state"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// decision is one transaction's view of one run that it has locked. It collects
// rows and events and writes them when it is done.
type decision struct {
	r   *Runs
	ctx context.Context
	tx  store.Tx
	run *engine.Run
	// waited: it had no turn in its group, so its end frees none.
	waited bool

	jobs    []engine.Job // in plan order; loaded once
	loaded  bool
	events  []engine.Event
	freed   []string // concurrency groups that a job has left
	steps   []engine.Step
	unsaved []unsaved
	decide  bool   // jobs ended: what follows is to be decided
	err     error  // of insert
	fresh   *fresh // nil once the run is stored
}

// open locks a run and looks at it.
func (r *Runs) open(ctx context.Context, tx store.Tx, id engine.RunID) (*decision, error) {
	run, err := tx.Runs().Lock(ctx, id)
	if err != nil {
		return nil, err
	}
	return &decision{r: r, ctx: ctx, tx: tx, run: run, waited: !run.WaitingSince.IsZero()}, nil
}

// unsaved is a job that has moved, and what it was when it was read: one that
// moves several times in a transaction is written once.
type unsaved struct {
	job *engine.Job
	was status.Job
}

// keepStep remembers a step that is to be written, the last word of a batch
// about each.
func (d *decision) keepStep(s *engine.Step) {
	i := slices.IndexFunc(d.steps, func(o engine.Step) bool {
		return o.Attempt == s.Attempt && o.Index == s.Index && o.Kind == s.Kind
	})
	if i < 0 {
		d.steps = append(d.steps, *s)
		return
	}
	d.steps[i] = *s
}

// write brings the store up to date before it is asked, and at the end.
func (d *decision) write() error {
	for _, u := range d.unsaved {
		if err := d.tx.Jobs().Save(d.ctx, u.job, u.was); err != nil {
			return err
		}
	}
	d.unsaved = nil
	if len(d.steps) == 0 {
		return nil
	}
	steps := d.steps
	d.steps = nil
	return d.tx.Steps().Put(d.ctx, steps...)
}

// load reads the jobs.
func (d *decision) load() error {
	if d.loaded {
		return d.err
	}
	if err := d.write(); err != nil {
		return err
	}
	jobs, err := d.tx.Jobs().Of(d.ctx, d.run.ID)
	d.jobs, d.loaded = jobs, err == nil
	return errors.Join(d.err, err)
}

// job finds a loaded one.
func (d *decision) job(id engine.JobID) *engine.Job {
	i := slices.IndexFunc(d.jobs, func(j engine.Job) bool { return j.ID == id })
	if i < 0 {
		return nil
	}
	return &d.jobs[i]
}

func (d *decision) insert(jobs ...engine.Job) {
	for i := range jobs {
		d.announce(jobs[i].ID, KindJobCreated, JobChange{Name: jobs[i].Name, Status: jobs[i].Status})
	}
	if d.fresh != nil {
		d.put(jobs)
		return
	}
	d.err = errors.Join(d.err, d.tx.Jobs().Insert(d.ctx, jobs...))
	d.loaded = false
}

func (d *decision) announce(job engine.JobID, kind string, data any) {
	d.events = append(d.events, d.r.event(d.run.ID, job, kind, data))
}

// flush writes the events, which every path of a decision ends with.
func (d *decision) flush() error {
	if d.err != nil {
		return d.err
	}
	if d.fresh != nil { // ink does it
		return nil
	}
	if err := d.write(); err != nil {
		return err
	}
	es := d.events
	d.events = nil
	return appendTx(d.ctx, d.tx, es)
}

// move takes a job through events of the machine and saves it.
func (d *decision) move(j *engine.Job, events ...state.Event) error {
	was, m := j.Status, status.Machine(j.Status)
	for _, e := range events {
		next, err := state.Transition(m, e)
		if err != nil {
			return fmt.Errorf("runs: job %s of run %s: %w", j.Name, d.run.ID, err)
		}
		m = next
	}
	j.Status = status.Job(m)
	return d.save(j, was)
}

func (d *decision) save(j *engine.Job, was status.Job) error {
	now := d.r.Now()
	if j.Status == status.JobRunning && j.StartedAt.IsZero() {
		j.StartedAt = now
	}
	if j.Status.Terminal() && j.FinishedAt.IsZero() {
		j.FinishedAt = now
	}
	if d.fresh != nil { // ink does it
		return nil
	}
	if !slices.ContainsFunc(d.unsaved, func(u unsaved) bool { return u.job == j }) {
		d.unsaved = append(d.unsaved, unsaved{j, was})
	}
	return nil
}

// end saves a job that is over and says so.
func (d *decision) end(j *engine.Job, reason string, events ...state.Event) error {
	j.Reason = reason
	if err := d.move(j, events...); err != nil {
		return err
	}
	d.leave(j)
	d.announce(j.ID, KindJobFinished, JobChange{Name: j.Name, Status: j.Status, Reason: reason, Detail: j.Detail})
	return nil
}

// moveRun takes the run through events of the machine and saves it.
func (d *decision) moveRun(events ...state.Event) error {
	was, m := d.run.Status, status.Machine(d.run.Status)
	for _, e := range events {
		next, err := state.Transition(m, e)
		if err != nil {
			return fmt.Errorf("runs: run %s: %w", d.run.ID, err)
		}
		m = next
	}
	d.run.Status = status.Run(m)
	now := d.r.Now()
	if d.run.Status == status.RunRunning && d.run.StartedAt.IsZero() {
		d.run.StartedAt = now
	}
	if d.run.Status.Terminal() {
		d.run.FinishedAt = now
	}
	if d.fresh != nil { // ink does it
		return nil
	}
	return d.tx.Runs().Save(d.ctx, d.run, was)
}

func (d *decision) change() RunChange {
	return RunChange{Workflow: d.run.Workflow, Status: d.run.Status, Reason: d.run.Reason, Group: d.run.Group}
}

// fail ends a run that has nothing to run: its plan cannot be made.
func (d *decision) fail(reason string) error {
	d.run.Reason = reason
	if err := d.moveRun(state.Fail); err != nil {
		return err
	}
	return d.finished()
}

// Pseudo tells jobs that no author wrote.
func Pseudo(j *engine.Job) bool { return isPseudo(j) }

func isPseudo(j *engine.Job) bool {
	return strings.HasPrefix(j.Name, InitPrefix) && j.Place < 0 || isFinally(j)
}

func isFinally(j *engine.Job) bool {
	return strings.HasPrefix(j.Name, FinallyPrefix) && j.Place == finallyPlace
}

// finallyPlace is behind every job of a plan.
const finallyPlace = 1 << 30

// PlanOf reads what the run remembers of the author's answers.
func PlanOf(s *engine.Snapshot) (Plan, error) {
	var p Plan
	if len(s.Plan) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(s.Plan, &p); err != nil {
		return p, fmt.Errorf("runs: stored plan: %w", err)
	}
	return p, nil
}
