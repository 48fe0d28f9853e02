package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/event"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// poor is an intake that cannot take what it does not like.
type poor struct {
	*intake.Intake
	refuse func(intake.Signal) error
}

func (p *poor) SubmitTx(ctx context.Context, tx store.Tx, s intake.Signal) (intake.Receipt, error) {
	if p.refuse != nil {
		if err := p.refuse(s); err != nil {
			return intake.Receipt{}, err
		}
	}
	return p.Intake.SubmitTx(ctx, tx, s)
}

type bench struct {
	*event.Router
	t      testing.TB
	store  store.Store
	intake *poor
	now    time.Time
	ids    atomic.Int64
}

var ctx = context.Background()

func setup(t testing.TB) *bench {
	t.Helper()
	s, err := sqlite.Open(ctx, "")
	b := &bench{t: t, store: s, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	b.must(err)
	t.Cleanup(func() { _ = s.Close() })
	b.must(s.Migrate(ctx, b.now))
	now, id, log := func() time.Time { return b.now }, func() string { return fmt.Sprintf("id-%06d", b.ids.Add(1)) }, slog.New(slog.DiscardHandler)
	listeners := registry.New(s, log)
	b.intake = &poor{Intake: intake.New(s, runs.New(s, runs.Config{Now: now, NewID: id}), intake.Config{Now: now, NewID: id, Log: log, Registry: listeners})}
	b.Router = event.New(s, event.Config{Now: now, Log: log, Registry: listeners, Intake: b.intake})
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) tx(fn func(store.Tx) error) {
	b.t.Helper()
	b.must(b.store.Tx(ctx, fn))
}

// register makes workflows listen, by routing key.
func (b *bench) register(key string, ws map[string]lockfile.Trigger) {
	b.t.Helper()
	f := &lockfile.File{}
	for name, t := range ws {
		f.Workflows = append(f.Workflows, lockfile.Workflow{Name: name, Source: lockfile.Source{File: name + ".ts", Export: "#default"}, Triggers: []lockfile.Trigger{t},
			Jobs: []lockfile.Job{{Static: &lockfile.StaticJob{Type: "static", Name: "a"}}}})
	}
	slices.SortFunc(f.Workflows, func(a, b lockfile.Workflow) int { return strings.Compare(a.Name, b.Name) })
	b.must(lockfile.Seal(f))
	text, err := lockfile.Encode(f)
	b.must(err)
	b.tx(func(tx store.Tx) error {
		return tx.Sources().Register(ctx, &engine.Registration{Source: engine.SourceID(key), Ref: engine.Ref{Repo: "a/" + key, SHA: "1"}, RoutingKey: key, Lock: text, UpdatedAt: b.now})
	})
}

// finished writes down a run that is over, as runs.Runs does.
func (b *bench) finished(id, workflow, key string, s status.Run, depth int, trust string) {
	b.t.Helper()
	run := &engine.Run{ID: engine.RunID(id), Workflow: workflow, RoutingKey: key, Status: s, Trust: trust, Sender: "me", Ref: engine.Ref{Repo: "a/" + key}, CreatedAt: b.now,
		StartedAt: b.now, FinishedAt: b.now.Add(1500 * time.Millisecond)}
	plan, err := json.Marshal(runs.Plan{Depth: depth})
	b.must(err)
	job := func(name string, place int, s status.Job) engine.Job {
		return engine.Job{ID: engine.JobID(id + name), Run: run.ID, Name: name, Base: name, Place: place, Status: s, CreatedAt: b.now, StartedAt: b.now, FinishedAt: b.now.Add(time.Second)}
	}
	jobs := []engine.Job{job(runs.InitPrefix+workflow, -1, status.JobSuccess), job("build", 0, status.JobSuccess), job("test", 1, status.JobTimedOut)}
	b.tx(func(tx store.Tx) error {
		es := []engine.Event{{Run: run.ID, Kind: runs.KindRunStarted, At: b.now}}
		for _, j := range jobs {
			es = append(es, engine.Event{Run: run.ID, Job: j.ID, Kind: runs.KindJobFinished, At: b.now, Pending: true})
		}
		es = append(es, engine.Event{Run: run.ID, Kind: runs.KindRunFinished, At: b.now, Pending: true})
		return errors.Join(tx.Runs().Insert(ctx, run, &engine.Snapshot{Event: []byte("{}"), Plan: plan}), tx.Jobs().Insert(ctx, jobs...), tx.Events().Append(ctx, es...))
	})
}

// tick acts on all that is pending and checks that nothing stays.
func (b *bench) tick() []intake.Signal {
	b.t.Helper()
	for more := true; more; {
		var err error
		more, err = b.Tick(ctx, b.now)
		b.must(err)
	}
	return b.received()
}

// received are the signals of the log, oldest first.
func (b *bench) received() (out []intake.Signal) {
	b.t.Helper()
	b.tx(func(tx store.Tx) error {
		out = nil
		ds, err := tx.Deliveries().Recent(ctx, time.Time{}, 1000)
		for _, d := range slices.Backward(ds) {
			body, err := tx.Deliveries().Payload(ctx, d.ID)
			var s intake.Signal
			if err := errors.Join(err, json.Unmarshal(body, &s)); err != nil {
				return err
			}
			out = append(out, s)
		}
		return err
	})
	return out
}

func (b *bench) pending() (n int) {
	b.t.Helper()
	b.tx(func(tx store.Tx) error {
		es, err := tx.Events().Pending(ctx, 1000)
		n = len(es)
		return err
	})
	return n
}

func (b *bench) dead() (ds []engine.DeadEvent) {
	b.t.Helper()
	b.tx(func(tx store.Tx) (err error) {
		ds, err = tx.Events().Dead(ctx, 0, 9)
		return err
	})
	return ds
}

var onComplete, onJob = lockfile.Trigger{Type: lockfile.TriggerWorkflowComplete}, lockfile.Trigger{Type: lockfile.TriggerJobComplete, Job: "test"}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("k", map[string]lockfile.Trigger{"ci": {Type: lockfile.TriggerPush}, "other": {Type: lockfile.TriggerWorkflowComplete, Name: "deploy"}})
	b.register("far", map[string]lockfile.Trigger{"spy": onComplete})
	b.finished("r1", "build", "k", status.RunSuccess, 0, "trusted")
	if got := b.tick(); len(got) != 0 || b.pending() != 0 {
		t.Errorf("%+v, %d pending", got, b.pending())
	}
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("k", map[string]lockfile.Trigger{"after": onComplete, "job": onJob})
	b.finished("r1", "build", "k", status.RunFailed, 3, "untrusted")
	b.tx(func(tx store.Tx) error {
		err := tx.Queue().Enqueue(ctx, engine.Entry{Job: "r1test", Run: "r1", Route: "x", Status: status.QueuePending, EnqueuedAt: b.now, AvailableAt: b.now})
		if err != nil {
			return err
		}
		as, err := tx.Queue().Claim(ctx, store.Claim{Routes: []engine.Route{"x"}, Limit: 1, Now: b.now, NewID: func() engine.AttemptID { return "at" }})
		if err != nil {
			return err
		}
		return errors.Join(tx.Steps().Put(ctx, engine.Step{Attempt: as[0].ID, Index: 0, Kind: "step", Name: "one", Status: status.StepFailed}),
			tx.Steps().Put(ctx, engine.Step{Attempt: as[0].ID, Index: 0, Kind: "hook:cleanup", Name: "tidy", Status: status.StepSuccess}))
	})
	got := b.tick()
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	slices.SortFunc(got, func(a, b intake.Signal) int { return strings.Compare(a.Type, b.Type) })
	for k, want := range []string{
		`{"workflowName":"build","jobName":"test","runId":"r1","jobId":"r1test","status":"failed","duration":1000,"stepResults":[{"name":"one","status":"failed"}],"sourceRepo":"a/k","sourceRoutingKey":"k"}`,
		`{"workflowName":"build","runId":"r1","status":"failed","conclusion":"failure","duration":1500,"jobResults":[{"name":"build","status":"success"},{"name":"test","status":"failed"}],"sourceRepo":"a/k","sourceRoutingKey":"k"}`,
	} {
		s := got[k]
		if string(s.Payload) != want {
			t.Errorf("got  %s\nwant %s", s.Payload, want)
		}
		if s.Depth != 4 || !s.Untrusted || s.Registered.RoutingKey != "k" || s.TargetBranch != "main" || s.SourceRepo != "a/k" || s.SenderUsername != "me" {
			t.Errorf("%+v", s)
		}
	}
}

func TestWhatIsNotSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("k", map[string]lockfile.Trigger{"after": onComplete})
	b.finished("skipped", "build", "k", status.RunSkipped, 0, "")
	b.finished("deep", "build", "k", status.RunSuccess, intake.MaxChain, "")
	b.tx(func(tx store.Tx) error { // a run that was removed, and a plan that nobody can read
		return errors.Join(tx.Events().Append(ctx, engine.Event{Run: "gone", Kind: runs.KindRunFinished, Pending: true}),
			tx.Runs().Insert(ctx, &engine.Run{ID: "broken", RoutingKey: "k", Status: status.RunSuccess}, &engine.Snapshot{Plan: []byte("{")}),
			tx.Events().Append(ctx, engine.Event{Run: "broken", Kind: runs.KindRunFinished, Pending: true}))
	})
	b.finished("last", "build", "k", status.RunSuccess, intake.MaxChain-1, "")
	got := b.tick()
	if len(got) != 1 || !strings.Contains(string(got[0].Payload), `"last"`) || b.pending() != 0 {
		t.Errorf("%+v, %d pending", got, b.pending())
	}
	if d := b.dead(); len(d) != 1 || d[0].Run != "broken" || !strings.Contains(d[0].Reason, "stored plan") {
		t.Errorf("%+v", d)
	}
}

