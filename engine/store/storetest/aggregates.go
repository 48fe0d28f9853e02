package storetest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// same compares whole records: a column that is forgotten somewhere shows.
func same(t testing.TB, what string, got, want any, err error) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v\n got %+v\nwant %+v", what, err, got, want)
	}
}

func is(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func testSources(t *testing.T, b *bench) {
	ctx := context.Background()
	s := engine.Source{ID: "s1", Name: "forge", Kind: "forgejo", RoutingKey: "git:1", Config: []byte(`{"a":1}`), Enabled: true, CreatedAt: b.now, UpdatedAt: b.now}
	other := engine.Source{ID: "forge", Name: "another"} // its id is the other's name
	b.tx(func(tx store.Tx) error { return errors.Join(tx.Sources().Put(ctx, &s), tx.Sources().Put(ctx, &other)) })
	s.Enabled, s.Config, s.DeletedAt = false, []byte(`{"a":2}`), b.now.Add(time.Hour)
	b.tx(func(tx store.Tx) error {
		is(t, "missing", tx.Sources().Delete(ctx, "none"), engine.ErrNotFound)
		return tx.Sources().Put(ctx, &s)
	})
	is(t, "name taken", b.Tx(ctx, func(tx store.Tx) error { return tx.Sources().Put(ctx, &engine.Source{ID: "s3", Name: "forge"}) }), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		got, err := tx.Sources().Find(ctx, "s1")
		same(t, "by id", got, &s, err)
		got, err = tx.Sources().Find(ctx, "forge")
		same(t, "an id goes before a name", got, &other, err)
		all, err := tx.Sources().List(ctx)
		same(t, "list", all, []engine.Source{other, s}, err)
		_, err = tx.Sources().Find(ctx, "none")
		is(t, "missing", err, engine.ErrNotFound)
		return nil
	})
	r := engine.Registration{Source: "s1", Ref: engine.Ref{Repo: "a/b", Name: "main", SHA: "1"}, Provider: "git", RoutingKey: "k", Lock: []byte("l\x00"), UpdatedAt: b.now}
	second := engine.Registration{Source: "forge", Ref: engine.Ref{Repo: "a/c"}}
	s.Enabled, other.Enabled = true, true
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Sources().Put(ctx, &s), tx.Sources().Put(ctx, &other), tx.Sources().Register(ctx, &r), tx.Sources().Register(ctx, &second))
	})
	r.Ref.SHA, r.Lock = "2", []byte("m")
	b.tx(func(tx store.Tx) error { return tx.Sources().Register(ctx, &r) })
	b.tx(func(tx store.Tx) error {
		late := r
		late.Ref.SHA, late.UpdatedAt = "0", r.UpdatedAt.Add(-time.Second)
		is(t, "register what is older", tx.Sources().Register(ctx, &late), engine.ErrConflict)
		got, err := tx.Sources().Registration(ctx, "s1", "a/b")
		same(t, "registration", got, &r, err)
		_, err = tx.Sources().Registration(ctx, "s1", "a/c")
		is(t, "no registration", err, engine.ErrNotFound)
		all, err := tx.Sources().Registrations(ctx)
		head := r
		head.Lock = nil
		same(t, "registrations", all, []engine.Registration{second, head}, err)
		other.Enabled = false
		if err := tx.Sources().Put(ctx, &other); err != nil {
			return err
		}
		all, err = tx.Sources().Registrations(ctx)
		same(t, "disabled", all, []engine.Registration{head}, err)
		if err := tx.Sources().Unregister(ctx, "forge", "a/c"); err != nil {
			return err
		}
		if err := tx.Sources().Delete(ctx, "s1"); err != nil {
			return err
		}
		all, err = tx.Sources().Registrations(ctx)
		same(t, "none left", all, []engine.Registration(nil), err)
		return nil
	})
}

