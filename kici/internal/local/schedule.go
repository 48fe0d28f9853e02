package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine/needs"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// scheduler runs the jobs of a plan. One goroutine owns it; jobs report to it
// over a channel.
type scheduler struct {
	flow     *flow
	plan     *plan.Plan
	outcomes needs.Outcomes
	raw      map[string]json.RawMessage   // outputs by job, unmasked
	secrets  map[string][]executor.Secret // published, by job
	results  map[string]JobResult
	done     chan ended
	running  int
	started  map[string]bool
	turns    map[string]bool         // concurrency groups of jobs under way
	cancel   context.CancelCauseFunc // of the jobs that run
}

type ended struct {
	job    *plan.Job
	result JobResult
	raw    executor.Result
	host   *host
}

var errFailFast = errors.New("another job failed")

// schedule runs the plan to its end and settles the workflow's status.
func (f *flow) schedule(ctx context.Context, p *plan.Plan) {
	jobCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &scheduler{
		flow: f, plan: p, outcomes: needs.Outcomes{}, raw: map[string]json.RawMessage{}, secrets: map[string][]executor.Secret{},
		results: map[string]JobResult{}, done: make(chan ended), started: map[string]bool{}, turns: map[string]bool{}, cancel: cancel,
	}
	for {
		s.advance(jobCtx)
		if s.running == 0 {
			break
		}
		s.finish(<-s.done)
	}
	for i := range p.Jobs {
		name := p.Jobs[i].Name
		res, ok := s.results[name]
		if !ok { // cannot happen; hiding it would turn a lost job into a green run
			res = JobResult{Name: name, Result: executor.Result{Status: executor.Failed, Failure: executor.Broken("local: the job was never decided about")}}
		}
		f.result.Jobs = append(f.result.Jobs, res)
	}
	f.settle(ctx)
}

// advance starts and skips whatever can be decided now.
func (s *scheduler) advance(ctx context.Context) {
	for _, d := range needs.Next(s.plan, s.outcomes, needs.Options{Cancelled: ctx.Err() != nil}) {
		job := s.plan.Find(d.Job)
		if job == nil || s.started[d.Job] {
			continue
		}
		switch d.Action {
		case needs.Start:
			if s.running < s.flow.run.o.Concurrency && !s.turns[job.ConcurrencyGroup] {
				s.start(ctx, job)
			}
		case needs.Skip, needs.Cancel:
			s.drop(ctx, job, d)
		}
	}
}

// drop reports a job that will not run.
func (s *scheduler) drop(ctx context.Context, job *plan.Job, d needs.Decision) {
	res := JobResult{Name: job.Name, Base: job.Base, Matrix: matrixMap(job), ByNeeds: true}
	res.Status, res.Reason = executor.Skipped, d.Reason
	outcome := needs.Outcome{Status: status.JobSkipped}
	cause := context.Cause(ctx)
	if d.Action == needs.Cancel {
		outcome.Status = status.JobCancelled
		if errors.Is(cause, errFailFast) { // what waits is skipped, what runs is cancelled
			res.Reason = cause.Error()
		} else {
			res.Status, res.Reason, res.ByNeeds = executor.Cancelled, cause.Error(), false
		}
	}
	s.started[job.Name] = true
	s.outcomes[job.Name] = outcome
	s.results[job.Name] = res
	s.flow.run.observe(JobFinished{s.flow.lock.Name, res})
}

func (s *scheduler) start(ctx context.Context, job *plan.Job) {
	s.started[job.Name] = true
	s.outcomes[job.Name] = needs.Outcome{Status: status.JobRunning}
	s.running++
	if job.ConcurrencyGroup != "" {
		s.turns[job.ConcurrencyGroup] = true
	}
	task, own := s.task(job)
	go func() {
		h := s.flow.host(job.Name, own)
		task.Secrets = h.secrets("")
		raw := s.perform(ctx, job, task, h)
		h.Flush()
		res := JobResult{Name: job.Name, Base: job.Base, Matrix: matrixMap(job), Result: h.Result(*raw), Logs: h.logs}
		s.flow.run.observe(JobFinished{s.flow.lock.Name, res})
		s.done <- ended{job, res, *raw, h}
	}()
}

// perform runs a job when it is its turn.
func (s *scheduler) perform(ctx context.Context, job *plan.Job, task *executor.Job, h *host) *executor.Result {
	lock, failure := s.flow.jobTurn(ctx, job)
	if failure != nil {
		out := &executor.Result{Status: executor.Failed, Failure: failure, Reason: failure.Message}
		if failure.Kind == executor.Interrupted {
			out.Status = executor.Cancelled
		}
		return out
	}
	defer s.flow.release(lock)
	s.flow.run.observe(JobStarted{s.flow.lock.Name, job.Name})
	return s.flow.run.perform(ctx, executor.Task{Job: task, Host: h, Force: s.flow.run.o.Force}, job.Lock)
}

