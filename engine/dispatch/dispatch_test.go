package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// bench lives inside a bubble of synctest: time passes when nobody works.
type bench struct {
	*dispatch.Dispatcher
	t     *testing.T
	store store.Store
	runs  *runs.Runs
	ids   atomic.Int64
	ctx   context.Context
	group sync.WaitGroup
}

// in runs a test in a bubble, with a dispatcher at work.
func in(t *testing.T, c dispatch.Config, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(context.Background())
		s, err := sqlite.Open(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t: t, store: s, ctx: ctx}
		b.must(s.Migrate(ctx, time.Now()))
		id := func() string { return fmt.Sprintf("id-%06d", b.ids.Add(1)) }
		b.runs = runs.New(s, runs.Config{Now: time.Now, NewID: id})
		c.NewID, c.Instance, c.Log = id, "one", slog.New(slog.DiscardHandler)
		if c.Now == nil {
			c.Now = time.Now
		}
		c.Repositories = nowhere{}
		b.Dispatcher = dispatch.New(s, b.runs, c)
		b.group.Go(func() {
			if err := b.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		defer func() {
			stop()
			b.group.Wait()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(b)
	})
}

type nowhere struct{}

func (nowhere) Clone(context.Context, *engine.Run) (provider.Clone, error) {
	return provider.Clone{URL: "file:///r"}, nil
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// link is an agent that does what the test says.
type link struct {
	member *dispatch.Member
	stop   context.CancelFunc

	mu     sync.Mutex // guards what follows
	got    []*dispatch.Assignment
	stops  []dispatch.Stop
	closed []dispatch.Close
	frozen time.Time // since when nothing comes from it; zero while it lives
}

func (l *link) Heard() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen.IsZero() {
		return time.Now()
	}
	return l.frozen
}

// freeze stops the agent; its connection stands.
func (l *link) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = time.Now()
}

func (l *link) Dispatch(_ context.Context, a *dispatch.Assignment) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, a)
	return nil
}

func (l *link) Stop(_ context.Context, s dispatch.Stop) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stops = append(l.stops, s)
	return nil
}

func (l *link) Close(why dispatch.Close, _ string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = append(l.closed, why)
	l.stop()
}

// take empties what the agent was given.
func (l *link) take() []*dispatch.Assignment {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.got
	l.got = nil
	return got
}

func (l *link) asked() []dispatch.Stop {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stops
}

// connect brings an agent.
func (b *bench) connect(id string, slots int, labels []engine.Label, has ...dispatch.InFlight) *link {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.ctx)
	l := &link{stop: stop}
	m, err := b.Connect(ctx, dispatch.Hello{Agent: engine.Agent{ID: engine.AgentID(id), Slots: slots, Labels: labels}, InFlight: has}, l)
	b.must(err)
	l.member = m
	b.group.Go(func() {
		if err := m.Serve(ctx); err != nil {
			b.t.Error(err)
		}
	})
	return l
}

func (b *bench) create(names ...string) engine.RunID {
	b.t.Helper()
	w := lockfile.Workflow{Name: "ci", Source: lockfile.Source{File: "ci.ts", Export: "#default"}}
	for _, n := range names {
		w.Jobs = append(w.Jobs, lockfile.Job{Static: &lockfile.StaticJob{Type: "static", Name: n, RunsOn: lockfile.Labels{"linux"}}})
	}
	return b.start(w)
}

func (b *bench) start(w lockfile.Workflow) engine.RunID {
	b.t.Helper()
	f := &lockfile.File{Workflows: []lockfile.Workflow{w}}
	b.must(lockfile.Seal(f))
	lock, err := lockfile.Encode(f)
	b.must(err)
	var id engine.RunID
	b.must(b.store.Tx(b.ctx, func(tx store.Tx) (err error) {
		id, err = b.runs.CreateTx(b.ctx, tx, runs.Request{Ref: engine.Ref{Repo: "a/b", SHA: "1"}, Workflow: &w, Lock: lock,
			Event: &event.Event{Type: event.Push, Payload: json.RawMessage("{}"), ChangedFiles: []string{"x"}}})
		return err
	}))
	return id
}

