package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

func testQueue(t *testing.T, b *bench) {
	ctx := context.Background()
	r, js := b.run(3)
	late := engine.Job{ID: "late", Run: r.ID, Name: "late", Route: "arm"}
	other := engine.Job{ID: "other", Run: r.ID, Name: "other", Route: "windows"}
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Jobs().Insert(ctx, late, other), tx.Queue().Enqueue(ctx,
			engine.Entry{Job: late.ID, Run: r.ID, Route: late.Route, Status: status.QueuePending, EnqueuedAt: b.now, AvailableAt: b.now.Add(time.Second)},
			engine.Entry{Job: other.ID, Run: r.ID, Route: other.Route, Status: status.QueuePending, EnqueuedAt: b.now, AvailableAt: b.now, ExpiresAt: b.now.Add(time.Hour)}))
	})
	b.tx(func(tx store.Tx) error {
		got, err := tx.Queue().Backlog(ctx, b.now, 2)
		same(t, "no further", got, []store.Backlog{{Route: "linux", Count: 2, Oldest: b.now}, {Route: "windows", Count: 1, Oldest: b.now}}, err)
		got, err = tx.Queue().Backlog(ctx, b.now, 9)
		same(t, "backlog", got, []store.Backlog{{Route: "linux", Count: 3, Oldest: b.now}, {Route: "windows", Count: 1, Oldest: b.now}}, err)
		expired, err := tx.Queue().Expired(ctx, b.now.Add(time.Hour), 9)
		if err != nil || len(expired) != 1 || expired[0].Job != "other" {
			t.Error("expired:", expired, err)
		}
		none, err := tx.Queue().Claim(ctx, store.Claim{Limit: 1})
		same(t, "no routes", none, []engine.Attempt(nil), err)
		return nil
	})
	as := b.mustClaim(2)
	if len(as) != 2 || as[0].Job != js[0].ID || as[1].Job != js[1].ID || as[0].Fence != 1 {
		t.Fatalf("claimed %+v, want the two oldest", as)
	}
	if as := b.mustClaim(9); len(as) != 1 || as[0].Job != js[2].ID {
		t.Fatalf("claimed %+v, want the third: the fourth is not due and the fifth on another route", as)
	}
	b.tx(func(tx store.Tx) error {
		is(t, "drop what is out", tx.Queue().Drop(ctx, js[0].ID, status.QueueCancelled, "why"), engine.ErrConflict)
		if err := tx.Queue().Drop(ctx, "other", status.QueueExpired, "why"); err != nil {
			return err
		}
		e, err := tx.Queue().Get(ctx, "other")
		same(t, "dropped", []any{e.Status, e.LastError}, []any{status.QueueExpired, "why"}, err)
		held, err := tx.Queue().Held(ctx, "agent-1")
		same(t, "held", len(held), 3, err)
		return nil
	})
	is(t, "twice", b.Tx(ctx, func(tx store.Tx) error { return tx.Queue().Enqueue(ctx, engine.Entry{Job: "late", Run: r.ID}) }), engine.ErrExists)
}

// Several agents claim together: the oldest jobs go to them in turn.
func testClaimTogether(t *testing.T, b *bench) {
	ctx := context.Background()
	_, js := b.run(5)
	b.tx(func(tx store.Tx) error {
		as, err := tx.Queue().Claim(ctx, store.Claim{Agents: []engine.AgentID{"x", "y", "z"}, Routes: []engine.Route{"linux"}, Limit: 4, Now: b.now,
			NewID: func() engine.AttemptID { return engine.AttemptID(b.id("attempt")) }})
		if err != nil || len(as) != 4 {
			return fmt.Errorf("claimed %d: %w", len(as), err)
		}
		for i, who := range []engine.AgentID{"x", "y", "z", "x"} {
			got, err := tx.Queue().Attempt(ctx, as[i].ID)
			if err != nil || got.Agent != who || got.Job != js[i].ID {
				t.Errorf("attempt %d is %+v (%v), want %s's, of %s", i, got, err, who, js[i].ID)
			}
		}
		return nil
	})
}

