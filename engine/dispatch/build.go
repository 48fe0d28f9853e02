package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// faultError is what the author or operator is to look at: trying again would
// end the same way.
type faultError struct {
	what string
	err  error
}

func (e *faultError) Error() string { return e.what + ": " + e.err.Error() }
func (e *faultError) Unwrap() error { return e.err }

// material is what the store knows of a job that is to be sent.
type material struct {
	run   *engine.Run
	jobs  []engine.Job
	job   *engine.Job
	event json.RawMessage
	spec  jobspec.Spec
	fault error
}

// build puts an assignment together.
func (d *Dispatcher) build(ctx context.Context, a engine.Attempt, mat *material) (as *Assignment, err error) {
	if mat.fault != nil {
		return nil, mat.fault
	}
	as = &Assignment{Attempt: a, Delivery: mat.run.Delivery, Ref: mat.run.Ref, Spec: mat.spec, Trusted: mat.run.Trust == "" || mat.run.Trust == "trusted"}
	if as.Clone, err = d.Repositories.Clone(ctx, mat.run); err != nil {
		return nil, d.cloneFault(err)
	}
	if err := d.input(ctx, mat, as); err != nil {
		return nil, err
	}
	if err := d.secrets(ctx, mat, as); err != nil {
		return nil, err
	}
	return as, nil
}

// cloneFault tells what may pass by itself from what will not.
func (d *Dispatcher) cloneFault(err error) error {
	if errors.Is(err, provider.ErrUnavailable) {
		return err
	}
	return &faultError{"repository", err}
}

// gather reads what several attempts are made from, in one view: what begins and
// ends it costs as much as what it reads.
func (d *Dispatcher) gather(ctx context.Context, attempts []engine.Attempt) ([]*material, error) {
	var out []*material
	err := d.store.View(ctx, func(tx store.Tx) error {
		out = nil
		known := map[engine.RunID]*material{}
		for i := range attempts {
			mat, err := d.collect(ctx, tx, &attempts[i], known)
			if errors.Is(err, engine.ErrNotFound) { // the run was removed meanwhile
				mat, err = nil, nil
			}
			if err != nil {
				return err
			}
			out = append(out, mat)
		}
		return nil
	})
	return out, err
}

// collect is gather for one; runs that are known are not read again.
func (d *Dispatcher) collect(ctx context.Context, tx store.Tx, a *engine.Attempt, known map[engine.RunID]*material) (mat *material, err error) {
	of := known[a.Run]
	if of == nil {
		of = &material{}
		if of.run, err = tx.Runs().Get(ctx, a.Run); err != nil {
			return nil, err
		}
		if of.event, err = tx.Runs().Event(ctx, a.Run); err != nil {
			return nil, err
		}
		known[a.Run] = of
	}
	mat = &material{run: of.run, event: of.event}
	if mat.job, err = tx.Jobs().Alone(ctx, a.Job); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(mat.job.Spec, &mat.spec); err != nil {
		mat.fault = &faultError{"stored job", err}
		return mat, nil
	}
	if len(mat.spec.Needs) == 0 { // most jobs need none, and a run may have hundreds
		return mat, nil
	}
	if of.jobs == nil {
		if of.jobs, err = tx.Jobs().Of(ctx, a.Run); err != nil {
			return nil, err
		}
	}
	mat.jobs = of.jobs
	for i := range mat.jobs {
		if mat.jobs[i].ID == a.Job {
			mat.job = &mat.jobs[i] // with what it needs
		}
	}
	return mat, nil
}

// input is what the job learns about the world.
func (d *Dispatcher) input(ctx context.Context, mat *material, as *Assignment) error {
	var ev event.Event
	if err := json.Unmarshal(mat.event, &ev); err != nil {
		return &faultError{"stored event", err}
	}
	as.Input = jobspec.Input{Event: mat.event, ChangedFiles: ev.ChangedFiles, Provider: ev.Provider, TestRun: mat.run.Test}
	if as.Spec.Kind == jobspec.KindJob && len(mat.jobs) > 0 {
		p := planOf(mat.jobs)
		outputs := map[string]json.RawMessage{}
		for i := range mat.jobs {
			if len(mat.jobs[i].Outputs) > 0 {
				outputs[mat.jobs[i].Name] = mat.jobs[i].Outputs
			}
		}
		as.Input.Upstream = jobspec.Upstream(p, p.Find(mat.job.Name), outputs)
	}
	if as.Spec.Lock == nil {
		return nil
	}
	return d.inline(ctx, as)
}