func (b *bench) job(id engine.RunID, name string) (out engine.Job) {
	b.t.Helper()
	synctest.Wait()
	b.must(b.store.View(b.ctx, func(tx store.Tx) error {
		js, err := tx.Jobs().Of(b.ctx, id)
		for _, j := range js {
			if j.Name == name {
				out = j
			}
		}
		return err
	}))
	return out
}

func (b *bench) want(id engine.RunID, name string, s status.Job) {
	b.t.Helper()
	if j := b.job(id, name); j.Status != s {
		b.t.Errorf("%s is %s (%s), want %s", name, j.Status, j.Reason, s)
	}
}

func report(a *dispatch.Assignment, r runs.Report) runs.Report {
	r.Token, r.Run = a.Attempt.Token(), a.Attempt.Run
	return r
}

func (b *bench) say(l *link, a *dispatch.Assignment, rs ...runs.Report) {
	b.t.Helper()
	for i := range rs {
		rs[i] = report(a, rs[i])
	}
	b.must(l.member.Report(b.ctx, rs))
}

var linux = []engine.Label{"linux"}

func step(s status.Step) runs.Report {
	return runs.Report{Step: &engine.Step{Kind: "step", Name: "one", Status: s}}
}

func done(s jobspec.Status) runs.Report {
	return runs.Report{Finished: &runs.Finished{Result: jobspec.Result{Status: s}}}
}

func TestJobsGoToFreeSlots(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("a", "b", "c")
		l := b.connect("one", 2, linux)
		other := b.connect("two", 4, []engine.Label{"windows"})
		got := l.take()
		if len(got) != 2 || len(other.take()) != 0 {
			t.Fatalf("%d jobs", len(got))
		}
		if a := got[0]; a.Ref.SHA != "1" || a.Clone.URL != "file:///r" || a.Spec.Workflow != "ci" || len(a.Input.ChangedFiles) != 1 || !a.Trusted {
			t.Errorf("%+v", a)
		}
		b.say(l, got[0], runs.Report{Acked: true}, runs.Report{Started: true}, done(jobspec.Success))
		b.want(id, got[0].Spec.Name, status.JobSuccess)
		if got := l.take(); len(got) != 1 {
			t.Errorf("a free slot got %d jobs", len(got))
		}
		if agents, busy := b.Connected(); agents != 2 || busy != 2 {
			t.Error(agents, busy)
		}
	})
}

func TestJobsAreSpread(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		one, two := b.connect("one", 4, linux), b.connect("two", 4, linux)
		b.create("a", "b", "c", "d")
		if x, y := len(one.take()), len(two.take()); x != 2 || y != 2 {
			t.Errorf("%d and %d", x, y)
		}
	})
}

// A drained agent keeps what it has and gets nothing more, also after it has
// connected again, until an operator lets it.
func TestDrained(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		l := b.connect("one", 2, linux)
		first := b.create("a")
		had := l.take()[0]
		b.must(b.DrainAgent(b.ctx, "one", true))
		synctest.Wait()
		id := b.create("b")
		if got := l.take(); len(got) != 0 {
			t.Errorf("a drained agent got %d jobs", len(got))
		}
		b.say(l, had, runs.Report{Acked: true}, runs.Report{Started: true}, done(jobspec.Success))
		b.want(first, "a", status.JobSuccess)
		l.stop()
		again := b.connect("one", 2, linux)
		if got := again.take(); len(got) != 0 {
			t.Errorf("connected again it got %d jobs", len(got))
		}
		b.must(b.DrainAgent(b.ctx, "one", false))
		if got := again.take(); len(got) != 1 || got[0].Attempt.Run != id {
			t.Errorf("let again it got %v", got)
		}
		if err := b.DrainAgent(b.ctx, "none", true); !errors.Is(err, engine.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("a")
		l := b.connect("one", 1, linux)
		first := l.take()[0]
		pass(12 * time.Second)
		synctest.Wait()
		if len(l.closed) != 1 || l.closed[0] != dispatch.CloseUnanswered {
			t.Errorf("closed %v", l.closed)
		}
		b.want(id, "a", status.JobQueued)
		again := b.connect("one", 1, linux)
		second := again.take()
		if len(second) != 1 || second[0].Attempt.Fence <= first.Attempt.Fence {
			t.Fatalf("%+v", second)
		}
	})
}