func testDeliveries(t *testing.T, b *bench) {
	ctx := context.Background()
	d := engine.Delivery{ID: "d1", Source: "s", Key: "k", RoutingKey: "r", Provider: "generic", Event: "push", Action: "x", Ref: engine.Ref{Repo: "a/b", Name: "m", SHA: "s"},
		Status: status.EventReceived, PayloadSize: 3, PayloadHash: "h", PayloadOmitted: "o", Matched: 1, Error: "e", Trace: []byte("[]"), ReceivedAt: b.now, Headers: []byte("{}")}
	later := engine.Delivery{ID: "d2", Status: status.EventReceived, ReceivedAt: b.now.Add(time.Microsecond)}
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Deliveries().Insert(ctx, &later, nil), tx.Deliveries().Insert(ctx, &d, []byte("\x00\xffx")))
	})
	is(t, "twice", b.Tx(ctx, func(tx store.Tx) error { return tx.Deliveries().Insert(ctx, &d, nil) }), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		got, err := tx.Deliveries().Get(ctx, "d1")
		same(t, "get", got, &d, err)
		open, err := tx.Deliveries().Open(ctx, 9)
		same(t, "open", open, []engine.Delivery{d, later}, err)
		p, err := tx.Deliveries().Payload(ctx, "d1")
		same(t, "payload", p, []byte("\x00\xffx"), err)
		_, err = tx.Deliveries().Payload(ctx, "d2")
		is(t, "no payload", err, engine.ErrNotFound)
		d.Status, d.ProcessedAt, d.Matched, d.Error, d.Trace = status.EventProcessed, b.now.Add(time.Second), 2, "", nil
		is(t, "missing", tx.Deliveries().Save(ctx, &engine.Delivery{ID: "none"}, status.EventReceived), engine.ErrConflict)
		if err := tx.Deliveries().Save(ctx, &d, status.EventReceived); err != nil {
			return err
		}
		is(t, "worked through twice", tx.Deliveries().Save(ctx, &d, status.EventReceived), engine.ErrConflict)
		return nil
	})
	b.tx(func(tx store.Tx) error {
		open, err := tx.Deliveries().Open(ctx, 9)
		same(t, "still open", open, []engine.Delivery{later}, err)
		recent, err := tx.Deliveries().Recent(ctx, time.Time{}, 9)
		same(t, "recent", recent, []engine.Delivery{later, d}, err)
		recent, err = tx.Deliveries().Recent(ctx, later.ReceivedAt, 9)
		same(t, "page", recent, []engine.Delivery{d}, err)
		return nil
	})
}

func testDedup(t *testing.T, b *bench) {
	ctx := context.Background()
	for _, c := range []struct {
		key   string
		after time.Duration
		first bool
	}{{"a", 0, true}, {"a", time.Minute, false}, {"b", time.Minute, true}, {"a", 299 * time.Second, false}, {"a", 300 * time.Second, true}, {"a", 301 * time.Second, false}} {
		b.tx(func(tx store.Tx) error {
			now := b.now.Add(c.after)
			got, err := tx.Deliveries().First(ctx, c.key, now, now.Add(5*time.Minute))
			same(t, c.key+" after "+c.after.String(), got, c.first, err)
			return nil
		})
	}
}