// finish takes in what a job left.
func (s *scheduler) finish(e ended) {
	s.running--
	delete(s.turns, e.job.ConcurrencyGroup)
	s.results[e.job.Name] = e.result
	s.flow.emitted = append(s.flow.emitted, e.host.emitted...)
	outcome := needs.Outcome{ByRule: e.raw.Status == executor.Skipped}
	switch e.raw.Status {
	case executor.Success:
		outcome.Status = status.JobSuccess
	case executor.Skipped:
		outcome.Status = status.JobSkipped
	case executor.Cancelled:
		outcome.Status = status.JobCancelled
	default:
		outcome.Status = status.JobFailed
		if !s.flow.run.o.KeepGoing && !s.tolerated(e.job.Name) {
			s.cancel(errFailFast)
		}
	}
	s.outcomes[e.job.Name] = outcome
	if len(e.raw.Outputs) > 0 && e.raw.Status == executor.Success {
		s.raw[e.job.Name] = e.raw.Outputs
	}
	s.secrets[e.job.Name] = e.raw.Secrets
}

// tolerated: some job asked to run although this one failed. Failing fast
// would break that promise.
func (s *scheduler) tolerated(name string) bool {
	for i := range s.plan.Jobs {
		for _, n := range s.plan.Jobs[i].Needs {
			if n.RunOnFailure && slices.Contains(n.Upstream, name) {
				return true
			}
		}
	}
	return false
}

// task makes the executor's job of a planned one.
func (s *scheduler) task(job *plan.Job) (*executor.Job, []executor.Secret) {
	t := s.flow.job(executor.KindJob, job.Name)
	spec := jobspec.SpecFor(s.flow.lock, s.plan, job)
	if s.flow.run.o.Job != "" { // the plan was cut down, so siblings are missing
		spec.Siblings = nil
	}
	t.Base, t.Needs = spec.Base, spec.Needs
	t.Origin.Index, t.Origin.Generated, t.Origin.Siblings = spec.Index, spec.Generated, spec.Siblings
	if !spec.Generated {
		t.Inline = inlineFields(s.flow.lock.Jobs[spec.Index].Static)
	}
	if len(spec.Matrix) > 0 {
		t.Matrix, _ = json.Marshal(spec.Matrix) // a map of strings always encodes
	}
	t.Upstream = jobspec.Upstream(s.plan, job, s.raw)
	var own []executor.Secret
	for _, edge := range job.Needs {
		for _, name := range edge.Upstream {
			own = append(own, s.secrets[name]...)
		}
	}
	return t, own
}

// inlineFields names the fields of a job whose functions are in the lock file.
func inlineFields(job *lockfile.StaticJob) (names []string) {
	if job.Environment != nil && job.Environment.Inline != nil {
		names = append(names, "environment")
	}
	if job.Env != nil && job.Env.Inline != nil {
		names = append(names, "env")
	}
	return names
}

func matrixMap(job *plan.Job) map[string]string {
	if len(job.Matrix) == 0 {
		return nil
	}
	out := map[string]string{}
	for k, v := range job.Matrix.All() {
		out[k] = v
	}
	return out
}

// settle says how the workflow ended. As on a server, a job that failed weighs
// more than a cancellation.
func (f *flow) settle(ctx context.Context) {
	var bad []string
	ran, failed := len(f.result.Jobs) == 0, false
	for i := range f.result.Jobs {
		j := &f.result.Jobs[i]
		switch {
		case j.Status == executor.Failed:
			bad, failed = append(bad, j.Name), true
			if f.result.Failure == nil {
				f.result.Failure = j.Failure
			}
		case j.Status == executor.Cancelled || j.Status == executor.Skipped && j.ByNeeds:
			bad = append(bad, j.Name)
		}
		ran = ran || j.Status != executor.Skipped
	}
	switch {
	case ctx.Err() != nil:
		f.result.Status, f.result.Reason = executor.Cancelled, context.Cause(ctx).Error()
		if failed {
			f.result.Status = executor.Failed
		}
	case len(bad) > 0:
		f.result.Status, f.result.Reason = executor.Failed, fmt.Sprintf("jobs that did not succeed: %s", strings.Join(bad, ", "))
	case !ran:
		f.result.Status, f.result.Reason = executor.Skipped, "every job was skipped by a rule"
	}
}
