package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// bench is a store with the room on it, a clock that stands still, and an agent
// that does what the test says.
type bench struct {
	*runs.Runs
	t     *testing.T
	store store.Store
	now   atomic.Int64
	ids   atomic.Int64
	out   map[string]engine.Attempt // claimed and not taken by a test
}

func setup(t *testing.T) *bench {
	t.Helper()
	s, err := sqlite.Open(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	return setupOn(t, s)
}

// setupOnPostgres has writers that really write at the same time.
func setupOnPostgres(t *testing.T) *bench {
	t.Helper()
	server, err := storetest.Postgres(context.Background(), false)
	if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	s, err := postgres.Open(context.Background(), postgres.Config{URL: server.URL, Schema: "runs", Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	return setupOn(t, s)
}

func setupOn(t *testing.T, s store.Store) *bench {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{t: t, store: s, out: map[string]engine.Attempt{}}
	b.now.Store(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC).UnixMicro())
	if err := s.Migrate(context.Background(), b.clock()); err != nil {
		t.Fatal(err)
	}
	b.Runs = runs.New(s, runs.Config{Now: b.clock, NewID: func() string { return fmt.Sprintf("id-%06d", b.ids.Add(1)) }, QueueTimeout: time.Hour})
	return b
}

func (b *bench) clock() time.Time     { return time.UnixMicro(b.now.Load()).UTC() }
func (b *bench) pass(d time.Duration) { b.now.Add(d.Microseconds()) }
func (b *bench) must(what string, e error) {
	b.t.Helper()
	if e != nil {
		b.t.Fatalf("%s: %v", what, e)
	}
}

func (b *bench) tx(fn func(store.Tx) error) {
	b.t.Helper()
	b.must("transaction", b.store.Tx(context.Background(), fn))
}

// job is a job of the lock file; needs are "name" or "name!" for whatever became
// of it.
func job(name string, needs ...string) lockfile.Job {
	j := &lockfile.StaticJob{Type: "static", Name: name, RunsOn: lockfile.Labels{"linux"}}
	for _, n := range needs {
		up, always := strings.CutSuffix(n, "!")
		need := lockfile.Need{Job: up}
		if always {
			need.IfFailed = lockfile.IfFailedRun
		}
		j.Needs = append(j.Needs, need)
	}
	return lockfile.Job{Static: j}
}

func workflow(jobs ...lockfile.Job) lockfile.Workflow {
	return lockfile.Workflow{Name: "ci", Source: lockfile.Source{File: ".kici/workflows/ci.ts", Export: "#default"}, Jobs: jobs}
}

func (b *bench) create(w lockfile.Workflow) engine.RunID {
	b.t.Helper()
	f := &lockfile.File{Workflows: []lockfile.Workflow{w}}
	b.must("seal", lockfile.Seal(f))
	lock, err := lockfile.Encode(f)
	b.must("encode", err)
	var id engine.RunID
	b.tx(func(tx store.Tx) (err error) {
		id, err = b.CreateTx(context.Background(), tx, runs.Request{
			Delivery: "d", Source: "s", Provider: "local", RoutingKey: "local:x", Ref: engine.Ref{Repo: "a/b", Name: "refs/heads/main", SHA: "1"},
			Event: &event.Event{Type: event.Push, Payload: json.RawMessage("{}"), TargetBranch: "main"}, Workflow: &w, Lock: lock,
		})
		return err
	})
	return id
}

func (b *bench) run(id engine.RunID) (r engine.Run) {
	b.t.Helper()
	b.must("view", b.store.View(context.Background(), func(tx store.Tx) error {
		got, err := tx.Runs().Get(context.Background(), id)
		if err == nil {
			r = *got
		}
		return err
	}))
	return r
}

func (b *bench) jobs(id engine.RunID) (js []engine.Job) {
	b.t.Helper()
	b.must("view", b.store.View(context.Background(), func(tx store.Tx) (err error) {
		js, err = tx.Jobs().Of(context.Background(), id)
		return err
	}))
	return js
}

func (b *bench) job(id engine.RunID, name string) engine.Job {
	b.t.Helper()
	for _, j := range b.jobs(id) {
		if j.Name == name {
			return j
		}
	}
	b.t.Fatalf("no job %s in %v", name, b.states(id))
	return engine.Job{}
}

// states is "name=status" of all jobs, and "run=status".
func (b *bench) states(id engine.RunID) string {
	var out []string
	for _, j := range b.jobs(id) {
		out = append(out, fmt.Sprintf("%s=%s", j.Name, j.Status))
	}
	return strings.Join(append(out, fmt.Sprintf("run=%s", b.run(id).Status)), " ")
}

func (b *bench) want(id engine.RunID, states string) {
	b.t.Helper()
	if got := b.states(id); got != states {
		b.t.Fatalf("got  %s\nwant %s", got, states)
	}
}

// claim takes all jobs that are offered, by name, with those taken before that
// no test has asked for.
func (b *bench) claim() map[string]engine.Attempt {
	b.t.Helper()
	out := b.out
	b.out = map[string]engine.Attempt{}
	b.tx(func(tx store.Tx) error {
		backlog, err := tx.Queue().Backlog(context.Background(), b.clock(), 1000)
		if err != nil {
			return err
		}
		var routes []engine.Route
		for _, l := range backlog {
			routes = append(routes, l.Route)
		}
		as, err := tx.Queue().Claim(context.Background(), store.Claim{Agent: "agent", Routes: routes, Limit: 1000, Now: b.clock(), AckDeadline: b.clock().Add(10 * time.Second),
			NewID: func() engine.AttemptID { return engine.AttemptID(fmt.Sprintf("at-%06d", b.ids.Add(1))) }})
		for _, a := range as {
			j, err := tx.Jobs().Get(context.Background(), a.Job)
			if err != nil {
				return err
			}
			out[j.Name] = a
		}
		return err
	})
	return out
}

func (b *bench) take(name string) engine.Attempt {
	b.t.Helper()
	all := b.claim()
	a, ok := all[name]
	if !ok {
		b.t.Fatalf("%s is not offered", name)
	}
	delete(all, name)
	b.out = all
	return a
}

// apply reports and returns what was stale.
func (b *bench) apply(reports ...runs.Report) (stale []engine.Token) {
	b.t.Helper()
	b.tx(func(tx store.Tx) (err error) {
		stale, err = b.ApplyTx(context.Background(), tx, "agent", reports)
		return err
	})
	return stale
}

func started(a engine.Attempt) runs.Report {
	return runs.Report{Token: a.Token(), Run: a.Run, Started: true}
}

func stepped(a engine.Attempt, s status.Step) runs.Report {
	return runs.Report{Token: a.Token(), Run: a.Run, Step: &engine.Step{Index: 0, Kind: "step", Name: "one", Status: s}}
}

func finished(a engine.Attempt, s jobspec.Status, more ...func(*jobspec.Result)) runs.Report {
	res := jobspec.Result{Status: s}
	if s == jobspec.Failed {
		res.Reason = "exit code 1"
	}
	for _, m := range more {
		m(&res)
	}
	return runs.Report{Token: a.Token(), Run: a.Run, Finished: &runs.Finished{Result: res}}
}

// do runs an offered job to that end.
func (b *bench) do(name string, s jobspec.Status, more ...func(*jobspec.Result)) engine.Attempt {
	b.t.Helper()
	a := b.take(name)
	b.end(a, s, more...)
	return a
}

func (b *bench) end(a engine.Attempt, s jobspec.Status, more ...func(*jobspec.Result)) {
	b.t.Helper()
	if stale := b.apply(started(a), stepped(a, status.StepRunning), stepped(a, status.StepSuccess), finished(a, s, more...)); len(stale) > 0 {
		b.t.Fatalf("stale: %v", stale)
	}
}

func is(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