func testRuns(t *testing.T, b *bench) {
	ctx := context.Background()
	r := engine.Run{ID: "r1", Delivery: "d", Source: "s", Workflow: "ci", Status: status.RunPending, Ref: engine.Ref{Repo: "a/b", Name: "m", SHA: "s"}, Provider: "git", RoutingKey: "k",
		Trust: "trusted", Sender: "me", Test: true, Parent: "p", Original: "o", TriggeredBy: "t", CancelledBy: "c", Reason: "why", Timeout: 90 * time.Second, Group: "g", WaitingSince: b.now.Add(3000),
		CreatedAt: b.now, StartedAt: b.now.Add(1000), FinishedAt: b.now.Add(2000)}
	s := engine.Snapshot{Lock: []byte("l\x00"), Event: []byte("e"), Plan: []byte("p")}
	b.tx(func(tx store.Tx) error { return tx.Runs().Insert(ctx, &r, &s) })
	is(t, "twice", b.Tx(ctx, func(tx store.Tx) error { return tx.Runs().Insert(ctx, &r, &s) }), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		got, err := tx.Runs().Get(ctx, "r1")
		same(t, "get", got, &r, err)
		snap, err := tx.Runs().Snapshot(ctx, "r1")
		same(t, "snapshot", snap, &s, err)
		ev, err := tx.Runs().Event(ctx, "r1")
		same(t, "event", ev, s.Event, err)
		plan, err := tx.Runs().Plan(ctx, "r1")
		same(t, "plan", plan, s.Plan, err)
		_, err = tx.Runs().Event(ctx, "none")
		is(t, "no event", err, engine.ErrNotFound)
		for what, list := range map[string]func() ([]engine.Run, error){
			"unfinished": func() ([]engine.Run, error) { return tx.Runs().Unfinished(ctx, "", 9) },
			"recent":     func() ([]engine.Run, error) { return tx.Runs().Recent(ctx, time.Time{}, 9) },
			"in group":   func() ([]engine.Run, error) { return tx.Runs().InGroup(ctx, "g") },
			"overdue":    func() ([]engine.Run, error) { return tx.Runs().Overdue(ctx, r.StartedAt.Add(r.Timeout), 9) },
			"waiting":    func() ([]engine.Run, error) { return tx.Runs().Waiting(ctx, r.WaitingSince, 9) },
			"of":         func() ([]engine.Run, error) { return tx.Runs().Of(ctx, "d") },
			"repeats":    func() ([]engine.Run, error) { return tx.Runs().Repeats(ctx, "o") },
		} {
			l, err := list()
			same(t, what, l, []engine.Run{r}, err)
		}
		early, err := tx.Runs().Overdue(ctx, r.StartedAt.Add(r.Timeout-time.Microsecond), 9)
		same(t, "not overdue", early, []engine.Run(nil), err)
		nobody, err := tx.Runs().InGroup(ctx, "")
		same(t, "no group", nobody, []engine.Run(nil), err)
		is(t, "no such plan", tx.Runs().Replan(ctx, "none", nil), engine.ErrNotFound)
		if err := tx.Runs().Replan(ctx, "r1", []byte("q")); err != nil {
			return err
		}
		snap, err = tx.Runs().Snapshot(ctx, "r1")
		same(t, "new plan", snap, &engine.Snapshot{Lock: s.Lock, Event: s.Event, Plan: []byte("q")}, err)
		was := r.Status
		r.Group, r.WaitingSince = "h", time.Time{}
		r.Status, r.Reason, r.FinishedAt = status.RunSuccess, "", b.now.Add(time.Hour)
		if err := tx.Runs().Save(ctx, &r, was); err != nil {
			return err
		}
		is(t, "decided on what was", tx.Runs().Save(ctx, &r, was), engine.ErrConflict)
		locked, err := tx.Runs().Lock(ctx, "r1")
		same(t, "lock", locked, &r, err)
		none, err := tx.Runs().Unfinished(ctx, "", 9)
		same(t, "finished", none, []engine.Run(nil), err)
		_, err = tx.Runs().Lock(ctx, "none")
		is(t, "missing", err, engine.ErrNotFound)
		return nil
	})
}

func testJobs(t *testing.T, b *bench) {
	ctx := context.Background()
	r, _ := b.run(0)
	full := engine.Job{ID: "j1", Run: r.ID, Name: "test (1)", Base: "test", Group: "g", Place: 1, Status: status.JobPending, ByRule: true, Route: "linux", Spec: []byte("{}"), Outputs: []byte("[]"), Detail: []byte("{\"a\":1}"), Secrets: []byte("s"), Turn: "deploy",
		Needs: []engine.Need{{Upstream: "z"}, {Upstream: "a", RunOnFailure: true}}, Reason: "why", NeedsSatisfied: true, ReadyAt: b.now, CreatedAt: b.now, StartedAt: b.now, FinishedAt: b.now}
	first := engine.Job{ID: "j2", Run: r.ID, Name: "build", Status: status.JobPending}
	b.tx(func(tx store.Tx) error { return tx.Jobs().Insert(ctx, full, first) })
	is(t, "name taken", b.Tx(ctx, func(tx store.Tx) error { return tx.Jobs().Insert(ctx, engine.Job{ID: "j3", Run: r.ID, Name: "build"}) }), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		got, err := tx.Jobs().Get(ctx, "j1")
		same(t, "get", got, &full, err)
		all, err := tx.Jobs().Of(ctx, r.ID)
		same(t, "of", all, []engine.Job{first, full}, err)
		alone := full
		alone.Needs = nil
		turn, err := tx.Jobs().Turn(ctx, "deploy")
		same(t, "turn", turn, []engine.Job{alone}, err)
		turn, err = tx.Jobs().Turn(ctx, "")
		same(t, "no group", turn, []engine.Job(nil), err)
		full.Status, full.Outputs, full.NeedsSatisfied = status.JobRunning, nil, false
		full.Needs = []engine.Need{{Upstream: "only"}}
		if err := errors.Join(tx.Jobs().Save(ctx, &full, status.JobPending), tx.Jobs().Needs(ctx, &full)); err != nil {
			return err
		}
		is(t, "decided on what was", tx.Jobs().Save(ctx, &full, status.JobPending), engine.ErrConflict)
		got, err = tx.Jobs().Get(ctx, "j1")
		same(t, "saved", got, &full, err)
		_, err = tx.Jobs().Get(ctx, "none")
		is(t, "missing", err, engine.ErrNotFound)
		return nil
	})
	if err := b.Tx(ctx, func(tx store.Tx) error { return tx.Jobs().Insert(ctx, engine.Job{ID: "j4", Run: "none", Name: "x"}) }); err == nil {
		t.Error("a job without its run")
	}
	var many []engine.Job
	for range 777 { // more than one statement takes
		many = append(many, engine.Job{ID: engine.JobID(b.id("many")), Run: r.ID, Name: b.id("n"), Place: len(many) + 2})
	}
	b.tx(func(tx store.Tx) error { return tx.Jobs().Insert(ctx, many...) })
	b.tx(func(tx store.Tx) error {
		all, err := tx.Jobs().Of(ctx, r.ID)
		same(t, "many", all[2:], many, err)
		return nil
	})
}

