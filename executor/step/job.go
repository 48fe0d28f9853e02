package step

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// runJob is the order of a job.
func (e *Engine) runJob(workCtx, hookCtx context.Context, d *Description) {
	if d.GracePeriod > 0 {
		e.limits.Grace = time.Duration(d.GracePeriod * float64(time.Second))
	}
	var end time.Time
	if d.Timeout > 0 {
		budget := ms(d.Timeout, 0)
		e.jobTimeout = &executor.Failure{Kind: executor.TimedOut, Message: fmt.Sprintf("%s: the job timed out after %d ms", executor.ReasonJobTimeout, budget.Milliseconds())}
		end = time.Now().Add(budget)
		ctx, cancel := context.WithDeadlineCause(workCtx, end, e.jobTimeout)
		defer cancel()
		workCtx = ctx
	}
	h := &hooks{e: e, ctx: hookCtx, job: workCtx, end: end, level: LevelJob, infos: d.Hooks, next: len(d.Steps) + len(d.Init)}
	last, err := e.work(workCtx, h, d)
	if err != nil {
		e.stop(workCtx, e.asFailure(workCtx, err))
		if e.result.Failure.Kind == executor.TimedOut && workCtx.Err() != nil {
			e.result.Reason = executor.ReasonJobTimeout
		}
	}
	e.collect(d)
	if e.result.Status == executor.Skipped {
		return
	}
	e.finish(h, last)
}

// work is everything under the job's own context. last is the failed step.
func (e *Engine) work(ctx context.Context, h *hooks, d *Description) (last string, err error) {
	if err := e.fields(ctx, d); err != nil {
		return "", err
	}
	if d.Rules > 0 {
		v, err := e.rules(ctx, LevelJob, 0, executor.PrepareRow)
		if err != nil {
			return "", err
		}
		e.result.Rules = v.Results
		if !v.Passed {
			e.result.Status, e.result.Reason = executor.Skipped, ruleReason(v)
			return "", nil
		}
	}
	if len(d.Steps) > 0 || len(d.Init) > 0 {
		if err := e.openFiles(); err != nil {
			return "", err
		}
	}
	if err := e.init(ctx, d); err != nil {
		return "", err
	}
	if err := e.restore(ctx, d.Cache); err != nil {
		return "", err
	}
	for i := range d.Steps {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if err := e.runStep(ctx, h, d, i); err != nil {
			return d.Steps[i].Name, err
		}
	}
	return "", e.save(ctx, d.Cache)
}

// finish runs the job's last hooks and settles its status.
func (e *Engine) finish(h *hooks, failedStep string) {
	h.failedStep = failedStep
	switch e.result.Status {
	case executor.Cancelled:
		h.run(OnCancel)
	case executor.Failed:
		h.run(OnFailure)
	default:
		h.run(OnSuccess)
	}
	h.run(Cleanup)
	h.settle()
}

// fields evaluates environment and env, and lays the job's env over the base.
func (e *Engine) fields(ctx context.Context, d *Description) error {
	for _, name := range d.Fields {
		var raw json.RawMessage
		if err := e.call(ctx, e.limits.Field, "the job's "+name, MethodField, params{Name: name, Inline: slices.Contains(e.job.Inline, name)}, &raw); err != nil {
			return err
		}
		if err := e.field(name, raw); err != nil {
			return err
		}
		if name == "environment" && e.result.Environment != "" {
			list, err := e.host.Secrets(ctx, e.result.Environment)
			if err != nil {
				return err
			}
			e.mu.Lock()
			e.secrets = newSecretStore(list)
			e.mu.Unlock()
		}
	}
	return nil
}

func (e *Engine) field(name string, raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" { // undefined leaves the field unset
		return nil
	}
	switch name {
	case "environment":
		if err := json.Unmarshal(raw, &e.result.Environment); err != nil {
			return &executor.Failure{Kind: executor.Thrown, Message: "environment must be a string, not " + string(raw)}
		}
	case "env":
		var vars map[string]any
		if err := json.Unmarshal(raw, &vars); err != nil {
			return &executor.Failure{Kind: executor.Thrown, Message: "env must be an object of strings, not " + string(raw)}
		}
		for k, v := range vars {
			if _, typed := e.job.Typed[k]; v != nil && !typed {
				e.env.Set(k, fmt.Sprint(v))
			}
		}
	}
	return nil
}

// rules asks the guest and reports every answer.
func (e *Engine) rules(ctx context.Context, level Level, step, row int) (Verdict, error) {
	var v Verdict
	err := e.call(ctx, e.limits.Hook, "the "+string(level)+"'s rules", MethodRules, params{Level: level, Step: step}, &v)
	for _, r := range v.Results {
		e.rule(row, r)
	}
	return v, err
}

func ruleReason(v Verdict) string {
	for _, r := range v.Results {
		if r.Passed {
			continue
		}
		if r.Error != "" {
			return fmt.Sprintf("rule %q failed: %s", r.Label, r.Error)
		}
		return fmt.Sprintf("rule %q", r.Label)
	}
	return ""
}

// openFiles points $KICI_ENV and $KICI_PATH somewhere.
func (e *Engine) openFiles() error {
	dir, err := e.home()
	if err != nil {
		return err
	}
	e.files = newEnvFiles(dir)
	e.env.Set("KICI_ENV", e.files.env)
	e.env.Set("KICI_PATH", e.files.path)
	return nil
}

// collect builds what other jobs see: flat for a job of one step, by step name
// otherwise, nothing when no step returned anything.
func (e *Engine) collect(d *Description) {
	if len(e.order) == 0 {
		return
	}
	if len(d.Steps) == 1 {
		e.result.Outputs = e.outputs[d.Steps[0].Name]
		return
	}
	if all, err := json.Marshal(e.outputs); err == nil {
		e.result.Outputs = all
	}
}

func (e *Engine) outcome(status executor.Status, reason, failedStep string) *executor.Outcome {
	e.mu.Lock()
	defer e.mu.Unlock()
	outputs := make(map[string]json.RawMessage, len(e.outputs))
	for k, v := range e.outputs {
		outputs[k] = v
	}
	return &executor.Outcome{
		Status: status, Reason: reason, FailedStep: failedStep,
		StepOutputs: outputs, Duration: float64(time.Since(e.start).Milliseconds()),
	}
}