func TestBusyAndDraining(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		b.create("a")
		l := b.connect("one", 1, linux)
		b.say(l, l.take()[0], runs.Report{Rejected: "busy"})
		if len(l.take()) != 0 {
			t.Error("a busy agent was asked at once")
		}
		pass(3 * time.Second)
		got := l.take()
		if len(got) != 1 {
			t.Fatal("it was never asked again")
		}
		b.say(l, got[0], runs.Report{Rejected: dispatch.Draining})
		pass(time.Minute)
		if len(l.take()) != 0 {
			t.Error("a draining agent was given a job")
		}
	})
}

// An agent that freezes, or whose cable is pulled, keeps its connection for a
// while. What it has is given up as soon as if it had died, and it gets no more.
func TestAgentIsFrozen(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("quiet", "begun")
		l := b.connect("one", 3, linux)
		for _, a := range l.take() {
			b.say(l, a, runs.Report{Acked: true}, runs.Report{Started: true})
			if a.Spec.Name == "begun" {
				b.say(l, a, step(status.StepRunning))
			}
		}
		pass(time.Minute) // it lives: nothing is lost
		b.want(id, "begun", status.JobRunning)
		b.want(id, "quiet", status.JobRunning)
		l.freeze()
		frozen := time.Now()
		for b.job(id, "quiet").Status != status.JobQueued || b.job(id, "begun").Status != status.JobRecovering {
			if time.Since(frozen) > 15*time.Second {
				t.Fatal("a frozen agent was not noticed within 15 s")
			}
			pass(100 * time.Millisecond)
		}
		pass(5 * time.Second)
		if got := l.take(); len(got) != 0 {
			t.Errorf("a frozen agent was given %d jobs", len(got))
		}
	})
}

func TestAgentIsGone(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("quiet", "begun")
		l := b.connect("one", 2, linux)
		var quiet, begun *dispatch.Assignment
		for _, a := range l.take() {
			if a.Spec.Name == "quiet" {
				quiet = a
			} else {
				begun = a
			}
		}
		b.say(l, quiet, runs.Report{Started: true})
		b.say(l, begun, runs.Report{Started: true}, step(status.StepRunning))
		l.stop()
		gone := time.Now()
		for b.job(id, "quiet").Status != status.JobQueued {
			pass(time.Second)
			if time.Since(gone) > 15*time.Second {
				t.Fatal("an attempt without a step was not offered again within 15 s")
			}
		}
		b.want(id, "begun", status.JobRecovering)
		back := b.connect("one", 2, linux, dispatch.InFlight{Token: begun.Attempt.Token(), Run: id}, dispatch.InFlight{Token: quiet.Attempt.Token(), Run: id})
		b.want(id, "begun", status.JobRunning)
		if s := back.asked(); len(s) != 1 || s[0].Token != quiet.Attempt.Token() || !s[0].Force {
			t.Errorf("the agent was not told to give the other up: %+v", s)
		}
		back.stop()
		pass(140 * time.Second)
		b.want(id, "begun", status.JobFailed)
		if j := b.job(id, "begun"); j.Reason != "infrastructure: agent one did not come back within the recovery window of 2m0s" {
			t.Error(j.Reason)
		}
	})
}

// An agent that hangs, or is cut off without a word, keeps its connection for a
// while. Its jobs do not wait for the end of that.
func TestAgentHangs(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("quiet")
		l := b.connect("one", 1, linux)
		b.say(l, l.take()[0], runs.Report{Started: true})
		pass(time.Minute)
		b.want(id, "quiet", status.JobRunning)
		l.mu.Lock()
		l.frozen = time.Now()
		l.mu.Unlock()
		pass(20 * time.Second)
		b.want(id, "quiet", status.JobQueued)
	})
}