func TestRegistrationUpdated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("k", map[string]lockfile.Trigger{"watch": {Type: lockfile.TriggerLifecycle, Events: []string{"registration_updated"}}})
	for _, key := range []string{"k", "far"} {
		data, err := json.Marshal(intake.Registration{Origin: intake.Origin{Repo: "a/b", RoutingKey: key}, SHA: "2", Workflows: []string{"ci"}})
		b.must(err)
		b.tx(func(tx store.Tx) error {
			return tx.Events().Append(ctx, engine.Event{Kind: intake.KindRegistered, Data: data, Pending: true})
		})
	}
	got := b.tick()
	want := `{"eventName":"registration.updated","payload":{"repo":"a/b","sha":"2","workflows":["ci"]},"sourceRepo":"a/b","sourceRoutingKey":"k"}`
	if len(got) != 1 || string(got[0].Payload) != want || got[0].Depth != 1 {
		t.Errorf("%+v", got)
	}
}

// Thousands that nobody hears, and more than go into one transaction.
func TestMany(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("k", map[string]lockfile.Trigger{"after": onComplete})
	b.finished("r", "build", "k", status.RunSuccess, 0, "")
	b.tx(func(tx store.Tx) error {
		es := make([]engine.Event, 1200)
		for i := range es {
			es[i] = engine.Event{Run: "r", Kind: runs.KindJobFinished, Pending: true}
			if i%10 == 0 {
				es[i].Kind = runs.KindRunFinished
			}
		}
		return tx.Events().Append(ctx, es...)
	})
	if got := b.tick(); len(got) != 121 || b.pending() != 0 {
		t.Errorf("%d signals, %d pending", len(got), b.pending())
	}
}

// One that cannot be handed over holds up nobody and is given up in the end.
func TestFailures(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("k", map[string]lockfile.Trigger{"after": onComplete})
	asked := 0
	b.intake.refuse = func(s intake.Signal) error {
		if strings.Contains(string(s.Payload), `"bad"`) {
			asked++
			return errors.New("indigestible")
		}
		return nil
	}
	for _, id := range []string{"a", "bad", "c"} {
		b.finished(id, "build", "k", status.RunSuccess, 0, "")
	}
	if got := b.tick(); len(got) != 2 || b.pending() != 1 {
		t.Fatalf("%d signals, %d pending", len(got), b.pending())
	}
	asked = 1 // with the others, and alone
	b.tick()
	if asked != 1 {
		t.Error("tried again at once")
	}
	for _, wait := range []int{5, 10, 20, 40} {
		b.now = b.now.Add(time.Duration(wait)*time.Second + 1)
		b.tick()
	}
	if d := b.dead(); asked != 5 || len(d) != 1 || d[0].Run != "bad" || d[0].Reason != "indigestible" || b.pending() != 0 {
		t.Fatalf("asked %d times, dead: %+v", asked, d)
	}
	b.intake.refuse = nil
	b.tx(func(tx store.Tx) error { return tx.Events().Revive(ctx, b.seqOf(tx)) })
	if got := b.tick(); len(got) != 3 {
		t.Errorf("%d signals after it was revived", len(got))
	}
}

