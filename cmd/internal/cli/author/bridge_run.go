package author

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
)

// runForReal runs a local run and shows it live. The first interrupt cancels
// it, so that hooks and clean-up run; the second ends everything at once.
func runForReal(ctx context.Context, s *cli.State, o runFlags, live *lines) (*result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	force := make(chan struct{})
	stop := interrupting(s, live, cancel, force, "Cancelling")
	defer stop()

	options, err := runOptions(s, o)
	if err != nil {
		return nil, err
	}
	options.Force = force
	v := &viewer{state: s, live: live, debug: o.Debug, silent: o.JSON || o.Quiet}
	res, err := author.RunLocal(ctx, options, v.observe)
	var usage *author.RunUsageError
	switch {
	case errors.As(err, &usage):
		return nil, &cli.UsageError{Message: usage.Message, Hint: usage.Hint}
	case err != nil:
		return nil, err
	}
	return v.outcome(res)
}

// interrupting handles signals until stop is called, which waits for it.
func interrupting(s *cli.State, live *lines, cancel func(error), force chan struct{}, what string) (stop func()) {
	signals, end := s.Signals()
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for n := 0; n < 2; n++ {
			select {
			case <-done:
				return
			case <-signals:
			}
			if n == 0 {
				live.say("%s: running jobs clean up. Ctrl+C again ends everything now.", what)
				cancel(cli.ErrInterrupted)
			} else {
				close(force)
			}
		}
	}()
	return func() {
		close(done)
		<-over
		end()
	}
}

func runOptions(s *cli.State, o runFlags) (author.RunOptions, error) {
	options := author.RunOptions{
		Dir: s.Dir, KiciDir: o.Kici, Event: o.Event, Fixture: o.Fixture, Workflow: o.Workflow, Job: o.Job, Branch: o.Branch, SHA: o.SHA,
		Files: o.Files, Concurrency: o.Concurrency, KeepGoing: o.KeepGoing, Container: o.Container,
		InPlace: o.InPlace, Keep: o.Keep, FollowEvents: o.FollowEvents, Debug: o.Debug || s.Env["KICI_DEBUG"] == "true",
		Env: o.Env, Secrets: o.Secrets, Contexts: o.Contexts, Environ: s.Environ(),
		CompileOutput: s.Stderr,
	}
	var err error
	options.Payload, err = payload(s, o.Payload, o.Event)
	return options, err
}

// viewer turns what happens into lines. Its methods are called by several jobs
// at once; lines keeps them apart.
type viewer struct {
	state  *cli.State
	live   *lines
	debug  bool
	silent bool
}

func (v *viewer) observe(e author.RunEvent) {
	if v.live.tree != nil && v.watch(e) {
		return
	}
	green, red, dim := v.live.style.Green, v.live.style.Red, v.live.style.Dim
	switch e := e.(type) {
	case author.RunCompiled:
		v.compiled(e.Result)
	case author.RunCheckoutReady:
		v.live.say("%s", dim("running in "+e.Path))
	case author.RunKept:
		v.live.say("%s", dim("kept isolated checkout at "+e.Path))
	case author.RunDecided:
		v.decided(e)
	case author.RunNotice:
		if !e.Debug || v.debug {
			v.live.say("%s", e.Text)
		}
	case author.RunWorkflowStarted:
		v.live.say("\n%s", v.live.style.Bold("Running workflow: "+e.Workflow))
	case author.RunWaiting:
		v.live.say("%s", waiting(e))
	case author.RunJobStarted:
		v.live.tell(e.Job, "Starting...")
	case author.RunStepStarted:
		v.live.tell(e.Job, "%s %s", dim("->"), e.Row.Name)
	case author.RunOutput:
		v.live.output(e.Job, e.Data)
	case author.RunRuleEvaluated:
		v.live.tell(v.owner(e.Workflow, e.Job), "rule %q: %s", e.Rule.Label, map[bool]string{true: green("✓ passed"), false: red("✗ failed")}[e.Rule.Passed])
	case author.RunStepFinished:
		v.stepFinished(e)
	case author.RunJobFinished:
		v.jobFinished(e)
	case author.RunEmitted:
		v.live.tell(e.Job, "%s", emitted(e))
	}
}

func (v *viewer) owner(workflow, job string) string { return firstOf(job, workflow) }

// compiled shows only what the author has to know: a run of sound workflows
// begins without a word about compiling.
func (v *viewer) compiled(res *author.CompileResult) {
	all := findings(v.state, res.Project.Root, res.Diagnostics)
	if v.silent && !res.Failed() {
		return
	}
	showFindings(v.state.Stderr, v.live.style, all)
}

func (v *viewer) decided(e author.RunDecided) {
	matched := false
	for _, d := range e.Decisions {
		matched = matched || d.Matched
		if v.debug {
			v.live.say("%s: %s", d.WorkflowName, d.Summary)
			for _, c := range d.Checks {
				v.live.say("    %s", checkText(v.live.style, c))
			}
		}
	}
	if matched {
		return
	}
	v.live.say("No workflow matches this event:")
	for _, d := range e.Decisions {
		v.live.say("  %s: %s", d.WorkflowName, d.Summary)
	}
}