func testSteps(t *testing.T, b *bench) {
	ctx := context.Background()
	b.run(1)
	a := b.mustClaim(1)[0]
	s := engine.Step{Attempt: a.ID, Index: 1, Kind: "step", Name: "build", Status: status.StepRunning, StartedAt: b.now}
	hook := engine.Step{Attempt: a.ID, Index: 1, Kind: "hook:cleanup", Name: "h", Status: status.StepSuccess, Data: []byte("{}"), Error: "e", LogBytes: 7, StartedAt: b.now.Add(time.Second), FinishedAt: b.now}
	first := engine.Step{Attempt: a.ID, Index: -1, Kind: "step", Status: status.StepSuccess}
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Steps().Put(ctx, s, hook), tx.Steps().Put(ctx, first))
	})
	s.Status, s.FinishedAt, s.LogBytes = status.StepFailed, b.now.Add(time.Minute), 9
	b.tx(func(tx store.Tx) error {
		if err := tx.Steps().Put(ctx, s); err != nil {
			return err
		}
		got, err := tx.Steps().Of(ctx, a.ID)
		same(t, "steps", got, []engine.Step{first, s, hook}, err)
		return nil
	})
}

func testAgents(t *testing.T, b *bench) {
	ctx := context.Background()
	a := engine.Agent{ID: "a1", Labels: []engine.Label{"linux", `we"ird`}, Platform: "linux", Arch: "arm64", Version: "1", Hostname: "h", Slots: 4, Scaled: true, Instance: "o1", Generation: 1, ConnectedAt: b.now, SeenAt: b.now}
	b.tx(func(tx store.Tx) error { return tx.Agents().Put(ctx, &a) })
	a.Generation, a.Instance = 2, "o2"
	b.tx(func(tx store.Tx) error {
		if err := tx.Agents().Put(ctx, &a); err != nil {
			return err
		}
		is(t, "an old connection ends", tx.Agents().Gone(ctx, "a1", 1, b.now), engine.ErrConflict)
		got, err := tx.Agents().Get(ctx, "a1")
		same(t, "get", got, &a, err)
		a.Instance, a.Disconnected = "", b.now.Add(time.Second)
		if err := tx.Agents().Gone(ctx, "a1", 2, a.Disconnected); err != nil {
			return err
		}
		all, err := tx.Agents().List(ctx)
		same(t, "list", all, []engine.Agent{a}, err)
		_, err = tx.Agents().Get(ctx, "none")
		is(t, "missing", err, engine.ErrNotFound)
		return nil
	})
}

func testTokens(t *testing.T, b *bench) {
	ctx := context.Background()
	k := engine.AgentToken{ID: "t1", Name: "n", Hash: bytes.Repeat([]byte{0, 255}, 16), Labels: []engine.Label{"l"}, CreatedAt: b.now, ExpiresAt: b.now.Add(time.Hour)}
	b.tx(func(tx store.Tx) error { return tx.Agents().AddToken(ctx, &k) })
	is(t, "hash taken", b.Tx(ctx, func(tx store.Tx) error { return tx.Agents().AddToken(ctx, &engine.AgentToken{ID: "t2", Hash: k.Hash}) }), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		got, err := tx.Agents().Token(ctx, k.Hash)
		same(t, "find", got, &k, err)
		_, err = tx.Agents().Token(ctx, []byte("other"))
		is(t, "wrong", err, engine.ErrNotFound)
		is(t, "missing", tx.Agents().RevokeToken(ctx, "none", b.now), engine.ErrNotFound)
		k.UsedAt, k.RevokedAt = b.now.Add(1000), b.now.Add(2000)
		if err := errors.Join(tx.Agents().UseToken(ctx, "t1", k.UsedAt), tx.Agents().RevokeToken(ctx, "t1", k.RevokedAt), tx.Agents().RevokeToken(ctx, "t1", b.now.Add(time.Hour))); err != nil {
			return err
		}
		all, err := tx.Agents().Tokens(ctx)
		same(t, "revoked once", all, []engine.AgentToken{k}, err)
		return nil
	})
}

