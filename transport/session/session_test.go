package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// side is one end of a link, with what its handler was given.
type side struct {
	*session.Session
	opt session.Options
	up  bool // it is the agent

	mu      sync.Mutex
	got     []string
	batches [][]string
	now     []string
	handle  func(ctx context.Context, ids []string) error
}

func agent(opt session.Options) *side {
	opt.Receive = message.ToAgent
	return &side{Session: session.New(opt), opt: opt, up: true}
}

func server(opt session.Options) *side {
	opt.Receive = message.ToOrchestrator
	return &side{Session: session.New(opt), opt: opt}
}

// record is a message of record this side may send.
func (s *side) record(id string) message.Message {
	if s.up {
		return &message.JobAck{MessageID: id}
	}
	return &message.JobCancel{MessageID: id}
}

func id(m message.Message) string {
	switch m := m.(type) {
	case *message.JobAck:
		return m.MessageID
	case *message.JobCancel:
		return m.MessageID
	}
	return m.Type()
}

func (s *side) handler() session.Handler {
	return session.Handler{
		Records: func(ctx context.Context, batch []message.Message) error {
			var ids []string
			for _, m := range batch {
				ids = append(ids, id(m))
			}
			if s.handle != nil {
				if err := s.handle(ctx, ids); err != nil {
					return err
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.got = append(s.got, ids...)
			s.batches = append(s.batches, ids)
			return nil
		},
		Now: func(_ context.Context, m message.Message) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.now = append(s.now, m.Type())
			return nil
		},
	}
}

func (s *side) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *side) run(ctx context.Context, conn transport.Conn) error {
	return s.Run(ctx, conn, s.handler())
}

func numbers(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("m%d", i))
	}
	return out
}

// sendAll sends n messages and waits for their acknowledgement.
func (s *side) sendAll(t *testing.T, n int) {
	t.Helper()
	for _, id := range numbers(n) {
		if err := s.Send(t.Context(), s.record(id)); err != nil {
			t.Error(err)
			return
		}
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}

// mustHave compares without printing thousands of lines.
func mustHave(t *testing.T, who string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s: message %d is %s, want %s", who, i, got[i], want[i])
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d messages, want %d", who, len(got), len(want))
	}
}

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
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					a, b := agent(session.Options{Window: 100}), server(session.Options{Window: 100})
					ca, cb := pipe.New(append(opts, pipe.Seed(seed))...)
					ctx, cancel := context.WithCancel(t.Context())
					var runs, sends sync.WaitGroup
					runs.Go(func() { _ = a.run(ctx, ca) })
					runs.Go(func() { _ = b.run(ctx, cb) })
					const n = 1500
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

// TestRestartedAgent: an agent that starts anew begins at 1, and a server that
// remembers another session does not take that for old.
func TestRestartedAgent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := server(session.Options{})
		for range 3 {
			a := agent(session.Options{})
			ca, cb := pipe.New()
			ctx, cancel := context.WithCancel(t.Context())
			var runs sync.WaitGroup
			runs.Go(func() { _ = a.run(ctx, ca) })
			runs.Go(func() { _ = b.run(ctx, cb) })
			a.sendAll(t, 20)
			b.sendAll(t, 20)
			cancel()
			runs.Wait()
			mustHave(t, "agent", a.received(), numbers(20))
		}
		mustHave(t, "server", b.received(), slices.Concat(numbers(20), numbers(20), numbers(20)))
	})
}

// TestAckIsDurable: what a handler did not manage comes again, and only that.
func TestAckIsDurable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := agent(session.Options{}), server(session.Options{})
		full := errors.New("disk full")
		failing := true
		b.handle = func(_ context.Context, ids []string) error {
			if failing && slices.Contains(ids, "m7") {
				failing = false
				return full
			}
			return nil
		}
		for _, id := range numbers(5) {
			_ = a.Send(t.Context(), a.record(id))
		}
		var ends []error
		for range 2 {
			ca, cb := pipe.New()
			ctx, cancel := context.WithCancel(t.Context())
			var runs sync.WaitGroup
			runs.Go(func() { ends = append(ends, a.run(ctx, ca)) })
			runs.Go(func() {
				if err := b.run(ctx, cb); ctx.Err() == nil && !errors.Is(err, full) {
					t.Errorf("the server's run ended with %v", err)
				}
			})
			synctest.Wait()
			for i := 5; i < 10 && len(ends) == 0; i++ {
				_ = a.Send(t.Context(), a.record(fmt.Sprint("m", i)))
			}
			synctest.Wait()
			cancel()
			runs.Wait()
		}
		if transport.CodeOf(ends[0]) != transport.InternalError {
			t.Errorf("the agent learned of %v", ends[0])
		}
		mustHave(t, "server", b.received(), numbers(10))
		if left := a.Backlog(); left.Messages != 0 {
			t.Errorf("left over: %+v", left)
		}
	})
}