func (v *viewer) stepFinished(e author.RunStepFinished) {
	r := e.Result
	switch statusWord(r.Status) {
	case succeeded:
		v.live.tell(e.Job, "%s %s (%dms)", v.live.style.Green("✓"), r.Name, r.Duration.Milliseconds())
	case skipped:
		v.live.tell(e.Job, "%s %s (skipped)", v.live.style.Yellow("○"), r.Name)
	default:
		text := statusWord(r.Status)
		if r.Failure != nil {
			text = brief(r.Failure)
		}
		v.live.tell(e.Job, "%s %s: %s", v.live.style.Red("✗"), r.Name, text)
	}
}

func (v *viewer) jobFinished(e author.RunJobFinished) {
	j := e.Result
	ms := j.Duration.Milliseconds()
	switch statusWord(j.Status) {
	case succeeded:
		v.live.tell(j.Name, "%s Complete (%dms)", v.live.style.Green("✓"), ms)
	case skipped:
	case cancelled:
		v.live.tell(j.Name, "%s Cancelled (%dms)", v.live.style.Yellow("○"), ms)
	default:
		v.live.tell(j.Name, "%s Failed: %s (%dms)", v.live.style.Red("✗"), jobText(j), ms)
	}
}

func jobText(j author.RunJobResult) string {
	if row := j.FailedRow(); row != nil && row.Failure != nil {
		return brief(row.Failure)
	}
	if j.Failure != nil {
		return brief(j.Failure)
	}
	return firstOf(j.Reason, "failed")
}

// outcome turns the library's result into the one that is shown, and its class
// into what the process returns.
func (v *viewer) outcome(res *author.RunResult) (*result, error) {
	if res.Class == author.RunClassCompile {
		return nil, cli.ErrReported
	}
	out := &result{Workflows: []workflowResult{}}
	for _, w := range res.Workflows {
		out.Workflows = append(out.Workflows, toWorkflow(w))
	}
	out.Summary = summarise(out.Workflows)
	out.Summary.TotalDurationMs = max(out.Summary.TotalDurationMs, 0)
	if res.Class == author.RunClassInterrupted {
		return out, cli.ErrInterrupted
	}
	return out, nil
}

func toWorkflow(w author.RunWorkflowResult) workflowResult {
	shown := workflowResult{Name: w.Name, Status: statusWord(w.Status), DurationMs: w.Duration.Milliseconds(), Jobs: []jobResult{}}
	if w.Failure != nil {
		shown.Error = brief(w.Failure)
	} else if shown.Status != succeeded {
		shown.Error = w.Reason
	}
	for _, j := range w.Jobs {
		shown.Jobs = append(shown.Jobs, toJob(j))
	}
	return shown
}

func toJob(j author.RunJobResult) jobResult {
	out := jobResult{Name: j.Name, Status: statusWord(j.Status), DurationMs: j.Duration.Milliseconds(), MatrixValues: j.Matrix, Reason: j.Reason, Steps: []stepResult{}}
	if j.ByNeeds {
		out.Reason = "dependency failed"
	}
	if out.Status == failed {
		out.Error = jobText(j)
	}
	for _, r := range j.Rules {
		out.RuleResults = append(out.RuleResults, ruleResult{Label: r.Label, Passed: r.Passed, DurationMs: int64(r.Duration), Error: r.Error})
	}
	for _, row := range j.Rows {
		out.Steps = append(out.Steps, toStep(row))
	}
	return out
}

func toStep(row author.RunStepResult) stepResult {
	out := stepResult{Name: row.Name, Status: statusWord(row.Status), DurationMs: row.Duration.Milliseconds()}
	if f := row.Failure; f != nil {
		out.Error = brief(f)
		out.Failure = &stepFailure{File: f.File, Line: f.Line, Column: f.Column, Frame: f.Frame, Command: f.Command, Output: f.Tail}
		if f.Line == 0 { // where the step stands is better than nothing
			out.Failure.File, out.Failure.Line, out.Failure.Column = row.File, row.Line, 1
		}
	}
	return out
}

// statusWord spells a status as the output formats do.
func statusWord(s author.RunStatus) string {
	if s == author.RunFailed {
		return failed
	}
	return string(s)
}

// brief is a failure in a line: of a failed command its exit code, because the
// rest of its message is the output that has just scrolled by.
func brief(f *author.RunFailure) string {
	switch {
	case f.Command != "" && f.Exit != nil:
		return fmt.Sprintf("exit code: %d", *f.Exit)
	case f.Command != "" && f.Signal != "":
		return "signal: " + f.Signal
	}
	for line := range strings.Lines(f.Message) { // of a command whose error was caught and thrown again
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "exit code: ") {
			return line
		}
	}
	return firstOf(strings.TrimSpace(f.Message), f.Name, string(f.Kind))
}