// A job that was given out again obeys its newest attempt only.
func testFence(t *testing.T, b *bench) {
	ctx := context.Background()
	_, js := b.run(1)
	old := b.mustClaim(1)[0]
	b.tx(func(tx store.Tx) error {
		got, err := tx.Queue().Check(ctx, old.Token())
		same(t, "check", got, &old, err)
		got.Status, got.AckedAt, got.StartedAt = status.QueueRecovering, b.now.Add(1000), b.now.Add(2000)
		got.Cancel = "somebody asked"
		if err := tx.Queue().Save(ctx, got); err != nil {
			return err
		}
		old = *got
		return tx.Queue().Requeue(ctx, old.Token(), "lost", b.now, b.now, false)
	})
	refused := func(what string) {
		t.Helper()
		b.tx(func(tx store.Tx) error {
			_, err := tx.Queue().Check(ctx, old.Token())
			is(t, what+": check", err, engine.ErrStale)
			is(t, what+": save", tx.Queue().Save(ctx, &old), engine.ErrStale)
			is(t, what+": end", tx.Queue().End(ctx, old.Token(), status.QueueCompleted, "", b.now), engine.ErrStale)
			is(t, what+": requeue", tx.Queue().Requeue(ctx, old.Token(), "", b.now, b.now, true), engine.ErrStale)
			return tx.Queue().Alive(ctx, b.now.Add(time.Hour), old.Token())
		})
	}
	refused("requeued")
	fresh := b.mustClaim(1)[0]
	if fresh.Fence != 2 || fresh.ID == old.ID {
		t.Fatalf("%+v", fresh)
	}
	refused("superseded")
	b.tx(func(tx store.Tx) error {
		e, err := tx.Queue().Get(ctx, js[0].ID)
		same(t, "the first try was taken back", []any{e.Tries, e.LastError}, []any{1, "lost"}, err)
		is(t, "no end", tx.Queue().End(ctx, fresh.Token(), status.QueueRecovering, "", b.now), engine.ErrConflict)
		return tx.Queue().End(ctx, fresh.Token(), status.QueueCompleted, "done", b.now.Add(time.Minute))
	})
	refused("ended")
	old = fresh
	refused("its own end")
	b.tx(func(tx store.Tx) error {
		all, err := tx.Queue().Attempts(ctx, js[0].ID)
		if err != nil || len(all) != 2 || all[0].Status != status.QueueFailed || all[0].Reason != "lost" || !all[0].SeenAt.Equal(b.now) ||
			all[1].Status != status.QueueCompleted || !all[1].EndedAt.Equal(b.now.Add(time.Minute)) {
			t.Errorf("%+v %v", all, err)
		}
		_, err = tx.Queue().Check(ctx, engine.Token{Job: "none", Fence: 1})
		is(t, "missing", err, engine.ErrStale)
		return nil
	})
}

func testSweeps(t *testing.T, b *bench) {
	ctx := context.Background()
	b.run(3)
	as := b.mustClaim(3)
	b.tx(func(tx store.Tx) error {
		as[0].AckedAt = b.now
		return errors.Join(tx.Queue().Save(ctx, &as[0]), tx.Queue().Alive(ctx, b.now.Add(time.Minute), as[0].Token()),
			tx.Queue().End(ctx, as[1].Token(), status.QueueFailed, "", b.now))
	})
	b.tx(func(tx store.Tx) error {
		none, err := tx.Queue().Unacked(ctx, b.now.Add(9*time.Second), 9)
		same(t, "within the deadline", none, []engine.Attempt(nil), err)
		got, err := tx.Queue().Unacked(ctx, b.now.Add(10*time.Second), 9)
		same(t, "past it", got, as[2:], err)
		got, err = tx.Queue().Silent(ctx, b.now.Add(time.Minute), 9)
		same(t, "silent", got, as[2:], err)
		got, err = tx.Queue().Silent(ctx, b.now.Add(time.Minute+1000), 1)
		same(t, "the most silent first", got, as[2:], err)
		return nil
	})
}
