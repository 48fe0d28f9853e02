package step

import (
	"context"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// runStep takes one step through its order. An error ends the job.
func (e *Engine) runStep(ctx context.Context, jobHooks *hooks, d *Description, i int) error {
	info := &d.Steps[i]
	row := executor.Row{Index: i, Kind: executor.RowStep, Name: info.Name, File: info.File, Line: info.Line}
	e.begin(row)
	start := time.Now()
	var v Verdict
	if info.Rules > 0 {
		var err error
		if v, err = e.rules(ctx, LevelStep, i, i); err != nil {
			return e.endStep(ctx, row, info, start, v.Results, err)
		}
		if !v.Passed {
			e.end(executor.RowResult{Row: row, Status: executor.Skipped, Rules: v.Results, Duration: time.Since(start)})
			return nil
		}
	}
	own := &hooks{e: e, ctx: jobHooks.ctx, job: jobHooks.job, end: jobHooks.end, level: LevelStep, step: i, row: &row, infos: info.Hooks, next: jobHooks.next}
	jobHooks.around(BeforeStep, &row, executor.Success, "")
	err := e.body(ctx, info, i)
	took := time.Since(start)

	status, reason := executor.Success, ""
	if err != nil {
		f := e.asFailure(ctx, err)
		status, reason, err = executor.Failed, f.Message, f
		if f.Kind == executor.Interrupted {
			status = executor.Cancelled
			own.around(OnCancel, &row, status, reason)
		}
	}
	own.around(Cleanup, &row, status, reason)
	if status != executor.Cancelled {
		jobHooks.around(AfterStep, &row, status, reason)
	}
	jobHooks.problems = append(jobHooks.problems, own.problems...)
	jobHooks.late = jobHooks.late || own.late
	e.endScope()
	return e.endStep(ctx, row, info, start.Add(time.Since(start)-took), v.Results, err)
}

// endStep reports the row, and passes on what must end the job.
func (e *Engine) endStep(ctx context.Context, row executor.Row, info *StepInfo, start time.Time, rules []executor.RuleResult, err error) error {
	r := executor.RowResult{Row: row, Status: executor.Success, Duration: time.Since(start), Rules: rules, Outputs: e.outputs[info.Name]}
	if err == nil {
		e.end(r)
		return nil
	}
	f := e.asFailure(ctx, err)
	r.Status, r.Failure = executor.Failed, f
	if f.Kind == executor.Interrupted {
		r.Status = executor.Cancelled
	}
	// What ended the whole job cannot be tolerated by a step.
	r.Tolerated = info.ContinueOnError && ctx.Err() == nil
	e.end(r)
	if r.Tolerated {
		return nil
	}
	return f
}

// body is what counts as the step itself.
func (e *Engine) body(ctx context.Context, info *StepInfo, i int) error {
	if err := e.files.reset(); err != nil {
		return err
	}
	if err := e.restore(ctx, info.Cache); err != nil {
		return err
	}
	var out Outputs
	what := fmt.Sprintf("step %q", info.Name)
	err := e.call(ctx, ms(info.Timeout, e.limits.Step), what, MethodStep, params{Step: i}, &out)
	if out.Has && err == nil {
		e.mu.Lock()
		if _, again := e.outputs[info.Name]; !again {
			e.order = append(e.order, info.Name)
		}
		e.outputs[info.Name] = out.Value
		e.mu.Unlock()
	}
	e.applyFiles()
	if err != nil {
		return err
	}
	return e.save(ctx, info.Cache)
}

// applyFiles makes what commands wrote to $KICI_ENV and $KICI_PATH visible to
// the steps that follow. A file that cannot be read is said and not fatal: the
// step itself has done its work.
func (e *Engine) applyFiles() {
	vars, paths, err := e.files.take()
	if err != nil {
		e.say("$KICI_ENV or $KICI_PATH ignored: %v", err)
	}
	for _, kv := range vars {
		e.setEnv(kv[0], kv[1])
	}
	// The first listed directory is to be found first, so it goes in last.
	for i := len(paths) - 1; i >= 0; i-- {
		e.addPath(paths[i])
	}
}

// endScope undoes what lives only as long as a step: exposed variables and
// mounted secrets.
func (e *Engine) endScope() {
	e.mu.Lock()
	exposed := e.exposed
	e.exposed = nil
	e.mu.Unlock()
	for i := len(exposed) - 1; i >= 0; i-- {
		if u := exposed[i]; u.had {
			e.env.Set(u.key, u.old)
		} else {
			e.env.Delete(u.key)
		}
	}
	if err := e.unmount(); err != nil {
		e.say("remove mounted secrets: %v", err)
	}
}
