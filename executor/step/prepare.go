package step

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kici-dev/kici-go/executor"
)

// prepare evaluates what a plan asks for. Order matters: a workflow whose rule
// says no must not run a generator.
func (e *Engine) prepare(ctx context.Context, d *Description) {
	want := e.job.Prepare
	if want == nil {
		want = &executor.Prepare{}
	}
	out := &executor.Prepared{Matrices: map[int]json.RawMessage{}, Generators: map[int][]executor.Generated{}}
	e.result.Prepared = out
	if err := e.evaluate(ctx, d, want, out); err != nil {
		e.stop(ctx, e.asFailure(ctx, err))
	}
}

func (e *Engine) evaluate(ctx context.Context, d *Description, want *executor.Prepare, out *executor.Prepared) error {
	if want.Rules && d.Workflow.Rules > 0 {
		v, err := e.rules(ctx, LevelWorkflow, 0, executor.PrepareRow)
		if err != nil {
			return err
		}
		e.result.Rules = v.Results
		if !v.Passed {
			out.Skipped = true
			e.result.Reason = ruleReason(v)
			return nil
		}
	}
	if want.Concurrency {
		if err := e.call(ctx, e.limits.Field, "concurrency.group", MethodGroup, params{}, &out.Group); err != nil {
			return err
		}
	}
	for _, i := range want.Matrices {
		var raw json.RawMessage
		if err := e.call(ctx, e.limits.Field, "the matrix function", MethodMatrix, params{Index: i}, &raw); err != nil {
			return err
		}
		out.Matrices[i] = raw
	}
	for _, i := range want.Groups {
		var group string
		if err := e.call(ctx, e.limits.Field, "concurrencyGroup", MethodJobGroup, params{Index: i}, &group); err != nil {
			return err
		}
		if out.Groups == nil {
			out.Groups = map[int]string{}
		}
		out.Groups[i] = group
	}
	for _, i := range want.Generators {
		var jobs []executor.Generated
		if err := e.call(ctx, e.limits.Field, "the job generator", MethodGenerate, params{Index: i}, &jobs); err != nil {
			return err
		}
		if len(jobs) > maxGenerated {
			return &executor.Failure{Kind: executor.Thrown, Message: fmt.Sprintf("a generator made %d jobs; at most %d are allowed", len(jobs), maxGenerated)}
		}
		out.Generators[i] = jobs
	}
	return nil
}

const maxGenerated = 100

// finally runs the hooks of the workflow, after all its jobs.
func (e *Engine) finally(ctx context.Context, d *Description) {
	o := e.job.Outcome
	if o == nil {
		o = &executor.Outcome{Status: executor.Success}
	}
	h := &hooks{e: e, ctx: ctx, level: LevelWorkflow, infos: d.Workflow.Hooks, failedStep: o.FailedStep}
	e.result.Status, e.result.Reason = o.Status, o.Reason
	if o.StepOutputs != nil {
		e.outputs = o.StepOutputs
	}
	e.finish(h, o.FailedStep)
	if len(h.problems) == 0 { // the hooks went well, whatever the run's fate
		e.result.Status, e.result.Reason = executor.Success, ""
	}
}
