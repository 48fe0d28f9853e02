package runs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

func TestChain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(workflow(job("a"), job("b", "a"), job("c", "b")))
	b.want(id, "a=queued b=pending c=pending run=pending")
	a := b.take("a")
	b.apply(started(a))
	b.want(id, "a=running b=pending c=pending run=running")
	b.apply(finished(a, jobspec.Success, func(r *jobspec.Result) { r.Outputs = json.RawMessage(`{"v":1}`) }))
	b.want(id, "a=success b=queued c=pending run=running")
	if got := string(b.job(id, "a").Outputs); got != `{"v":1}` {
		t.Errorf("outputs %s", got)
	}
	b.do("b", jobspec.Success)
	b.do("c", jobspec.Success)
	b.want(id, "a=success b=success c=success run=success")
	if r := b.run(id); r.StartedAt.IsZero() || r.FinishedAt.IsZero() || r.Reason != "" {
		t.Errorf("%+v", r)
	}
}

func TestFailureSkips(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(workflow(job("a"), job("b", "a"), job("c", "b"), job("report", "c!"), job("other")))
	b.do("a", jobspec.Failed)
	b.want(id, "a=failed b=skipped c=skipped report=queued other=queued run=running")
	if j := b.job(id, "c"); j.Reason != "upstream_failed: b" {
		t.Errorf("reason %q", j.Reason)
	}
	for name, a := range b.claim() {
		t.Log("offered", name)
		b.end(a, jobspec.Success)
	}
	b.want(id, "a=failed b=skipped c=skipped report=success other=success run=failed")
	if r := b.run(id); !strings.Contains(r.Reason, "a") {
		t.Errorf("reason %q", r.Reason)
	}
}

func TestSkippedByRule(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(workflow(job("a"), job("b", "a")))
	b.do("a", jobspec.Skipped)
	b.do("b", jobspec.Skipped)
	b.want(id, "a=skipped b=skipped run=skipped")
}

func ruled(w lockfile.Workflow) lockfile.Workflow {
	w.Rules = []lockfile.RuleRef{{Type: "dynamic", Label: "only on days", Source: lockfile.RefSource{File: w.Source.File}}}
	return w
}

func answer(p jobspec.Prepared) func(*jobspec.Result) {
	return func(r *jobspec.Result) { r.Prepared = &p }
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := ruled(workflow(job("a"), lockfile.Job{Dynamic: &lockfile.DynamicJob{Type: "dynamic", Group: "g"}}, lockfile.Job{Static: &lockfile.StaticJob{
		Type: "static", Name: "last", Needs: []lockfile.Need{{Group: "g"}}}}))
	id := b.create(w)
	b.want(id, "__init__ci=queued run=pending")
	b.do("__init__ci", jobspec.Success, answer(jobspec.Prepared{Generators: map[int][]jobspec.Generated{1: {{Name: "x"}, {Name: "y"}}}}))
	b.want(id, "__init__ci=success a=queued x=queued y=queued last=pending run=running")
	for _, a := range b.claim() {
		b.end(a, jobspec.Success)
	}
	b.do("last", jobspec.Success)
	b.want(id, "__init__ci=success a=success x=success y=success last=success run=success")
}

func TestPrepareSaysNo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(ruled(workflow(job("a"))))
	b.do("__init__ci", jobspec.Success, answer(jobspec.Prepared{Skipped: true}))
	b.want(id, "__init__ci=success run=skipped")
	failed := b.create(ruled(workflow(job("a"))))
	b.do("__init__ci", jobspec.Failed)
	b.want(failed, "__init__ci=failed run=failed")
	if r := b.run(failed); r.Reason != "exit code 1" {
		t.Errorf("reason %q", r.Reason)
	}
	odd := b.create(ruled(workflow(job("a"))))
	b.do("__init__ci", jobspec.Success)
	b.want(odd, "__init__ci=success run=failed")
}