// TestWindow: Send waits for acknowledgements, in messages and in bytes.
func TestWindow(t *testing.T) {
	t.Parallel()
	for _, opt := range []session.Options{{Window: 10}, {WindowBytes: 10 * 70}} {
		synctest.Test(t, func(t *testing.T) {
			a, b := agent(opt), server(opt)
			why := errors.New("tired")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Hour, func() { cancel(why) })
			var err error
			sent := 0
			for ; err == nil; sent++ {
				err = a.Send(ctx, a.record("m"))
			}
			if sent--; sent < 9 || sent > 11 || !errors.Is(err, why) || a.Backlog().Messages != sent {
				t.Errorf("%d sent, %v, %+v", sent, err, a.Backlog())
			}
			ca, cb := pipe.New()
			runCtx, stop := context.WithCancel(t.Context())
			var runs sync.WaitGroup
			runs.Go(func() { _ = a.run(runCtx, ca) })
			runs.Go(func() { _ = b.run(runCtx, cb) })
			if err := a.Send(t.Context(), a.record("m")); err != nil {
				t.Error(err)
			}
			_ = a.Flush(t.Context())
			stop()
			runs.Wait()
			if got := len(b.received()); got != sent+1 {
				t.Errorf("%d received of %d", got, sent+1)
			}
		})
	}
}

// TestBatches: what comes while a handler is at work is the next batch, and the
// rest of the traffic does not wait for it.
func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := agent(session.Options{}), server(session.Options{})
		b.handle = func(context.Context, []string) error {
			<-time.After(10 * time.Second)
			return nil
		}
		ca, cb := pipe.New()
		counted := &counter{Conn: ca}
		ctx, cancel := context.WithCancel(t.Context())
		var runs sync.WaitGroup
		runs.Go(func() { _ = a.run(ctx, counted) })
		runs.Go(func() { _ = b.run(ctx, cb) })
		for i, id := range numbers(100) {
			_ = a.Send(t.Context(), a.record(id))
			if i == 0 {
				synctest.Wait()
			}
		}
		if err := a.SendNow(t.Context(), &message.Heartbeat{}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(b.now) != 1 || len(b.received()) != 0 {
			t.Errorf("a heartbeat waited: %v, %d", b.now, len(b.received()))
		}
		start := time.Now()
		_ = a.Flush(t.Context())
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("acknowledged after %s", took)
		}
		cancel()
		runs.Wait()
		if len(b.batches) != 2 || len(b.batches[0]) != 1 || len(b.batches[1]) != 99 {
			t.Errorf("%d batches", len(b.batches))
		}
		if counted.records != 100 {
			t.Errorf("%d frames for 100 messages, on a connection that loses nothing", counted.records)
		}
	})
}

// counter counts the numbered frames that are sent.
type counter struct {
	transport.Conn
	records int
}

func (c *counter) Send(ctx context.Context, frame []byte) error {
	if strings.Contains(string(frame), `"seq"`) && !strings.Contains(string(frame), `"ack"`) {
		c.records++
	}
	return c.Conn.Send(ctx, frame)
}

// TestSlowLine: where nothing gets through for long, little is sent twice.
func TestSlowLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := agent(session.Options{}), server(session.Options{})
		ca, cb := pipe.New(pipe.Delay(10*time.Second, 10*time.Second))
		counted := &counter{Conn: ca}
		ctx, cancel := context.WithCancel(t.Context())
		var runs sync.WaitGroup
		runs.Go(func() { _ = a.run(ctx, counted) })
		runs.Go(func() { _ = b.run(ctx, cb) })
		a.sendAll(t, 500)
		cancel()
		runs.Wait()
		mustHave(t, "server", b.received(), numbers(500))
		if again := counted.records - 500; again > 100 {
			t.Errorf("%d were sent again", again)
		}
	})
}

// TestIdle: two sessions with nothing to say are silent.
func TestIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := agent(session.Options{}), server(session.Options{})
		ca, cb := pipe.New()
		ctx, cancel := context.WithCancel(t.Context())
		var runs sync.WaitGroup
		quiet := &silence{Conn: ca}
		runs.Go(func() { _ = a.run(ctx, quiet) })
		runs.Go(func() { _ = b.run(ctx, cb) })
		a.sendAll(t, 3)
		b.sendAll(t, 3)
		synctest.Wait()
		sent := quiet.sent
		<-time.After(time.Hour)
		if quiet.sent != sent {
			t.Errorf("%d frames in an idle hour", quiet.sent-sent)
		}
		cancel()
		runs.Wait()
	})
}

type silence struct {
	transport.Conn
	sent int
}

func (s *silence) Send(ctx context.Context, frame []byte) error {
	s.sent++
	return s.Conn.Send(ctx, frame)
}
