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