// planOf makes of the rows what Upstream walks: names, matrices and edges.
func planOf(jobs []engine.Job) *plan.Plan {
	p := &plan.Plan{}
	for i := range jobs {
		var s jobspec.Spec
		_ = json.Unmarshal(jobs[i].Spec, &s) // we wrote it; without a matrix its outputs are still found by name
		j := plan.Job{Name: jobs[i].Name, Base: jobs[i].Base, Matrix: s.Matrix}
		for _, n := range jobs[i].Needs {
			j.Needs = append(j.Needs, plan.Edge{Need: n.Upstream, Upstream: []string{n.Upstream}})
		}
		p.Jobs = append(p.Jobs, j)
	}
	return p
}

// inline evaluates the pure functions of a job.
func (d *Dispatcher) inline(ctx context.Context, as *Assignment) error {
	l := as.Spec.Lock
	if t := l.Environment; t != nil {
		text, err := d.text(ctx, t, as.Input.Event)
		if err != nil {
			return d.valueFault(fmt.Sprintf("job %q: environment", as.Spec.Name), err)
		}
		as.Input.Environment = text
	}
	if l.Env == nil || l.Env.Inline == nil {
		return nil
	}
	raw, err := d.call(ctx, "env", l.Env.Inline, as.Input.Event)
	if err == nil {
		err = json.Unmarshal(raw, &as.Input.Env)
	}
	if err != nil {
		return d.valueFault(fmt.Sprintf("job %q: env", as.Spec.Name), err)
	}
	return nil
}

// valueFault tells what a function did from what kept it from being called.
func (d *Dispatcher) valueFault(what string, err error) error {
	if errors.Is(err, engine.ErrUnavailable) {
		return err
	}
	return &faultError{what, err}
}

func (d *Dispatcher) text(ctx context.Context, t *lockfile.Text, ev json.RawMessage) (s string, err error) {
	if t.Inline == nil {
		return t.Literal, nil
	}
	raw, err := d.call(ctx, "environment", t.Inline, ev)
	if err != nil {
		return "", err
	}
	if string(raw) == "null" { // the function said nothing: the field is unset
		return "", nil
	}
	return s, json.Unmarshal(raw, &s)
}

func (d *Dispatcher) call(ctx context.Context, field string, f *lockfile.Inline, ev json.RawMessage) (json.RawMessage, error) {
	if d.Evaluator == nil {
		return nil, errors.New("this orchestrator evaluates no expressions")
	}
	return d.Evaluator.Evaluate(ctx, field, f.Expression, ev)
}

// secrets are those of the environment, and what the jobs before published.
func (d *Dispatcher) secrets(ctx context.Context, mat *material, as *Assignment) error {
	if d.Secrets != nil {
		got, err := d.Secrets.Resolve(ctx, mat.run, as.Input.Environment)
		if err != nil {
			return &faultError{fmt.Sprintf("job %q: secrets", as.Spec.Name), err}
		}
		as.Secrets = got
	}
	if d.Vault == nil {
		return nil
	}
	key, err := d.Vault.PublicKey(mat.run.ID)
	if err != nil {
		return err
	}
	as.PublicKey = key
	for _, n := range mat.job.Needs {
		for i := range mat.jobs {
			if up := &mat.jobs[i]; up.Name == n.Upstream && len(up.Secrets) > 0 {
				got, err := d.Vault.Open(mat.run.ID, up.Secrets)
				if err != nil {
					return &faultError{fmt.Sprintf("secret outputs of job %q", up.Name), err}
				}
				as.Secrets = append(as.Secrets, got...)
			}
		}
	}
	return nil
}
