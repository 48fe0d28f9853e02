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

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
)

// play writes frames to a server's session by hand and returns how it ended, and
// how the writer learned of it.
func play(t *testing.T, b *side, frames ...string) (err error, seen error) {
	t.Helper()
	peer, conn := pipe.New()
	for _, f := range frames {
		if err := peer.Send(t.Context(), []byte(f)); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- b.run(t.Context(), conn) }()
	for {
		if _, seen = peer.Receive(t.Context()); seen != nil {
			return <-done, seen
		}
	}
}

func TestViolations(t *testing.T) {
	t.Parallel()
	const begin = `{"type":"job.ack","seq":1,"first":1,"session":"s"}`
	for _, c := range []struct {
		name   string
		frames []string
		code   transport.Code
		text   string
	}{
		{"ack of nothing", []string{`{"type":"ack","messageId":"","seq":1}`}, transport.ProtocolError, "acknowledged 1"},
		{"receipt of nothing", []string{`{"type":"ack","messageId":"","received":9}`}, transport.ProtocolError, "received 9"},
		{"no beginning", []string{`{"type":"job.ack","seq":5}`}, transport.ProtocolError, "number 5 before"},
		{"name without beginning", []string{`{"type":"job.ack","seq":5,"session":"s"}`}, transport.ProtocolError, "number 5 before"},
		{"two sessions", []string{begin, `{"type":"job.ack","seq":2,"first":1,"session":"z"}`}, transport.ProtocolError, "another session"},
		{"unknown type", []string{`{"type":"job.explode"}`}, transport.InvalidMessage, "job.explode"},
		{"other direction", []string{`{"type":"job.dispatch"}`}, transport.InvalidMessage, "job.dispatch"},
		{"no message", []string{`hello`}, transport.InvalidMessage, "no message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err, seen := play(t, server(session.Options{}), c.frames...)
			if err == nil || !strings.Contains(err.Error(), c.text) || transport.CodeOf(seen) != c.code {
				t.Errorf("ended with %v, seen as %v", err, seen)
			}
		})
	}
}

// TestRefused: an unknown message that is let pass keeps its place.
func TestRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := server(session.Options{})
		peer, conn := pipe.New()
		var passed []string
		h := b.handler()
		h.Refused = func(err error) error {
			if unknown := new(message.UnknownTypeError); errors.As(err, &unknown) {
				passed = append(passed, unknown.Type)
				return nil
			}
			return err
		}
		done := make(chan error)
		go func() { done <- b.Run(t.Context(), conn, h) }()
		for _, frame := range []string{
			`{"type":"job.explode","seq":2,"first":1,"session":"s"}`,
			`{"type":"agent.sing"}`,
			`{"type":"job.ack","seq":3,"first":1,"session":"s","messageId":"three"}`,
			`{"type":"job.ack","seq":1,"first":1,"session":"s","messageId":"one"}`,
		} {
			_ = peer.Send(t.Context(), []byte(frame))
		}
		synctest.Wait()
		mustHave(t, "passed", passed, []string{"job.explode", "agent.sing"})
		mustHave(t, "server", b.received(), []string{"one", "three"})
		for acked := int64(0); acked < 3; {
			frame, err := peer.Receive(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m, err := message.Decode(message.ToAgent, frame)
			if err != nil {
				t.Fatal(err)
			}
			acked = m.(*message.Ack).Seq
		}
		_ = peer.Send(t.Context(), []byte(`{"type":"job.cancel"}`))
		if err := <-done; !errors.As(err, new(*message.DirectionError)) {
			t.Errorf("ended with %v", err)
		}
		_ = peer.Close(transport.Normal, "")
	})
}

// TestFlood: who numbers far ahead, or never lets a gap close, costs a bounded
// amount of memory, and what is missing is asked for.
func TestFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := server(session.Options{Window: 50, WindowBytes: 100_000})
		peer, conn := pipe.New(pipe.Capacity(1 << 30))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error)
		go func() { done <- b.run(ctx, conn) }()
		say := func(seq int) {
			_ = peer.Send(t.Context(), fmt.Appendf(nil, `{"type":"job.ack","seq":%d,"first":1,"session":"s","messageId":"m%d","pad":%q}`, seq, seq-1, strings.Repeat("x", 5000)))
		}
		for seq := 2; seq < 5000; seq++ {
			say(seq)
		}
		<-time.After(time.Minute)
		if got := b.received(); len(got) != 0 {
			t.Errorf("received %d over a gap", len(got))
		}
		say(1)
		synctest.Wait()
		n := len(b.received())
		if n < 20 || n > 101 {
			t.Errorf("%d were kept, want as many as the limit of bytes holds", n)
		}
		mustHave(t, "server", b.received(), numbers(n))
		asked := false
		for {
			frame, err := peer.Receive(ctx)
			if err != nil {
				break
			}
			m, _ := message.Decode(message.ToAgent, frame)
			ack := m.(*message.Ack)
			asked = asked || slices.Equal(ack.Missing, []int64{1})
			if ack.Seq == int64(n) {
				cancel()
			}
		}
		if <-done; !asked {
			t.Error("the first was not asked for")
		}
		_ = peer.Close(transport.Normal, "")
	})
}