func testOutbox(t *testing.T, b *bench) {
	ctx := context.Background()
	r, js := b.run(1)
	e := []engine.Event{{Run: r.ID, Kind: "run.started", Data: []byte("{}"), At: b.now, Pending: true}, {Kind: "agent.joined", At: b.now, Pending: true},
		{Run: r.ID, Job: js[0].ID, Kind: "job.started", At: b.now, Pending: true}}
	told := engine.Event{Run: r.ID, Kind: "step.started", At: b.now}
	b.tx(func(tx store.Tx) error { return tx.Events().Append(ctx, e[0], e[1], told, e[2]) })
	b.tx(func(tx store.Tx) error {
		got, err := tx.Events().Pending(ctx, 9)
		if err != nil || len(got) != 3 || got[0].Seq >= got[1].Seq || got[1].Seq >= got[2].Seq {
			t.Fatal(got, err)
		}
		for i := range e {
			e[i].Seq = got[i].Seq
		}
		same(t, "pending", got, e, nil)
		of, err := tx.Events().After(ctx, r.ID, e[0].Seq, 9)
		told.Seq = e[1].Seq + 1
		same(t, "after", of, []engine.Event{told, e[2]}, err)
		if err := tx.Events().Done(ctx, e[0].Seq, e[2].Seq); err != nil {
			return err
		}
		got, err = tx.Events().Pending(ctx, 9)
		same(t, "confirmed", got, e[1:2], err)
		e[0].Pending = false
		of, err = tx.Events().After(ctx, r.ID, 0, 1)
		same(t, "a run keeps its events", of, e[:1], err)
		return nil
	})
	b.tx(func(tx store.Tx) error {
		if err := tx.Events().Bury(ctx, e[1].Seq, "why"); err != nil {
			return err
		}
		got, err := tx.Events().Pending(ctx, 9)
		same(t, "buried", got, []engine.Event(nil), err)
		e[1].Pending = false
		dead, err := tx.Events().Dead(ctx, 0, 9)
		same(t, "dead", dead, []engine.DeadEvent{{Event: e[1], Reason: "why"}}, err)
		dead, err = tx.Events().Dead(ctx, e[1].Seq, 9)
		same(t, "dead after", dead, []engine.DeadEvent(nil), err)
		is(t, "alive", tx.Events().Revive(ctx, e[0].Seq), engine.ErrNotFound)
		if err := tx.Events().Revive(ctx, e[1].Seq); err != nil {
			return err
		}
		e[1].Pending = true
		got, err = tx.Events().Pending(ctx, 9)
		same(t, "revived", got, e[1:2], err)
		is(t, "discard what is alive", tx.Events().Discard(ctx, e[1].Seq), engine.ErrNotFound)
		if err := errors.Join(tx.Events().Bury(ctx, e[1].Seq, "why"), tx.Events().Discard(ctx, e[1].Seq)); err != nil {
			return err
		}
		dead, err = tx.Events().Dead(ctx, 0, 9)
		same(t, "discarded", dead, []engine.DeadEvent(nil), err)
		got, err = tx.Events().Pending(ctx, 9)
		same(t, "and not pending", got, []engine.Event(nil), err)
		return nil
	})
}