// An orchestrator that was stopped for a while has heard nobody in that time, and
// does not take its agents for dead when it goes on.
func TestStoppedForAWhile(t *testing.T) {
	t.Parallel()
	var away atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(away.Load())) }
	in(t, dispatch.Config{Now: clock}, func(b *bench) {
		id := b.create("quiet")
		l := b.connect("one", 1, linux)
		b.say(l, l.take()[0], runs.Report{Started: true})
		pass(20 * time.Second)
		heard := func(at time.Time) {
			l.mu.Lock()
			l.frozen = at
			l.mu.Unlock()
		}
		heard(clock())
		away.Store(int64(time.Minute))
		pass(5 * time.Second)
		b.want(id, "quiet", status.JobRunning)
		heard(clock())
		pass(12 * time.Second)
		b.want(id, "quiet", status.JobRunning)
		pass(10 * time.Second) // and now it is really silent
		b.want(id, "quiet", status.JobQueued)
	})
}

// A run that nothing can be decided about, because what is stored of it is
// damaged, does not keep the others from being looked after.
func TestDamagedRunHidesNobody(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		b.must(b.store.Tx(b.ctx, func(tx store.Tx) error {
			return tx.Runs().Insert(b.ctx, &engine.Run{ID: "damaged", Workflow: "ci", Status: status.RunRunning, Timeout: time.Second,
				CreatedAt: time.Now(), StartedAt: time.Now()}, &engine.Snapshot{Lock: []byte("{"), Event: []byte("{}"), Plan: []byte("{}")})
		}))
		pass(2 * time.Second) // it is overdue from now on, every second
		if err := b.runs.Recover(b.ctx); err == nil || !strings.Contains(err.Error(), "recover damaged") {
			t.Errorf("recovered: %v", err)
		}
		id := b.create("quiet")
		l := b.connect("one", 1, linux)
		b.say(l, l.take()[0], runs.Report{Started: true})
		l.stop()
		gone := time.Now()
		for b.job(id, "quiet").Status != status.JobQueued {
			pass(time.Second)
			if time.Since(gone) > 20*time.Second {
				t.Fatal("an attempt without a step was not offered again within 20 s")
			}
		}
	})
}

func TestAgentStartedAnew(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("a", "b")
		l := b.connect("one", 2, linux)
		for _, a := range l.take() {
			if a.Spec.Name == "a" {
				b.say(l, a, runs.Report{Started: true}, step(status.StepRunning))
			}
		}
		l.stop()
		b.connect("one", 2, linux) // with nothing in flight
		b.want(id, "a", status.JobFailed)
		pass(time.Second)
		b.want(id, "b", status.JobQueued)
	})
}

func TestCancelReachesTheAgent(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("a")
		l := b.connect("one", 1, linux)
		a := l.take()[0]
		b.say(l, a, runs.Report{Started: true})
		_, err := b.runs.Cancel(b.ctx, id, runs.Cancel{By: "me", Reason: "enough"})
		b.must(err)
		if s := l.asked(); len(s) != 1 || s[0].Force || s[0].Reason != "enough" || s[0].Token != a.Attempt.Token() {
			t.Fatalf("%+v", s)
		}
		_, err = b.runs.Cancel(b.ctx, id, runs.Cancel{By: "me", Force: true})
		b.must(err)
		if s := l.asked(); len(s) != 2 || !s[1].Force {
			t.Fatalf("%+v", s)
		}
		b.create("next")
		if len(l.take()) != 1 {
			t.Error("the slot of a job that was taken away is not free")
		}
	})
}

func TestStaleReportsAreAnswered(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		b.create("a")
		l := b.connect("one", 1, linux)
		a := l.take()[0]
		b.must(b.runs.Retry(b.ctx, a.Attempt.Token(), "given up"))
		b.say(l, a, step(status.StepRunning))
		if s := l.asked(); len(s) != 1 || !s[0].Force {
			t.Errorf("%+v", s)
		}
	})
}

func TestStalled(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		id := b.create("a")
		l := b.connect("one", 1, linux)
		a := l.take()[0]
		b.say(l, a, runs.Report{Started: true})
		pass(100 * time.Second)
		l.member.Heartbeat(a.Attempt.Token())
		pass(100 * time.Second)
		b.want(id, "a", status.JobRunning)
		pass(30 * time.Second)
		b.want(id, "a", status.JobTimedOut)
	})
}