// TestLastWords: what arrived before the connection ended is handled before Run
// ends.
func TestLastWords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := agent(session.Options{}), server(session.Options{})
		b.handle = func(context.Context, []string) error { <-time.After(time.Second); return nil }
		ca, cb := pipe.New()
		ctx, cancel := context.WithCancelCause(t.Context())
		var runs sync.WaitGroup
		runs.Go(func() { _ = a.run(ctx, ca) })
		runs.Go(func() {
			err := b.run(t.Context(), cb)
			if end := new(transport.CloseError); !errors.As(err, &end) || end.Code != transport.DispatchTimeout || end.Reason != "enough" {
				t.Errorf("the server's run ended with %v", err)
			}
		})
		for i, id := range numbers(50) {
			_ = a.Send(t.Context(), a.record(id))
			if i == 0 || i == 49 {
				synctest.Wait()
			}
		}
		cancel(&transport.CloseError{Code: transport.DispatchTimeout, Reason: "enough"})
		runs.Wait()
		mustHave(t, "server", b.received(), numbers(50))
	})
}

// TestLinger: a handler that waits for what cannot come any more is not waited
// for.
func TestLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := agent(session.Options{}), server(session.Options{})
		b.handle = func(ctx context.Context, _ []string) error { <-ctx.Done(); return context.Cause(ctx) }
		ca, cb := pipe.New(pipe.Cut(1))
		var runs sync.WaitGroup
		start := time.Now()
		_ = a.Send(t.Context(), a.record("m0"))
		runs.Go(func() { _ = a.run(t.Context(), ca) })
		runs.Go(func() {
			if err := b.run(t.Context(), cb); transport.CodeOf(err) != transport.Abnormal {
				t.Errorf("ended with %v", err)
			}
		})
		runs.Wait()
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	a := agent(session.Options{MaxMessage: 1000})
	if err := a.Send(t.Context(), &message.Heartbeat{}); err == nil {
		t.Error("a heartbeat was numbered")
	}
	big := &message.LogChunk{Lines: message.Strings{strings.Repeat("x", 1000)}}
	if err := a.Send(t.Context(), big); !errors.Is(err, session.ErrTooBig) {
		t.Errorf("big: %v", err)
	}
	if err := a.SendNow(t.Context(), big); !errors.Is(err, session.ErrTooBig) {
		t.Errorf("big and now: %v", err)
	}
	if err := a.SendNow(t.Context(), &message.Heartbeat{}); !errors.Is(err, session.ErrOffline) {
		t.Errorf("offline: %v", err)
	}
	_ = a.Send(t.Context(), &message.LogChunk{Lines: message.Strings{"a", "b"}})
	_ = a.Send(t.Context(), a.record("x"))
	if got := a.Backlog(); got.Messages != 2 || got.Logs != 1 || got.LogLines != 2 || got.Bytes < 100 {
		t.Errorf("backlog %+v", got)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("not for ever")
	cancel(why)
	if err := a.Flush(ctx); !errors.Is(err, why) {
		t.Errorf("flush: %v", err)
	}
}

// TestOneAtATime: a session has one connection, and a handler's error and the
// other side's see the same connection end.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := agent(session.Options{}), server(session.Options{})
		ca, cb := pipe.New()
		var runs sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		runs.Go(func() {
			if err := a.run(ctx, ca); !errors.Is(err, context.Canceled) {
				t.Errorf("the agent's run: %v", err)
			}
		})
		runs.Go(func() {
			if err := b.run(t.Context(), cb); transport.CodeOf(err) != transport.GoingAway {
				t.Errorf("the server's run: %v", err)
			}
		})
		synctest.Wait()
		if err := a.run(ctx, nil); !errors.Is(err, session.ErrRunning) {
			t.Errorf("a second run: %v", err)
		}
		cancel()
		runs.Wait()
		if err := a.SendNow(t.Context(), &message.Heartbeat{}); !errors.Is(err, session.ErrOffline) {
			t.Errorf("after the run: %v", err)
		}
	})
}

// TestNowFails: an error of either handler ends the run.
func TestNowFails(t *testing.T) {
	t.Parallel()
	why := errors.New("no")
	peer, conn := pipe.New()
	_ = peer.Send(t.Context(), []byte(`{"type":"heartbeat","timestamp":1}`))
	s := session.New(session.Options{Receive: message.ToOrchestrator})
	err := s.Run(t.Context(), conn, session.Handler{Now: func(context.Context, message.Message) error { return why }})
	if _, seen := peer.Receive(t.Context()); !errors.Is(err, why) || transport.CodeOf(seen) != transport.InternalError {
		t.Errorf("ended with %v, seen as %v", err, seen)
	}
}
