package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

func testAtomic(t *testing.T, b *bench) {
	ctx := context.Background()
	why := errors.New("why")
	l := b.Listen("topic")
	defer l.Close()
	half := func(id engine.RunID, end func() error) func(store.Tx) error {
		return func(tx store.Tx) error {
			tx.Notify("topic")
			if err := tx.Runs().Insert(ctx, &engine.Run{ID: id}, &engine.Snapshot{}); err != nil {
				return err
			}
			if err := tx.Events().Append(ctx, engine.Event{Run: id, Kind: "k", Pending: true}); err != nil {
				return err
			}
			return end()
		}
	}
	is(t, "the error comes back", b.Tx(ctx, half("r1", func() error { return why })), why)
	func() {
		defer func() {
			if r := recover(); r != why {
				t.Error("the panic was", r)
			}
		}()
		_ = b.Tx(ctx, half("r2", func() error { panic(why) }))
	}()
	// A failed statement ends the transaction, whether or not fn tells.
	swallowed := b.Tx(ctx, func(tx store.Tx) error {
		_ = tx.Runs().Insert(ctx, &engine.Run{ID: "r3"}, &engine.Snapshot{})
		_ = tx.Runs().Insert(ctx, &engine.Run{ID: "r3"}, &engine.Snapshot{})
		return nil
	})
	is(t, "swallowed", swallowed, engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		runs, err := tx.Runs().Recent(ctx, time.Time{}, 9)
		same(t, "nothing half", runs, []engine.Run(nil), err)
		events, err := tx.Events().Pending(ctx, 9)
		same(t, "and nothing announced", events, []engine.Event(nil), err)
		return nil
	})
	b.tx(half("r4", func() error { return nil })) // the store still works
}

func testView(t *testing.T, b *bench) {
	ctx := context.Background()
	r, _ := b.run(1)
	err := b.View(ctx, func(tx store.Tx) error {
		_, err := tx.Runs().Get(ctx, r.ID)
		return err
	})
	same(t, "reads", nil, nil, err)
	is(t, "writes", b.View(ctx, func(tx store.Tx) error { return tx.Sources().Put(ctx, &engine.Source{ID: "x"}) }), store.ErrReadOnly)
	is(t, "claims", b.View(ctx, func(tx store.Tx) error {
		_, err := tx.Queue().Claim(ctx, store.Claim{Routes: []engine.Route{"linux"}, Limit: 1, NewID: func() engine.AttemptID { return "x" }})
		return err
	}), store.ErrReadOnly)
	if as := b.mustClaim(1); len(as) != 1 {
		t.Error("the view took the job")
	}
}

func testContext(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(context.Background())
	err := b.Tx(ctx, func(tx store.Tx) error {
		cancel()
		return tx.Runs().Insert(ctx, &engine.Run{ID: "r"}, &engine.Snapshot{})
	})
	is(t, "within", err, context.Canceled)
	is(t, "before", b.Tx(ctx, func(store.Tx) error { return nil }), context.Canceled)
	b.run(1) // nobody else is harmed
}

func testHostile(t *testing.T, b *bench) {
	ctx := context.Background()
	for i, s := range []string{"'; DROP TABLE runs; --", "$1 ?1 :a @b", "ünï \u2028 🐘", strings.Repeat("x", 1<<20)} {
		r := engine.Run{ID: engine.RunID(fmt.Sprint(i)), Workflow: s, Reason: s}
		b.tx(func(tx store.Tx) error { return tx.Runs().Insert(ctx, &r, &engine.Snapshot{Lock: []byte(s)}) })
		b.tx(func(tx store.Tx) error {
			got, err := tx.Runs().Get(ctx, r.ID)
			same(t, "text", got, &r, err)
			return nil
		})
	}
}

// Eight claimers on two stores take 200 jobs, each once, in whatever order.
func testClaimOnce(t *testing.T, b *bench) {
	const jobs = 200
	b.run(jobs)
	var mu sync.Mutex
	taken := map[engine.JobID]int{}
	stores := b.both()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for {
				as, err := b.claim(stores[i%2], 1+i%3)
				if err != nil || len(as) == 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				for _, a := range as {
					taken[a.Job]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(taken) != jobs {
		t.Errorf("%d jobs of %d were taken", len(taken), jobs)
	}
	for j, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", j, n)
		}
	}
}