func TestFinally(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		job, hooks      jobspec.Status
		want            string
		outcome, failed string
	}{
		{"success", jobspec.Success, jobspec.Success, "a=success __finally__ci=success run=success", "success", ""},
		{"failure", jobspec.Failed, jobspec.Success, "a=failed __finally__ci=success run=failed", "failed", "build"},
		{"hook fails", jobspec.Success, jobspec.Failed, "a=success __finally__ci=failed run=failed", "success", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			w := workflow(job("a"))
			w.HasCleanup = true
			id := b.create(w)
			b.do("a", c.job, func(r *jobspec.Result) { r.FailedStep = c.failed })
			if b.run(id).Status.Terminal() {
				t.Fatal("the run is over before its hooks")
			}
			var s jobspec.Spec
			b.must("spec", json.Unmarshal(b.job(id, "__finally__ci").Spec, &s))
			if s.Outcome == nil || string(s.Outcome.Status) != c.outcome || s.Outcome.FailedStep != c.failed {
				t.Errorf("outcome %+v", s.Outcome)
			}
			b.do("__finally__ci", c.hooks)
			b.want(id, c.want)
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := workflow(job("a"), job("b"), job("c", "a"))
	w.HasOnCancel = true
	id := b.create(w)
	got := b.claim()
	b.apply(started(got["a"])) // b is out, and has not said so
	n, err := b.Cancel(context.Background(), id, runs.Cancel{By: "me"})
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
	b.want(id, "a=cancelling b=cancelled c=cancelled run=cancelling")
	if stale := b.apply(started(got["b"])); len(stale) != 1 {
		t.Errorf("b may still write: %v", stale)
	}
	mine := got["a"]
	b.tx(func(tx store.Tx) error {
		a, err := tx.Queue().Check(context.Background(), mine.Token())
		if err == nil && a.Cancel != "cancelled by me" {
			t.Errorf("the agent is told %q", a.Cancel)
		}
		return err
	})
	b.apply(finished(got["a"], jobspec.Cancelled))
	b.want(id, "a=cancelled b=cancelled c=cancelled __finally__ci=queued run=cancelling")
	b.do("__finally__ci", jobspec.Success)
	b.want(id, "a=cancelled b=cancelled c=cancelled __finally__ci=success run=cancelled")
	_, err = b.Cancel(context.Background(), id, runs.Cancel{})
	is(t, "twice", err, runs.ErrFinished)
}

func TestCancelByForce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := workflow(job("a"), job("b", "a"))
	w.HasOnCancel = true
	id := b.create(w)
	a := b.take("a")
	b.apply(started(a))
	_, err := b.Cancel(context.Background(), id, runs.Cancel{By: "me", Reason: "enough"})
	b.must("cancel", err)
	_, err = b.Cancel(context.Background(), id, runs.Cancel{By: "me", Force: true})
	b.must("force", err)
	b.want(id, "a=cancelled b=cancelled run=cancelled")
	if stale := b.apply(finished(a, jobspec.Success)); len(stale) != 1 {
		t.Error("the agent may still write")
	}
	if r := b.run(id); r.Reason != "enough" || r.CancelledBy != "me" {
		t.Errorf("%+v", r)
	}
}

func TestCancelBeforeAnybodyHasIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(workflow(job("a"), job("b", "a")))
	n, err := b.CancelBranch(context.Background(), "a/b", "main", runs.Cancel{By: "me"})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	b.want(id, "a=cancelled b=cancelled run=cancelled")
	if len(b.claim()) != 0 {
		t.Error("a cancelled job is offered")
	}
}

