package kicitest

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// collector listens to a run and keeps what its result does not say.
type collector struct {
	run_ *running
	also local.Observer // nil, or somebody else who listens
	err  error

	mu      sync.Mutex // guards what follows
	log     strings.Builder
	flows   []*flowNotes // in the order of their start, as in the result
	emitted []Emission
	notices []string
}

// flowNotes are about one workflow.
type flowNotes struct {
	plan    *plan.Plan
	jobs    map[string]*jobNotes
	results map[string]local.JobResult // of __prepare__ and __finally__
}

type jobNotes struct {
	started time.Duration
	log     strings.Builder
	rows    map[int]*strings.Builder
}

// keep bounds what is kept of a job's output.
const keep = 16 << 20

func newCollector(r *running) *collector { return &collector{run_: r} }

func (c *collector) flow() *flowNotes {
	if len(c.flows) == 0 { // an event before any workflow's; cannot be
		c.flows = append(c.flows, &flowNotes{jobs: map[string]*jobNotes{}})
	}
	return c.flows[len(c.flows)-1]
}

func (c *collector) job(name string) *jobNotes {
	f := c.flow()
	if f.jobs[name] == nil {
		f.jobs[name] = &jobNotes{rows: map[int]*strings.Builder{}}
	}
	return f.jobs[name]
}

// observe is the run's local.Observer.
func (c *collector) observe(e local.Event) {
	if c.also != nil {
		c.also(e)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := e.(type) {
	case local.WorkflowStarted:
		c.flows = append(c.flows, &flowNotes{jobs: map[string]*jobNotes{}, results: map[string]local.JobResult{}})
	case local.Planned:
		c.flow().plan = e.Plan
	case local.JobStarted:
		c.job(e.Job).started = c.run_.since()
	case local.JobFinished:
		if name := e.Result.Name; name == local.PrepareJob || name == local.FinallyJob {
			c.flow().results[name] = e.Result
		}
	case local.Output:
		c.output(e)
	case local.Emitted:
		c.emitted = append(c.emitted, Emission{Workflow: e.Workflow, Job: e.Job, Name: e.Emission.Name, Payload: decode(e.Emission.Payload)})
	case local.Notice:
		c.notices = append(c.notices, e.Text)
	}
}

func (c *collector) output(e local.Output) {
	j := c.job(e.Job)
	if j.log.Len() > keep {
		return
	}
	row := j.rows[e.Row]
	if row == nil {
		row = &strings.Builder{}
		j.rows[e.Row] = row
	}
	row.Write(e.Data)
	j.log.Write(e.Data)
	c.log.Write(e.Data)
}

func decode(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return string(raw) // masking may have cut into the JSON
	}
	return v
}

// run puts the outcome together.
func (c *collector) run(t T, e event.Event, dir string, result *local.Result) *Run {
	r := &Run{RunResult: RunResult{
		Event: e, Status: NotStarted, Decisions: result.Decisions, Emitted: c.emitted, Notices: c.notices,
		Log: c.log.String(), Duration: result.Duration, Dir: dir,
	}}
	for _, call := range c.run_.calls {
		r.Calls = append(r.Calls, *call)
	}
	for _, req := range c.run_.requests {
		r.Requests = append(r.Requests, *req)
	}
	for i, w := range result.Workflows {
		r.Workflows = append(r.Workflows, c.workflow(w, c.flows[i]))
	}
	r.Status = worst(r.Workflows)
	r.Subject = Subject[*Run]{self: r, run: r, t: t, what: "the run", status: r.Status, log: func() string { return r.Log }}
	for _, w := range r.Workflows {
		if r.reason == "" && w.Status == r.Status {
			r.reason, r.failure = w.Reason, w.Failure
		}
	}
	return r
}

// worst is the status of several workflows as one.
func worst(all []WorkflowResult) Status {
	for _, s := range []Status{Failed, Cancelled, Succeeded, Skipped} {
		if slices.ContainsFunc(all, func(w WorkflowResult) bool { return w.Status == s }) {
			return s
		}
	}
	return NotStarted
}

func (c *collector) workflow(w local.WorkflowResult, notes *flowNotes) WorkflowResult {
	out := WorkflowResult{
		Name: w.Name, Status: w.Status, Reason: w.Reason, Failure: w.Failure, Group: w.Group,
		Rules: rules(w.Rules), Duration: w.Duration,
	}
	if prepare, ok := notes.results[local.PrepareJob]; ok {
		out.Jobs = append(out.Jobs, notes.result(prepare))
	}
	for _, j := range w.Jobs {
		out.Jobs = append(out.Jobs, notes.result(j))
	}
	if finally, ok := notes.results[local.FinallyJob]; ok {
		last := notes.result(finally)
		out.Jobs = append(out.Jobs, last)
		out.Hooks = last.Steps
	}
	return out
}

func (n *flowNotes) result(j local.JobResult) JobResult {
	out := JobResult{
		Name: j.Name, Base: j.Base, Matrix: j.Matrix, Needs: n.needs(j.Name), Status: j.Status, Reason: j.Reason, Failure: j.Failure,
		Rules: rules(j.Rules), Outputs: decode(j.Outputs), Environment: j.Environment, SecretsRead: j.SecretsRead, Duration: j.Duration,
	}
	notes := n.jobs[j.Name]
	if notes == nil {
		notes = &jobNotes{}
	}
	out.Log, out.Started = notes.log.String(), notes.started
	for _, row := range j.Rows {
		s := StepResult{
			Name: row.Name, Kind: string(row.Kind), Status: row.Status, Tolerated: row.Tolerated, Failure: row.Failure,
			Rules: rules(row.Rules), Outputs: decode(row.Outputs), File: row.File, Line: row.Line, Duration: row.Duration,
		}
		// A hook around a step shares its row; the log is shown once.
		if log := notes.rows[row.Index]; log != nil {
			s.Log = log.String()
		}
		out.Steps = append(out.Steps, s)
	}
	return out
}

func (n *flowNotes) needs(job string) []string {
	if n.plan == nil {
		return nil
	}
	var out []string
	if planned := n.plan.Find(job); planned != nil {
		for _, edge := range planned.Needs {
			out = append(out, edge.Upstream...)
		}
	}
	return out
}

func rules(list []executor.RuleResult) []Rule {
	var out []Rule
	for _, r := range list {
		out = append(out, Rule{Label: r.Label, Passed: r.Passed, Error: r.Error})
	}
	return out
}

// place is where a failure happened, as messages show it.
func place(file string, line int) string {
	if file == "" {
		return ""
	}
	return path.Base(file) + ":" + itoa(line)
}