func testDedupRace(t *testing.T, b *bench) {
	ctx := context.Background()
	stores := b.both()
	var wg sync.WaitGroup
	for k := range 20 {
		var firsts atomic.Int32
		for i := range 6 {
			wg.Go(func() {
				err := stores[i%2].Tx(ctx, func(tx store.Tx) error {
					first, err := tx.Deliveries().First(ctx, fmt.Sprint("key", k), b.now, b.now.Add(time.Minute))
					if first && err == nil {
						firsts.Add(1)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := firsts.Load(); n != 1 {
			t.Errorf("key %d: %d were first", k, n)
		}
	}
}

// While writers append to a run, a follower that remembers only the last number
// it saw misses nothing.
func testEventOrder(t *testing.T, b *bench) {
	ctx := context.Background()
	r, _ := b.run(0)
	stores := b.both()
	const each, writers = 25, 4
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for range each {
				if err := stores[i%2].Tx(ctx, func(tx store.Tx) error {
					return tx.Events().Append(ctx, engine.Event{Run: r.ID, Kind: "a"}, engine.Event{Run: r.ID, Kind: "b"})
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var last int64
	for seen := 0; seen < 2*each*writers && !t.Failed(); {
		err := stores[1].View(ctx, func(tx store.Tx) error {
			es, err := tx.Events().After(ctx, r.ID, last, 1000)
			for _, e := range es {
				seen, last = seen+1, e.Seq
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		all := 0
		if err := stores[0].View(ctx, func(tx store.Tx) error {
			es, err := tx.Events().After(ctx, r.ID, 0, 1000)
			for _, e := range es {
				if e.Seq <= last {
					all++
				}
			}
			return err
		}); err != nil || all != seen {
			t.Fatalf("up to %d there are %d events, the follower saw %d (%v)", last, all, seen, err)
		}
	}
	wg.Wait()
}

// Read, think, write: under the lock of the run no update is lost.
func testRunLock(t *testing.T, b *bench) {
	ctx := context.Background()
	r, _ := b.run(0)
	stores := b.both()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := stores[i%2].Tx(ctx, func(tx store.Tx) error {
				r, err := tx.Runs().Lock(ctx, r.ID)
				if err != nil {
					return err
				}
				r.Reason += "x"
				return tx.Runs().Save(ctx, r, status.RunPending)
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.tx(func(tx store.Tx) error {
		got, err := tx.Runs().Get(ctx, r.ID)
		same(t, "reason", got.Reason, strings.Repeat("x", 40), err)
		return nil
	})
}

func testWake(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stores := b.both()
	for i, s := range stores {
		l := s.Listen("topic-a")
		defer l.Close()
		for { // what happened before; and the other store's connection listens by then
			if woken, err := l.Wait(ctx); err != nil || !woken {
				same(t, "quiet", woken, false, err)
				break
			}
		}
		start := time.Now()
		if err := stores[0].Tx(ctx, func(tx store.Tx) error { tx.Notify("topic-b"); tx.Notify("topic-a"); return nil }); err != nil {
			t.Fatal(err)
		}
		woken, err := l.Wait(ctx)
		if err != nil || !woken || time.Since(start) > store.PollInterval/2 {
			t.Errorf("store %d: woken %v after %v: %v", i, woken, time.Since(start), err)
		}
	}
	l := stores[0].Listen("never")
	defer l.Close()
	start := time.Now()
	for {
		woken, err := l.Wait(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !woken {
			break
		}
	}
	if took := time.Since(start); took > 2*store.PollInterval {
		t.Errorf("a lost wake-up cost %v", took)
	}
	cancel()
	_, err := l.Wait(ctx)
	is(t, "ended", err, context.Canceled)
}

func testLead(t *testing.T, b *bench) {
	ctx := context.Background()
	stores := b.both()
	first, err := stores[0].Lead(ctx, "cron")
	if err != nil {
		t.Fatal(err)
	}
	other, err := stores[1].Lead(ctx, "other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // a test's end
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if s, err := stores[1].Lead(short, "cron"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("two leaders:", s, err)
	}
	got := make(chan store.Session)
	go func() {
		s, err := stores[1].Lead(ctx, "cron")
		if err != nil {
			t.Error(err)
		}
		got <- s
	}()
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	<-first.Lost()
	second := <-got
	select {
	case <-second.Lost():
		t.Error("lost at once")
	default:
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func testMigrate(t *testing.T, b *bench) {
	ctx := context.Background()
	r, _ := b.run(1)
	var wg sync.WaitGroup
	for _, s := range b.both() {
		wg.Go(func() {
			if err := s.Migrate(ctx, b.now); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.tx(func(tx store.Tx) error {
		_, err := tx.Runs().Get(ctx, r.ID)
		return err
	})
	if at, err := b.Schema(ctx); err != nil || at.Version < 1 || at.Version != at.Latest || len(at.Missing) > 0 {
		t.Errorf("schema: %+v %v", at, err)
	}
}

func testClosed(t *testing.T, b *bench) {
	ctx := context.Background()
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Error(err)
	}
	is(t, "tx", b.Tx(ctx, func(store.Tx) error { return nil }), store.ErrClosed)
	is(t, "view", b.View(ctx, func(store.Tx) error { return nil }), store.ErrClosed)
}