// A run may be cancelled at the moment at which an agent takes its jobs.
func TestCancelWhileTaken(t *testing.T) {
	t.Parallel()
	b := setupOnPostgres(t)
	for range 12 {
		var jobs []lockfile.Job
		for i := range 8 {
			jobs = append(jobs, job(fmt.Sprint("j", i)))
		}
		id := b.create(workflow(jobs...))
		var g errgroup.Group
		g.Go(func() error {
			_, err := b.Cancel(context.Background(), id, runs.Cancel{By: "me"})
			return err
		})
		g.Go(func() error { b.claim(); return nil })
		b.must("cancel", g.Wait())
		if r := b.run(id); r.Status != status.RunCancelled {
			t.Fatalf("the run is %s", b.states(id))
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	w := workflow(job("a"))
	limit := 60_000.0
	w.Timeout = &limit
	slow, waiting := b.create(w), engine.RunID("")
	a := b.take("a")
	b.apply(started(a))
	waiting = b.create(workflow(job("z")))
	b.pass(time.Minute - time.Microsecond)
	_, err := b.Tick(ctx, b.clock())
	b.must("tick", err)
	b.want(slow, "a=running run=running")
	b.pass(time.Microsecond)
	_, err = b.Tick(ctx, b.clock())
	b.must("tick", err)
	b.want(slow, "a=cancelling run=cancelling")
	b.apply(finished(a, jobspec.Cancelled))
	b.want(slow, "a=cancelled run=cancelled")
	if r := b.run(slow); r.Reason != runs.ReasonWorkflowTimeout {
		t.Errorf("reason %q", r.Reason)
	}
	b.pass(time.Hour)
	_, err = b.Tick(ctx, b.clock())
	b.must("tick", err)
	b.want(waiting, "z=timed_out_stale run=failed")
}

func TestLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	id := b.create(workflow(job("a")))
	first := b.take("a")
	b.apply(started(first))
	b.must("lost", b.Lost(ctx, first.Token(), "its agent is silent"))
	b.want(id, "a=queued run=running")
	is(t, "again", b.Lost(ctx, first.Token(), ""), engine.ErrStale)
	b.pass(time.Second)
	second := b.take("a")
	if second.Fence <= first.Fence {
		t.Error("the fence did not rise")
	}
	if stale := b.apply(started(first), finished(first, jobspec.Success), started(second)); len(stale) != 1 || stale[0] != first.Token() {
		t.Errorf("stale %v", stale)
	}
	b.want(id, "a=running run=running")
	b.apply(stepped(second, status.StepRunning))
	b.must("lost", b.Lost(ctx, second.Token(), "its agent is silent"))
	b.want(id, "a=recovering run=running")
	b.apply(stepped(second, status.StepSuccess)) // it is back
	b.want(id, "a=running run=running")
	b.must("lost", b.Lost(ctx, second.Token(), "silent"))
	b.must("abandon", b.Abandon(ctx, second.Token(), "the agent did not come back"))
	b.want(id, "a=failed run=failed")
	var res jobspec.Result
	b.must("detail", json.Unmarshal(b.job(id, "a").Detail, &res))
	if !res.Infrastructure || !strings.HasPrefix(b.job(id, "a").Reason, "infrastructure: ") {
		t.Errorf("%+v", res)
	}
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(workflow(job("a")))
	for i := range runs.MaxTries {
		a := b.take("a")
		if i == 0 { // a busy agent is no try
			b.apply(runs.Report{Token: a.Token(), Run: a.Run, Rejected: "busy"})
			b.pass(time.Second)
			a = b.take("a")
		}
		b.must("retry", b.Retry(context.Background(), a.Token(), "no answer"))
		b.pass(time.Second)
	}
	b.want(id, "a=failed run=failed")
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	id := b.create(workflow(job("a"), job("b", "a"), job("c", "b")))
	_, err := b.Repeat(ctx, id, runs.Repeat{})
	is(t, "too early", err, runs.ErrUnfinished)
	b.do("a", jobspec.Success, func(r *jobspec.Result) { r.Outputs = json.RawMessage(`{"v":1}`) })
	b.do("b", jobspec.Failed)
	again, err := b.Repeat(ctx, id, runs.Repeat{By: "me", FailedOnly: true})
	b.must("repeat", err)
	b.want(again, "a=success b=queued c=pending run=pending")
	if string(b.job(again, "a").Outputs) != `{"v":1}` {
		t.Error("outputs were not taken over")
	}
	_, err = b.Repeat(ctx, id, runs.Repeat{})
	is(t, "at once", err, runs.ErrTooSoon)
	b.do("b", jobspec.Success)
	b.do("c", jobspec.Success)
	b.want(again, "a=success b=success c=success run=success")
	b.pass(time.Minute)
	_, err = b.Repeat(ctx, again, runs.Repeat{FailedOnly: true})
	is(t, "nothing failed", err, runs.ErrNothingFailed)
	whole, err := b.Repeat(ctx, again, runs.Repeat{By: "me"})
	b.must("repeat", err)
	b.want(whole, "a=queued b=pending c=pending run=pending")
	if r := b.run(whole); r.Parent != again || r.Original != id || r.TriggeredBy != "me" || r.Ref.SHA != "1" {
		t.Errorf("%+v", r)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(workflow(job("a")))
	done := make(chan []string)
	go func() {
		var kinds []string
		for e, err := range b.Watch(context.Background(), id, 0) {
			if err != nil {
				t.Error(err)
			}
			kinds = append(kinds, e.Kind)
		}
		done <- kinds
	}()
	b.do("a", jobspec.Success)
	if got := strings.Join(<-done, " "); got != "run.created job.created job.queued job.started run.started step.started step.finished job.finished run.finished" {
		t.Error(got)
	}
	for _, err := range b.Watch(context.Background(), "none", 0) {
		is(t, "missing", err, engine.ErrNotFound)
	}
	for range b.Watch(context.Background(), id, 1<<40) {
		t.Error("there is nothing after the end")
	}
}

func TestReportsAreRepeatable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(workflow(job("a"), job("b", "a")))
	a := b.take("a")
	all := []runs.Report{started(a), stepped(a, status.StepRunning), stepped(a, status.StepSuccess), finished(a, jobspec.Success)}
	b.apply(append(all, all...)...)
	b.want(id, "a=success b=queued run=running")
	if stale := b.apply(all...); len(stale) != 1 {
		t.Errorf("stale %v", stale)
	}
	if stale := b.apply(runs.Report{Token: engine.Token{Job: "none"}, Run: "none", Started: true}); len(stale) != 1 {
		t.Error("an attempt that never was may write")
	}
	mine := b.take("b")
	b.tx(func(tx store.Tx) error {
		stale, err := b.ApplyTx(context.Background(), tx, "another", []runs.Report{started(mine), finished(mine, jobspec.Success)})
		if len(stale) != 1 {
			t.Error("an agent may write about the job of another")
		}
		return err
	})
	b.want(id, "a=success b=queued run=running")
}
