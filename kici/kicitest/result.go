package kicitest

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Status is how something ended.
type Status = author.RunStatus

// The statuses. NotStarted is that of an event no workflow listened to.
const (
	Succeeded  = author.RunSuccess
	Failed     = author.RunFailed
	Skipped    = author.RunSkipped
	Cancelled  = author.RunCancelled
	NotStarted = Status("not started")
)

// Failure says why something failed: the message, the author's line, the
// command with its exit status and last output.
type Failure = author.RunFailure

// Decision is what the event did to one workflow, check by check.
type Decision = author.Decision

// RunResult is everything that came of an event, as plain data for go-cmp and
// encoding/json. All that is text is masked, as a log would be.
type RunResult struct {
	Event     event.Event
	Status    Status // the worst of the workflows'
	Decisions []Decision
	Workflows []WorkflowResult
	Calls     []Call
	Requests  []Request
	Emitted   []Emission
	Notices   []string
	Log       string // all output, in order
	Duration  time.Duration
	Dir       string // where the steps worked; removed after the test
}

// WorkflowResult is what came of a workflow.
type WorkflowResult struct {
	Name     string
	Status   Status
	Reason   string
	Failure  *Failure
	Group    string // its concurrency group
	Rules    []Rule
	Jobs     []JobResult
	Hooks    []StepResult
	Duration time.Duration
}

// JobResult is what came of a job. Jobs that never started are there too.
type JobResult struct {
	Name        string // "test (18, linux)"
	Base        string // "test"
	Matrix      map[string]string
	Needs       []string // jobs it waited for, by full name
	Status      Status
	Reason      string
	Failure     *Failure
	Rules       []Rule
	Steps       []StepResult // steps, hooks and init, in order
	Outputs     any          // of JSON; what other jobs see
	Environment string
	SecretsRead []string
	Log         string
	Started     time.Duration // since the event; of jobs that started
	Duration    time.Duration
}

// StepResult is what came of a step, of a hook, or of a job's init.
type StepResult struct {
	Name      string
	Kind      string // "step", "hook" or "init"
	Status    Status
	Tolerated bool // failed under continueOnError
	Failure   *Failure
	Rules     []Rule
	Outputs   any // of JSON
	Log       string
	File      string
	Line      int
	Duration  time.Duration
}

// Rule is what a rule said.
type Rule struct {
	Label  string
	Passed bool
	Error  string
}

// Emission is an event that a workflow emitted.
type Emission struct {
	Workflow, Job string
	Name          string
	Payload       any // of JSON
}

// Call is a command that a workflow ran. It is not masked.
type Call struct {
	Workflow, Job, Step string
	Text                string // as its author wrote it
	Args                []string
	Dir                 string // relative to where the job works
	Env                 map[string]string
	Input               string // of scripted commands
	Scripted            bool
	Exit                int
	Signal              string
	Started, Duration   time.Duration // since the event
}

// Run is the outcome of an event: the data, and questions to it. Methods whose
// names begin with Want report to the test and let it go on.
type Run struct {
	RunResult
	Subject[*Run]
	reported atomic.Bool
}

// Workflow is one workflow of a [Run].
type Workflow struct {
	WorkflowResult
	Subject[*Workflow]
}

// Job is one job of a [Run].
type Job struct {
	JobResult
	Subject[*Job]
}

// Step is one step, hook or init of a [Job].
type Step struct {
	StepResult
	Subject[*Step]
}

// Workflow finds a workflow that ran; a name that did not ends the test.
func (r *Run) Workflow(name string) *Workflow {
	r.t.Helper()
	var names []string
	for i := range r.Workflows {
		w := &r.Workflows[i]
		if w.Name == name {
			out := &Workflow{WorkflowResult: *w}
			out.Subject = Subject[*Workflow]{
				self: out, run: r, t: r.t, what: "workflow " + name, status: w.Status, reason: w.Reason, failure: w.Failure, rules: w.Rules,
				log: func() string { return workflowLog(w) },
			}
			return out
		}
		names = append(names, w.Name)
	}
	r.t.Fatalf("kicitest: workflow %q did not run, %s%s", name, known("ran", names), r.report())
	return nil
}