func (b *bench) seqOf(tx store.Tx) int64 {
	ds, err := tx.Events().Dead(ctx, 0, 1)
	b.must(err)
	return ds[0].Seq
}

func TestEmit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.finished("r", "build", "k", status.RunSuccess, 2, "")
	b.finished("deep", "build", "k", status.RunSuccess, intake.MaxChain, "")
	b.finished("far", "build", "far", status.RunSuccess, 0, "")
	emit := func(run, name, key string) error {
		_, err := b.Emit(ctx, event.Emission{Run: engine.RunID(run), Name: name, Key: key, Payload: json.RawMessage(`{"env":"prod"}`), Repos: []string{"a/b"}})
		return err
	}
	b.must(emit("r", "deployed", "first"))
	s := b.received()[0]
	if want := `{"eventName":"deployed","payload":{"env":"prod"},"sourceRepo":"a/k","sourceRoutingKey":"k"}`; string(s.Payload) != want || s.Depth != 3 ||
		s.Registered.RoutingKey != "k" || !slices.Equal(s.Registered.Repos, []string{"a/b"}) {
		t.Errorf("%s %+v", s.Payload, s)
	}
	if err := emit("deep", "deployed", "x"); !errors.Is(err, intake.ErrChain) {
		t.Error(err)
	}
	if err := emit("r", "registration.updated", "x"); !errors.Is(err, event.ErrReserved) {
		t.Error(err)
	}
	if err := emit("none", "deployed", "x"); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
	for i := range event.EmitLimit - 1 {
		b.now = b.now.Add(100 * time.Millisecond)
		b.must(emit("r", "deployed", fmt.Sprint(i)))
	}
	var late *event.RateError
	if err := emit("r", "deployed", "late"); !errors.As(err, &late) || !strings.Contains(err.Error(), `"deployed"`) || !strings.Contains(err.Error(), "100") {
		t.Error(err)
	}
	b.must(emit("r", "other", "x"))
	b.must(emit("far", "deployed", "x"))
	b.now = b.now.Add(time.Minute - 99*100*time.Millisecond) // the first is a minute old
	b.must(emit("r", "deployed", "again"))
	if err := emit("r", "deployed", "late"); !errors.As(err, &late) {
		t.Error(err)
	}
}

// What leads acts when it is woken, and ends.
func TestRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("k", map[string]lockfile.Trigger{"after": onComplete})
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error)
	go func() { ended <- b.Run(ctx) }()
	l := b.store.Listen(store.TopicEvents)
	defer l.Close()
	b.finished("r", "build", "k", status.RunSuccess, 0, "")
	for b.pending() > 0 {
		if _, err := l.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	b.must(<-ended)
	if got := b.received(); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func BenchmarkNobodyListens(b *testing.B) {
	w := setup(b)
	w.register("k", map[string]lockfile.Trigger{"other": {Type: lockfile.TriggerWorkflowComplete, Name: "deploy"}})
	w.finished("r", "build", "k", status.RunSuccess, 0, "")
	es := make([]engine.Event, 500)
	for i := range es {
		es[i] = engine.Event{Run: "r", Kind: runs.KindRunFinished, Pending: true}
	}
	for b.Loop() {
		b.StopTimer()
		w.tx(func(tx store.Tx) error { return tx.Events().Append(ctx, es...) })
		b.StartTimer()
		if _, err := w.Tick(ctx, w.now); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(es))/b.Elapsed().Seconds(), "events/s")
}
