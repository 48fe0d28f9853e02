package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/report"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// flow is one workflow on its way.
type flow struct {
	run     *run
	lock    *lockfile.Workflow
	event   *event.Event
	body    json.RawMessage // the envelope as JSON
	program *executor.Program
	result  *WorkflowResult
	start   time.Time
	emitted []executor.Emission
}

var errWorkflowTimeout = errors.New(executor.ReasonWorkflowTimeout)

// workflow runs one workflow.
func (r *run) workflow(ctx context.Context, lock *lockfile.Workflow, ev *event.Event) (WorkflowResult, []executor.Emission) {
	f := &flow{run: r, lock: lock, event: ev, start: r.o.Now(), result: &WorkflowResult{Name: lock.Name, Status: executor.Success}}
	r.observe(WorkflowStarted{lock.Name})
	f.execute(ctx)
	f.result.Duration = r.o.Now().Sub(f.start)
	r.observe(WorkflowFinished{*f.result})
	return *f.result, f.emitted
}

func (f *flow) execute(ctx context.Context) {
	f.program = f.run.program(f.lock.Source.File)
	body, err := json.Marshal(f.event)
	if f.program == nil && err == nil {
		err = fmt.Errorf("local: the bundle of %s is missing", f.lock.Source.File)
	}
	if err != nil {
		f.fail(executor.Broken(err.Error()))
		return
	}
	f.body = body
	if f.lock.Timeout != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(*f.lock.Timeout*float64(time.Millisecond)), errWorkflowTimeout)
		defer cancel()
	}
	prepared, ok := f.prepare(ctx)
	if !ok {
		return
	}
	turn, ok := f.turn(ctx, prepared)
	if !ok {
		return
	}
	defer f.release(turn)
	p, err := f.plan(prepared)
	if err != nil {
		f.fail(&executor.Failure{Kind: executor.Thrown, Message: err.Error()})
		return
	}
	f.run.observe(Planned{f.lock.Name, p})
	f.schedule(ctx, p)
	f.finally(ctx)
}

func (f *flow) fail(failure *executor.Failure) {
	f.result.Status, f.result.Failure, f.result.Reason = executor.Failed, failure, failure.Message
	if failure.Kind == executor.Interrupted {
		f.result.Status = executor.Cancelled
	}
}

// job is what every child task of the workflow has in common.
func (f *flow) job(kind executor.Kind, name string) *executor.Job {
	r := f.run
	typed := make(map[string]string, len(r.typed.env))
	for k, v := range r.typed.env {
		typed[k] = v
	}
	return &executor.Job{
		Kind: kind, Run: r.id, Workflow: f.lock.Name, Name: name, Base: name,
		Origin:  executor.Origin{Export: f.lock.Source.Export},
		Program: f.program, Event: f.body, ChangedFiles: f.event.ChangedFiles, Provider: f.event.Provider,
		Dir: r.dir, Source: r.project.Root, System: r.o.Environ,
		Meta:  map[string]string{"KICI_RUN_ID": r.id, "KICI_WORKFLOW_NAME": f.lock.Name, "KICI_JOB_NAME": name},
		Typed: typed, Limits: r.o.Limits, Debug: r.o.Debug,
	}
}

func (f *flow) host(job string, own []executor.Secret) *host {
	h := &host{
		run: f.run, workflow: f.lock.Name, job: job, masks: f.run.masks,
		secrets: func(environment string) []executor.Secret { return f.run.secretsFor(environment, own) },
		logs:    map[int]*Log{},
	}
	h.Sink = report.New(h.masks, shown{h})
	return h
}

// do runs one task and masks what comes back. The raw outputs stay.
func (f *flow) do(ctx context.Context, job *executor.Job, own []executor.Secret) (executor.Result, *host) {
	h := f.host(job.Name, own)
	job.Secrets = h.secrets("")
	f.run.observe(JobStarted{f.lock.Name, job.Name})
	raw := f.run.runner.Run(ctx, executor.Task{Job: job, Host: h, Force: f.run.o.Force})
	h.Flush()
	return h.Result(*raw), h
}

// Names of the tasks around the jobs.
const (
	PrepareJob = "__prepare__"
	FinallyJob = "__finally__"
)

// prepare asks the author's code for what the lock does not hold. Most
// workflows need no such thing, and then no child is bothered.
func (f *flow) prepare(ctx context.Context) (*executor.Prepared, bool) {
	want := everyGroup(f.lock, jobspec.PrepareFor(f.lock))
	if want == nil {
		return &executor.Prepared{}, true
	}
	job := f.job(executor.KindPrepare, PrepareJob)
	job.Prepare = want
	res, h := f.do(ctx, job, nil)
	f.emitted = append(f.emitted, h.emitted...)
	f.result.Rules = res.Rules
	f.run.observe(JobFinished{f.lock.Name, JobResult{Name: PrepareJob, Base: PrepareJob, Result: res, Logs: h.logs}})
	if res.Status != executor.Success {
		f.result.Status, f.result.Reason, f.result.Failure = res.Status, res.Reason, res.Failure
		return nil, false
	}
	if res.Prepared == nil {
		f.fail(executor.Broken("local: the prepare phase gave no answer"))
		return nil, false
	}
	if res.Prepared.Skipped {
		f.result.Status, f.result.Reason = executor.Skipped, res.Reason
		return nil, false
	}
	return res.Prepared, true
}

// plan multiplies the workflow out, cut down to --job.
func (f *flow) plan(p *executor.Prepared) (*plan.Plan, error) {
	resolved, err := p.Resolve(f.lock)
	if err != nil {
		return nil, err
	}
	all, err := plan.Build(f.lock, resolved)
	if err != nil || f.run.o.Job == "" {
		return all, err
	}
	only := all.Only(f.run.o.Job)
	if only == nil {
		return nil, fmt.Errorf("the workflow has no job named %q", f.run.o.Job)
	}
	return only, nil
}

// finally runs the hooks of the workflow, after everything.
func (f *flow) finally(ctx context.Context) {
	w := f.lock
	if !w.HasCleanup && !w.HasOnCancel && !w.HasOnFailure && !w.HasOnSuccess {
		return
	}
	job := f.job(executor.KindFinally, FinallyJob)
	outputs := map[string]json.RawMessage{}
	failed := ""
	for _, j := range f.result.Jobs {
		if len(j.Outputs) > 0 {
			outputs[j.Name] = j.Outputs
		}
		if row := j.FailedRow(); row != nil && failed == "" {
			failed = row.Name
		}
	}
	job.Outcome = &executor.Outcome{
		Status: f.result.Status, Reason: f.result.Reason, FailedStep: failed,
		StepOutputs: outputs, Duration: float64(f.run.o.Now().Sub(f.start).Milliseconds()),
	}
	// Hooks run after a cancellation too; only force ends them.
	res, h := f.do(context.WithoutCancel(ctx), job, nil)
	f.emitted = append(f.emitted, h.emitted...)
	f.result.Hooks = res.Rows
	f.run.observe(JobFinished{f.lock.Name, JobResult{Name: FinallyJob, Base: FinallyJob, Result: res, Logs: h.logs}})
	if res.Status != executor.Success {
		f.result.Status, f.result.Reason = executor.Failed, res.Reason
		if f.result.Failure == nil {
			f.result.Failure = res.Failure
		}
	}
}