func testSchedules(t *testing.T, b *bench) {
	ctx := context.Background()
	at := b.now.Truncate(time.Minute)
	fire := func(s store.Store, name string, at time.Time) (first bool) {
		t.Helper()
		if err := s.Tx(ctx, func(tx store.Tx) (err error) {
			first, err = tx.Schedules().Fire(ctx, name, at)
			return err
		}); err != nil {
			t.Error(err)
		}
		return first
	}
	var g sync.WaitGroup
	var firsts atomic.Int64
	for _, s := range append(b.both(), b.both()...) {
		g.Go(func() {
			if fire(s, "a", at) {
				firsts.Add(1)
			}
		})
	}
	g.Wait()
	if n := firsts.Load(); n != 1 {
		t.Errorf("an instant fired %d times", n)
	}
	if fire(b, "a", at.Add(-time.Minute)) || !fire(b, "a", at.Add(time.Minute)) || !fire(b, "b", at) {
		t.Error("instants come in order, and each schedule has its own")
	}
	b.tx(func(tx store.Tx) error {
		got, err := tx.Schedules().Fired(ctx)
		same(t, "fired", got, map[string]time.Time{"a": at.Add(time.Minute), "b": at}, err)
		if err := tx.Schedules().Forget(ctx, "a", "none"); err != nil {
			return err
		}
		got, err = tx.Schedules().Fired(ctx)
		same(t, "forgotten", got, map[string]time.Time{"b": at}, err)
		return nil
	})
}

func testRetention(t *testing.T, b *bench) {
	ctx := context.Background()
	var old []*engine.Run
	for i := range 5 {
		r, js := b.run(1)
		a := b.mustClaim(1)[0]
		r.Status, r.FinishedAt = status.RunSuccess, b.now.Add(time.Duration(i)*time.Hour)
		b.tx(func(tx store.Tx) error {
			return errors.Join(tx.Runs().Save(ctx, r, status.RunPending), tx.Logs().Seal(ctx, &engine.Seal{Attempt: a.ID, Blob: "log-of-" + string(r.ID), At: b.now}, ""),
				tx.Events().Append(ctx, engine.Event{Run: r.ID, Job: js[0].ID, Kind: "k"}),
				tx.Deliveries().Insert(ctx, &engine.Delivery{ID: engine.DeliveryID(r.ID), Status: status.EventProcessed, ReceivedAt: b.now.Add(time.Duration(i) * time.Hour)}, []byte("x")))
		})
		old = append(old, r)
	}
	open, _ := b.run(1) // not finished: stays whatever its age
	b.tx(func(tx store.Tx) error {
		before := b.now.Add(4 * time.Hour)
		n, err := tx.Retention().Runs(ctx, before, 3)
		same(t, "a batch", n, 3, err)
		logOf := func(i int) string { return "log-of-" + string(old[i].ID) }
		garbage, err := tx.Retention().Garbage(ctx, 9)
		same(t, "their logs", garbage, []string{logOf(0), logOf(1), logOf(2)}, err)
		if err := errors.Join(tx.Retention().Gone(ctx, logOf(0), logOf(2)), tx.Retention().Discard(ctx, "z", logOf(1)), tx.Retention().Discard(ctx)); err != nil {
			return err
		}
		garbage, err = tx.Retention().Garbage(ctx, 9)
		same(t, "some are gone", garbage, []string{logOf(1), "z"}, err)
		garbage, err = tx.Retention().Garbage(ctx, 1)
		same(t, "a page", garbage, []string{logOf(1)}, err)
		n, err = tx.Retention().Runs(ctx, before, 3)
		same(t, "the rest", n, 1, err)
		_, err = tx.Runs().Get(ctx, old[3].ID)
		is(t, "gone", err, engine.ErrNotFound)
		js, err := tx.Jobs().Of(ctx, old[3].ID)
		same(t, "its jobs", js, []engine.Job(nil), err)
		es, err := tx.Events().After(ctx, old[3].ID, 0, 9)
		same(t, "its events", es, []engine.Event(nil), err)
		rest, err := tx.Runs().Recent(ctx, time.Time{}, 9)
		if err != nil || len(rest) != 2 {
			t.Errorf("kept %v %v, want %s and %s", rest, err, open.ID, old[4].ID)
		}
		n, err = tx.Retention().Deliveries(ctx, before, 3)
		same(t, "deliveries", n, 3, err)
		_, err = tx.Deliveries().Payload(ctx, engine.DeliveryID(old[0].ID))
		is(t, "payload", err, engine.ErrNotFound)
		for _, key := range []string{"a", "b", "c"} {
			if _, err := tx.Deliveries().First(ctx, key, b.now, b.now.Add(time.Minute)); err != nil {
				return err
			}
		}
		n, err = tx.Retention().Keys(ctx, b.now.Add(time.Minute), 2)
		same(t, "keys", n, 2, err)
		n, err = tx.Retention().Keys(ctx, b.now.Add(59*time.Second), 2)
		same(t, "a live key", n, 0, err)
		return nil
	})
}