func workflowLog(w *WorkflowResult) string {
	var b strings.Builder
	for _, j := range w.Jobs {
		b.WriteString(j.Log)
	}
	return b.String()
}

func known(what string, names []string) string {
	if len(names) == 0 {
		return "none " + what
	}
	return what + ": " + strings.Join(names, ", ")
}

// Job finds a job by its full name, or by the name without the matrix when
// there is one such job. Around the jobs of a workflow there may be
// "__prepare__" and "__finally__". An unknown name ends the test.
func (r *Run) Job(name string) *Job {
	r.t.Helper()
	return r.job(r.Workflows, name)
}

// Job finds a job of the workflow; see [Run.Job].
func (w *Workflow) Job(name string) *Job {
	w.t.Helper()
	return w.run.job([]WorkflowResult{w.WorkflowResult}, name)
}

func (r *Run) job(in []WorkflowResult, name string) *Job {
	r.t.Helper()
	var exact, base []*JobResult
	var names []string
	for i := range in {
		for k := range in[i].Jobs {
			j := &in[i].Jobs[k]
			names = append(names, j.Name)
			if j.Name == name {
				exact = append(exact, j)
			} else if j.Base == name {
				base = append(base, j)
			}
		}
	}
	found := exact
	if len(found) == 0 {
		found = base
	}
	switch {
	case len(found) == 0:
		r.t.Fatalf("kicitest: there is no job %q, %s%s", name, known("there are", names), r.report())
		return nil
	case len(found) > 1:
		r.t.Fatalf("kicitest: there are %d jobs %q; name one of: %s", len(found), name, strings.Join(names, ", "))
		return nil
	}
	return r.about(found[0])
}

func (r *Run) about(j *JobResult) *Job {
	out := &Job{JobResult: *j}
	failure := j.Failure
	for i := range j.Steps {
		if failure == nil && j.Steps[i].Status == Failed && !j.Steps[i].Tolerated {
			failure = j.Steps[i].Failure
		}
	}
	out.Subject = Subject[*Job]{
		self: out, run: r, t: r.t, what: "job " + j.Name, status: j.Status, reason: j.Reason, failure: failure, rules: j.Rules,
		outputs: j.Outputs, log: func() string { return j.Log },
	}
	return out
}

// Step finds a step, a hook ("onFailure") or an init by its name; an unknown
// one ends the test.
func (j *Job) Step(name string) *Step {
	j.t.Helper()
	i := slices.IndexFunc(j.Steps, func(s StepResult) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range j.Steps {
			names = append(names, s.Name)
		}
		j.t.Fatalf("kicitest: job %s has run no step %q, %s%s", j.Name, name, known("there are", names), j.run.report())
		return nil
	}
	s := j.Steps[i]
	out := &Step{StepResult: s}
	out.Subject = Subject[*Step]{
		self: out, run: j.run, t: j.t, what: "step " + name + " of job " + j.Name, status: s.Status, failure: s.Failure, rules: s.Rules,
		outputs: s.Outputs, log: func() string { return s.Log },
	}
	return out
}

// Jobs are the statuses of all jobs by full name, for a comparison at once.
func (r *Run) Jobs() map[string]Status {
	out := map[string]Status{}
	for _, w := range r.Workflows {
		for _, j := range w.Jobs {
			if !strings.HasPrefix(j.Name, "__") {
				out[j.Name] = j.Status
			}
		}
	}
	return out
}

// Commands are the texts of all commands that were run, in order.
func (r *Run) Commands() []string {
	var out []string
	for _, c := range r.Calls {
		out = append(out, c.Text)
	}
	return out
}

// Reasons says for each workflow, by name, why it did or did not start.
func (r *Run) Reasons() map[string]string {
	out := map[string]string{}
	for _, d := range r.Decisions {
		out[d.WorkflowName] = reason(&d)
	}
	return out
}

func reason(d *Decision) string {
	c := d.FirstFailed()
	if c == nil || d.Matched {
		return d.Summary
	}
	out := c.Check + ": " + quoteOr(c.Value, "nothing") + " is not " + quoteOr(c.Pattern, "anything")
	if c.Reason != "" {
		out = c.Check + ": " + c.Reason
	}
	return out
}

func quoteOr(s, or string) string {
	if s == "" {
		return or
	}
	return `"` + s + `"`
}
