package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/dispatch"
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

// instant is an agent whose jobs take no time. It reports as link/serverend does:
// whatever has come up in one batch.
type instant struct {
	member *dispatch.Member
	mu     sync.Mutex // guards got
	got    []*dispatch.Assignment
	some   chan struct{}
}

func (a *instant) Dispatch(_ context.Context, as *dispatch.Assignment) error {
	a.mu.Lock()
	a.got = append(a.got, as)
	a.mu.Unlock()
	select {
	case a.some <- struct{}{}:
	default:
	}
	return nil
}

func (a *instant) Stop(context.Context, dispatch.Stop) error { return nil }
func (a *instant) Close(dispatch.Close, string)              {}
func (a *instant) Heard() time.Time                          { return time.Now() }

// work answers with what an agent says about a job with one step.
func (a *instant) work(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.some:
		}
		a.mu.Lock()
		got := a.got
		a.got = nil
		a.mu.Unlock()
		var rs []runs.Report
		for _, as := range got {
			rs = append(rs, report(as, runs.Report{Acked: true}), report(as, runs.Report{Started: true}),
				report(as, step(status.StepRunning)), report(as, step(status.StepSuccess)), report(as, done(jobspec.Success)))
		}
		if err := a.member.Report(ctx, rs); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// BenchmarkNoopJobs is how many jobs a second are given out, reported and ended,
// durably, with agents that need no time. ns/op is per job.
func BenchmarkNoopJobs(b *testing.B) {
	for _, on := range []string{"sqlite", "postgres"} {
		b.Run(on, func(b *testing.B) { benchNoop(b, benchStore(b, on)) })
	}
}

func benchStore(b *testing.B, on string) store.Store {
	b.Helper()
	ctx := context.Background()
	fatal := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var s store.Store
	if on == "sqlite" {
		opened, err := sqlite.Open(ctx, b.TempDir())
		fatal(err)
		s = opened
	} else {
		server, err := storetest.Postgres(ctx, true)
		fatal(err)
		b.Cleanup(func() { fatal(server.Stop()) })
		opened, err := postgres.Open(ctx, postgres.Config{URL: server.URL})
		fatal(err)
		s = opened
	}
	b.Cleanup(func() { fatal(s.Close()) })
	fatal(s.Migrate(ctx, time.Now()))
	return s
}

const jobsPerRun = 10

func benchNoop(b *testing.B, s store.Store) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var ids atomic.Int64
	id := func() string { return fmt.Sprintf("id-%09d", ids.Add(1)) }
	r := runs.New(s, runs.Config{Now: time.Now, NewID: id, QueueTimeout: time.Hour})
	d := dispatch.New(s, r, dispatch.Config{Now: time.Now, NewID: id, Instance: "one", Log: slog.New(slog.DiscardHandler), Repositories: nowhere{}})
	w := lockfile.Workflow{Name: "ci", Source: lockfile.Source{File: "ci.ts", Export: "#default"}}
	for i := range jobsPerRun {
		w.Jobs = append(w.Jobs, lockfile.Job{Static: &lockfile.StaticJob{Type: "static", Name: fmt.Sprint("j", i), RunsOn: lockfile.Labels{"linux"}}})
	}
	f := &lockfile.File{Workflows: []lockfile.Workflow{w}}
	lock, err := lockfile.Encode(f)
	if err != nil {
		b.Fatal(err)
	}
	var made []engine.RunID
	for range (b.N + jobsPerRun - 1) / jobsPerRun {
		err := s.Tx(ctx, func(tx store.Tx) error {
			run, err := r.CreateTx(ctx, tx, runs.Request{Ref: engine.Ref{Repo: "a/b", SHA: "1"}, Workflow: &w, Lock: lock,
				Event: &event.Event{Type: event.Push, Payload: json.RawMessage("{}")}})
			made = append(made, run)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	b.ResetTimer()
	g.Go(func() error { return d.Run(gctx) })
	for i := range 8 {
		a := &instant{some: make(chan struct{}, 1)}
		m, err := d.Connect(gctx, dispatch.Hello{Agent: engine.Agent{ID: engine.AgentID(fmt.Sprint("a", i)), Slots: 16, Labels: linux}}, a)
		if err != nil {
			b.Fatal(err)
		}
		a.member = m
		g.Go(func() error { return m.Serve(gctx) })
		g.Go(func() error { return a.work(gctx) })
	}
	for _, run := range made {
		for _, err := range r.Watch(gctx, run, 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(len(made)*jobsPerRun)/b.Elapsed().Seconds(), "jobs/s")
	stop()
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}
