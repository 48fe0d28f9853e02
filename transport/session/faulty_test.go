package session_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
)

// faults are all the ways to be hard on a session.
func faults() map[string][]pipe.Option {
	return map[string][]pipe.Option{
		"none":       nil,
		"slow":       {pipe.Delay(10*time.Millisecond, 50*time.Millisecond)},
		"lossy":      {pipe.Lossy(0.2)},
		"very lossy": {pipe.Lossy(0.6)},
		"doubling":   {pipe.Duplicate(0.5)},
		"reordering": {pipe.Reorder(20)},
		"all":        {pipe.Lossy(0.1), pipe.Duplicate(0.1), pipe.Reorder(10), pipe.Delay(0, 20*time.Millisecond)},
	}
}

// TestOneConnection: whatever a connection does, everything arrives in order and
// once, both ways.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	for name, opts := range faults() {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					a, b := agent(session.Options{Window: 100}), server(session.Options{Window: 100})
					ca, cb := pipe.New(append(opts, pipe.Seed(seed))...)
					ctx, cancel := context.WithCancel(t.Context())
					var runs, sends sync.WaitGroup
					runs.Go(func() { _ = a.run(ctx, ca) })
					runs.Go(func() { _ = b.run(ctx, cb) })
					const n = 800
					sends.Go(func() { a.sendAll(t, n) })
					sends.Go(func() { b.sendAll(t, n) })
					sends.Wait()
					cancel()
					runs.Wait()
					mustHave(t, "server", b.received(), numbers(n))
					mustHave(t, "agent", a.received(), numbers(n))
				})
			})
		}
	}
}

// relive runs a session over one connection after the other until ctx ends.
func (s *side) relive(ctx context.Context, next func(context.Context) (transport.Conn, error)) {
	for ctx.Err() == nil {
		conn, err := next(ctx)
		if err == nil {
			_ = s.run(ctx, conn)
		}
	}
}

// TestManyConnections: the same over connections that die, in order and once,
// since both sides remember.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	for name, opts := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := agent(session.Options{Window: 20}), server(session.Options{Window: 20})
				l := pipe.Listen(append(opts, pipe.Cut(150))...)
				ctx, cancel := context.WithCancel(t.Context())
				var runs, sends sync.WaitGroup
				runs.Go(func() { a.relive(ctx, l.Dial) })
				runs.Go(func() { b.relive(ctx, l.Accept) })
				const n = 600
				sends.Go(func() { a.sendAll(t, n) })
				sends.Go(func() { b.sendAll(t, n) })
				sends.Wait()
				cancel()
				runs.Wait()
				mustHave(t, "server", b.received(), numbers(n))
				mustHave(t, "agent", a.received(), numbers(n))
			})
		})
	}
}

// TestForgetfulServer: a server that starts anew with each connection gets
// everything at least once, and nothing before what came before it.
func TestForgetfulServer(t *testing.T) {
	t.Parallel()
	for name, opts := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := agent(session.Options{Window: 20})
				l := pipe.Listen(append(opts, pipe.Cut(150))...)
				ctx, cancel := context.WithCancel(t.Context())
				var runs sync.WaitGroup
				var lives [][]string
				runs.Go(func() { a.relive(ctx, l.Dial) })
				runs.Go(func() {
					for ctx.Err() == nil {
						b := server(session.Options{Window: 20})
						if conn, err := l.Accept(ctx); err == nil {
							_ = b.Send(ctx, b.record("hello"))
							_ = b.run(ctx, conn)
							lives = append(lives, b.received())
						}
					}
				})
				const n = 600
				a.sendAll(t, n)
				cancel()
				runs.Wait()
				mustHave(t, "server", seen(t, lives), numbers(n))
				if name == "none" && len(a.received()) < 3 {
					t.Errorf("the agent heard %d of the server's lives", len(a.received()))
				}
			})
		})
	}
}

// seen joins the lives of a server: each must be a piece of the numbers without a
// gap, and begin where the ones before have been.
func seen(t *testing.T, lives [][]string) (all []string) {
	t.Helper()
	if len(lives) < 5 {
		t.Errorf("only %d connections", len(lives))
	}
	for _, life := range lives {
		for i, id := range life {
			var n int
			if _, err := fmt.Sscanf(id, "m%d", &n); err != nil {
				t.Fatal(err)
			}
			if n > len(all) || i > 0 && id != "m"+fmt.Sprint(n) {
				t.Fatalf("%s after %d messages", id, len(all))
			}
			if n == len(all) {
				all = append(all, id)
			}
		}
	}
	return all
}
