package dev

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/grouplock"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/message"
)

// stdout: agents send lines, and say not of which stream.
const stdout = executor.Stdout

// branch is what has been told of a job.
type branch struct {
	name    string // as local runs call it
	attempt engine.AttemptID
	running bool
	began   time.Time
	rows    []executor.RowResult
	begun   map[int]bool  // rows that have begun and not ended
	told    map[int]int64 // lines, by row
}

// open are the rows that may print now; what belongs to none comes first.
func (b *branch) open() []int {
	if !b.running {
		return nil
	}
	return append([]int{executor.PrepareRow}, slices.Sorted(maps.Keys(b.begun))...)
}

// prepares: the row of such a job is our own and shown by nobody.
func (b *branch) prepares() bool { return b.name == local.PrepareJob }

// localName is what local runs call a job: their pseudo-jobs have names without
// the workflow.
func localName(name string) string {
	switch {
	case strings.HasPrefix(name, runs.InitPrefix):
		return local.PrepareJob
	case strings.HasPrefix(name, runs.FinallyPrefix):
		return local.FinallyJob
	}
	return name
}

// apply tells one event. Its data was written by engine/runs; what cannot be
// read is told as far as it can be.
func (f *follower) apply(ctx context.Context, e *engine.Event) error {
	switch e.Kind {
	case runs.KindRunCreated, runs.KindRunWaiting:
		var c runs.RunChange
		_ = json.Unmarshal(e.Data, &c)
		f.runChanged(e, c)
	case runs.KindStepStarted, runs.KindStepFinished:
		var c runs.StepChange
		_ = json.Unmarshal(e.Data, &c)
		return f.step(ctx, e, c)
	case runs.KindJobCreated, runs.KindJobStarted, runs.KindJobRequeued, runs.KindJobRecover, runs.KindJobFinished:
		var c runs.JobChange
		_ = json.Unmarshal(e.Data, &c)
		return f.job(ctx, e, c)
	}
	return nil
}

func (f *follower) runChanged(e *engine.Event, c runs.RunChange) {
	switch e.Kind {
	case runs.KindRunCreated:
		f.result.Name = c.Workflow
		f.observe(local.WorkflowStarted{Workflow: c.Workflow})
	case runs.KindRunWaiting:
		f.observe(local.Waiting{Workflow: f.result.Name, Group: c.Group, Wait: grouplock.Wait{Ahead: c.Ahead}})
	}
}

func (f *follower) job(ctx context.Context, e *engine.Event, c runs.JobChange) error {
	b := f.jobs[e.Job]
	if b == nil {
		b = &branch{name: localName(c.Name)}
		f.jobs[e.Job] = b
	}
	if e.Kind == runs.KindJobCreated {
		f.created = f.created || b.name == c.Name
		return nil
	}
	if err := f.plan(ctx); err != nil {
		return err
	}
	switch e.Kind {
	case runs.KindJobStarted:
		f.started(b, e, c)
	case runs.KindJobRequeued:
		b.running = false
		f.observe(local.Notice{Text: fmt.Sprintf("job %s is given out again: %s", b.name, c.Reason), Debug: b.attempt == ""})
	case runs.KindJobRecover:
		f.observe(local.Notice{Text: fmt.Sprintf("job %s waits for its agent: %s", b.name, c.Reason)})
	case runs.KindJobFinished:
		return f.finished(ctx, b, e, c)
	}
	return nil
}

// started tells of a job, and of one that begins again.
func (f *follower) started(b *branch, e *engine.Event, c runs.JobChange) {
	if b.attempt == c.Attempt { // its agent came back
		return
	}
	again := b.attempt != ""
	b.attempt, b.running, b.rows, b.begun, b.told = c.Attempt, true, nil, map[int]bool{}, map[int]int64{}
	if !again {
		b.began = e.At
		f.observe(local.JobStarted{Workflow: f.result.Name, Job: b.name})
	}
}

func (f *follower) step(ctx context.Context, e *engine.Event, c runs.StepChange) error {
	b := f.jobs[e.Job]
	if b == nil || b.attempt != c.Attempt { // of an attempt that was given up
		return nil
	}
	var d message.StepData
	_ = json.Unmarshal(c.Data, &d)
	row := executor.Row{Index: c.Index, Kind: rowKind(c.Kind), Name: c.Name, File: d.File, Line: d.Line}
	if err := f.lines(ctx, b, []int{executor.PrepareRow}); err != nil {
		return err
	}
	if e.Kind == runs.KindStepStarted {
		b.begun[c.Index] = true
		if !b.prepares() {
			f.observe(local.StepStarted{Workflow: f.result.Name, Job: b.name, Row: row})
		}
		return nil
	}
	if err := f.lines(ctx, b, []int{c.Index}); err != nil {
		return err
	}
	delete(b.begun, c.Index)
	if b.prepares() {
		return nil
	}
	r := executor.RowResult{
		Row: row, Status: executor.Status(c.Status), Tolerated: d.Tolerated, Duration: time.Duration(d.DurationMS * float64(time.Millisecond)),
		Failure: failure(d.Failure), Rules: d.Rules, Outputs: d.Outputs,
	}
	b.rows = append(b.rows, r)
	f.rules(b, c.Index, r.Rules)
	f.observe(local.StepFinished{Workflow: f.result.Name, Job: b.name, Result: r})
	return nil
}

func (f *follower) rules(b *branch, row int, rules []executor.RuleResult) {
	for _, r := range rules {
		f.observe(local.RuleEvaluated{Workflow: f.result.Name, Job: b.name, Row: row, Rule: r})
	}
}

func rowKind(kind string) executor.RowKind {
	if strings.HasPrefix(kind, "hook:") {
		return executor.RowHook
	}
	return executor.RowKind(kind)
}

func failure(raw json.RawMessage) *executor.Failure {
	var f executor.Failure
	if len(raw) == 0 || json.Unmarshal(raw, &f) != nil {
		return nil
	}
	return &f
}

func (f *follower) finished(ctx context.Context, b *branch, e *engine.Event, c runs.JobChange) error {
	if err := f.lines(ctx, b, b.open()); err != nil {
		return err
	}
	b.running = false
	var d jobspec.Result
	_ = json.Unmarshal(c.Detail, &d)
	res := local.JobResult{Name: b.name, Base: b.name}
	res.Status, res.Reason, res.Failure, res.Rules, res.Rows = statusOf(c.Status), c.Reason, failure(d.Failure), d.Rules, b.rows
	res.Environment, res.SecretsRead = d.Environment, d.SecretsRead
	res.ByNeeds = c.Status == status.JobSkipped && len(c.Detail) == 0
	if !b.began.IsZero() {
		res.Duration = e.At.Sub(b.began)
	}
	f.rules(b, executor.PrepareRow, d.Rules)
	switch b.name {
	case local.PrepareJob:
		f.result.Rules = d.Rules
	case local.FinallyJob:
		f.result.Hooks = res.Rows
	default:
		f.result.Jobs = append(f.result.Jobs, res)
	}
	if res.Status == executor.Failed && f.result.Failure == nil {
		f.result.Failure = res.Failure
	}
	f.observe(local.JobFinished{Workflow: f.result.Name, Result: res})
	return nil
}

// statusOf is the status in a local run's words.
func statusOf(s status.Job) executor.Status {
	switch s {
	case status.JobSuccess, status.JobSkipped, status.JobCancelled:
		return executor.Status(s)
	}
	return executor.Failed
}