type evaluator map[string]string

func (e evaluator) Evaluate(_ context.Context, _, f string, _ json.RawMessage) (json.RawMessage, error) {
	if out, ok := e[f]; ok {
		return json.RawMessage(out), nil
	}
	return nil, errors.New("it took longer than 50 ms")
}

func TestInlineValues(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{Evaluator: evaluator{"env": `{"A":"1"}`, "where": `"prod"`, "unset": "null"}}, func(b *bench) {
		inline := func(name string, j *lockfile.StaticJob) lockfile.Job {
			j.Type, j.Name, j.RunsOn = "static", name, lockfile.Labels{"linux"}
			return lockfile.Job{Static: j}
		}
		id := b.start(lockfile.Workflow{Name: "ci", Source: lockfile.Source{File: "ci.ts"}, Jobs: []lockfile.Job{
			inline("good", &lockfile.StaticJob{Env: &lockfile.Env{Inline: lockfile.NewInline("env")}, Environment: &lockfile.Text{Inline: lockfile.NewInline("where")}}),
			inline("none", &lockfile.StaticJob{Environment: &lockfile.Text{Inline: lockfile.NewInline("unset")}}),
			inline("bad", &lockfile.StaticJob{Environment: &lockfile.Text{Inline: lockfile.NewInline("loop")}}),
		}})
		l := b.connect("one", 3, linux)
		got := map[string]*dispatch.Assignment{}
		for _, a := range l.take() {
			got[a.Spec.Name] = a
		}
		if len(got) != 2 || got["good"].Input.Environment != "prod" || got["good"].Input.Env["A"] != "1" || got["none"].Input.Environment != "" {
			t.Errorf("%+v", got)
		}
		b.want(id, "bad", status.JobFailed)
		if j := b.job(id, "bad"); j.Reason != `job "bad": environment: it took longer than 50 ms` {
			t.Error(j.Reason)
		}
	})
}

func TestReplaced(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{}, func(b *bench) {
		old := b.connect("one", 1, linux)
		next := b.connect("one", 1, linux)
		synctest.Wait()
		if len(old.closed) != 1 || old.closed[0] != dispatch.CloseReplaced {
			t.Errorf("%v", old.closed)
		}
		b.create("a")
		if len(next.take()) != 1 || len(old.take()) != 0 {
			t.Error("the old connection was used")
		}
		b.must(b.store.View(b.ctx, func(tx store.Tx) error {
			a, err := tx.Agents().Get(b.ctx, "one")
			if err == nil && (a.Instance != "one" || a.Generation != 1) {
				t.Errorf("%+v", a)
			}
			return err
		}))
	})
}

// pass lets the bubble's clock run.
func pass(d time.Duration) { <-time.After(d) }

// occupied has no time when it is asked first.
type occupied struct{ asked atomic.Int64 }

func (o *occupied) Evaluate(context.Context, string, string, json.RawMessage) (json.RawMessage, error) {
	if o.asked.Add(1) == 1 {
		return nil, engine.ErrUnavailable
	}
	return json.RawMessage(`"prod"`), nil
}

// That nobody had time to call a function is no fault of the job.
func TestEvaluatorHasNoTime(t *testing.T) {
	t.Parallel()
	in(t, dispatch.Config{Evaluator: &occupied{}}, func(b *bench) {
		b.start(lockfile.Workflow{Name: "ci", Source: lockfile.Source{File: "ci.ts"}, Jobs: []lockfile.Job{{Static: &lockfile.StaticJob{
			Type: "static", Name: "a", RunsOn: lockfile.Labels{"linux"}, Environment: &lockfile.Text{Inline: lockfile.NewInline("where")}}}}})
		l := b.connect("one", 1, linux)
		if len(l.take()) != 0 {
			t.Error("sent without its environment")
		}
		pass(2 * time.Second)
		if got := l.take(); len(got) != 1 || got[0].Input.Environment != "prod" {
			t.Errorf("%+v", got)
		}
	})
}
