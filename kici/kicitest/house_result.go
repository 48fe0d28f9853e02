package kicitest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/executor/mask"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport/message"
)

// run reads what became of an event: what the orchestrator stored, and what the
// scripts saw.
func (d *Delivery) run(ctx context.Context, ids []kici.RunID) (*Run, error) {
	r := &Run{RunResult: RunResult{Event: d.event, Status: NotStarted}}
	if d.id != "" {
		delivery, err := d.h.orch.Delivery(ctx, d.id)
		if err != nil {
			return nil, err
		}
		var traces []intake.Trace
		_ = json.Unmarshal(delivery.Trace, &traces) // too long a trace is left out of the log
		for _, t := range traces {
			r.Decisions = append(r.Decisions, t.Decisions...)
			if t.Problem != "" {
				r.Notices = append(r.Notices, t.Problem)
			}
		}
	}
	for _, id := range ids {
		w, end, err := d.workflow(ctx, id, &r.Log)
		if err != nil {
			return nil, err
		}
		r.Workflows = append(r.Workflows, *w)
		r.Duration = max(r.Duration, end.Sub(d.at))
	}
	r.Status = worst(r.Workflows)
	d.played(r, ids)
	r.Subject = Subject[*Run]{self: r, run: r, t: d.h.t, what: "the run", status: r.Status, log: func() string { return r.Log }}
	for _, w := range r.Workflows {
		if r.reason == "" && w.Status == r.Status {
			r.reason, r.failure = w.Reason, w.Failure
		}
	}
	return r, nil
}

// played adds what the scripts of the house have seen of these runs.
func (d *Delivery) played(r *Run, ids []kici.RunID) {
	p := d.h.running
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := func(what any) bool { return slices.Contains(ids, kici.RunID(p.owners[what])) }
	since := d.at.Sub(p.begin)
	for _, c := range p.calls {
		if mine(c) {
			call := *c
			call.Started -= since
			r.Calls = append(r.Calls, call)
		}
	}
	for _, q := range p.requests {
		if mine(q) {
			req := *q
			req.Started -= since
			r.Requests = append(r.Requests, req)
		}
	}
	secrets := p.settings.hidden()
	for _, e := range p.emitted {
		if mine(e) {
			out := *e
			out.Payload = decode(json.RawMessage(secrets.String(asJSON(e.Payload))))
			r.Emitted = append(r.Emitted, out)
		}
	}
}

// hidden masks what the options call secret.
func (s *settings) hidden() *mask.Set {
	var values []string
	for _, pair := range slices.Concat(s.secrets, s.contexts) {
		_, v, _ := strings.Cut(pair, "=")
		values = append(values, v)
	}
	return mask.NewSet(values...)
}

// workflow is one run; its log is appended.
func (d *Delivery) workflow(ctx context.Context, id kici.RunID, log *string) (w *WorkflowResult, end time.Time, err error) {
	run, jobs, err := d.h.orch.Lookup(ctx, id)
	if err != nil {
		return nil, end, err
	}
	w = &WorkflowResult{
		Name: run.Workflow, Status: Status(run.Status), Reason: run.Reason, Group: run.Group, Duration: run.FinishedAt.Sub(run.CreatedAt),
	}
	slices.SortStableFunc(jobs, func(a, b engine.Job) int { return a.Place - b.Place })
	for i := range jobs {
		j, err := d.job(ctx, &jobs[i])
		if err != nil {
			return nil, end, err
		}
		w.Jobs = append(w.Jobs, *j)
		if j.Name == local.FinallyJob {
			w.Hooks = j.Steps
		}
		*log += j.Log
	}
	return w, run.FinishedAt, nil
}

// name is a job's in the words of this package: those around an author's jobs are
// called alike everywhere.
func name(j *engine.Job) string {
	switch {
	case strings.HasPrefix(j.Name, runs.InitPrefix):
		return local.PrepareJob
	case strings.HasPrefix(j.Name, runs.FinallyPrefix):
		return local.FinallyJob
	}
	return j.Name
}

func (d *Delivery) job(ctx context.Context, j *engine.Job) (*JobResult, error) {
	out := &JobResult{Name: name(j), Base: j.Base, Status: Status(j.Status), Reason: j.Reason}
	var spec jobspec.Spec
	_ = json.Unmarshal(j.Spec, &spec) // the orchestrator wrote it
	if len(spec.Matrix) > 0 {
		out.Matrix = maps.Collect(spec.Matrix.All())
	}
	for _, n := range j.Needs {
		out.Needs = append(out.Needs, n.Upstream)
	}
	var res jobspec.Result
	if len(j.Detail) > 0 {
		_ = json.Unmarshal(j.Detail, &res)
	}
	out.Failure, out.Rules = failure(res.Failure), rules(res.Rules)
	out.Outputs, out.Environment, out.SecretsRead = decode(j.Outputs), res.Environment, res.SecretsRead
	if !j.StartedAt.IsZero() {
		out.Started = j.StartedAt.Sub(d.at)
		out.Duration = j.FinishedAt.Sub(j.StartedAt)
	}
	attempts, steps, err := d.h.orch.Attempts(ctx, j.ID)
	if err != nil || len(attempts) == 0 {
		return out, err
	}
	logs := map[int]string{}
	var all strings.Builder
	for line, err := range d.h.orch.Log(ctx, attempts[len(attempts)-1].ID) {
		if err != nil {
			return nil, err
		}
		logs[line.Step] += line.Text + "\n"
		if line.Step >= 0 { // what the agent says itself is no output
			all.WriteString(line.Text + "\n")
		}
	}
	out.Log = all.String()
	for i := range steps {
		out.Steps = append(out.Steps, step(&steps[i], logs))
	}
	return out, nil
}

func step(s *engine.Step, logs map[int]string) StepResult {
	var data message.StepData
	if len(s.Data) > 0 {
		_ = json.Unmarshal(s.Data, &data) // it came as such
	}
	out := StepResult{
		Name: s.Name, Status: Status(s.Status), Tolerated: data.Tolerated, Failure: failure(data.Failure), Rules: rules(data.Rules),
		Outputs: decode(data.Outputs), Log: logs[s.Index], File: data.File, Line: data.Line,
	}
	out.Kind, _, _ = strings.Cut(s.Kind, ":")
	if !s.FinishedAt.IsZero() {
		out.Duration = time.Duration(data.DurationMS * float64(time.Millisecond))
	}
	return out
}

func failure(raw json.RawMessage) *Failure {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	f := &Failure{}
	if json.Unmarshal(raw, f) != nil {
		return nil
	}
	return f
}
