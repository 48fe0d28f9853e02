package session_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/session"
	"github.com/kici-dev/kici-go/transport/ws"
)

// socket opens a connection over loopback.
func socket(tb testing.TB) (dialled, accepted transport.Conn) {
	tb.Helper()
	l := ws.NewListener(ws.Options{})
	s := httptest.NewServer(l)
	tb.Cleanup(s.Close)
	a, err := (&ws.Dialer{URL: s.URL}).Dial(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	b, err := l.Accept(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return a, b
}

// TestOverSockets: the same over the real thing, through connections that are
// torn down while both sides send.
func TestOverSockets(t *testing.T) {
	t.Parallel()
	a, b := agent(session.Options{Window: 100}), server(session.Options{Window: 100})
	ctx, cancel := context.WithCancel(t.Context())
	var runs, sends sync.WaitGroup
	runs.Go(func() {
		for ctx.Err() == nil {
			ca, cb := socket(t)
			part := &fragile{Conn: ca, left: 200}
			var both sync.WaitGroup
			both.Go(func() { _ = a.run(ctx, part) })
			both.Go(func() { _ = b.run(ctx, cb) })
			both.Wait()
		}
	})
	const n = 1500
	sends.Go(func() { a.sendAll(t, n) })
	sends.Go(func() { b.sendAll(t, n) })
	sends.Wait()
	cancel()
	runs.Wait()
	mustHave(t, "server", b.received(), numbers(n))
	mustHave(t, "agent", a.received(), numbers(n))
}

// fragile closes after some frames.
type fragile struct {
	transport.Conn
	left int
}

func (f *fragile) Send(ctx context.Context, frame []byte) error {
	if f.left--; f.left == 0 {
		go func() { _ = f.Close(transport.GoingAway, "torn") }()
	}
	return f.Conn.Send(ctx, frame)
}

// BenchmarkLog moves log lines from one session to another: encode, number, send,
// read, put in order, hand over, acknowledge. Bytes are those of the lines.
func BenchmarkLog(b *testing.B) {
	for _, lines := range []int{50, 500} {
		b.Run(fmt.Sprintf("%d lines", lines), func(b *testing.B) {
			chunk := &message.LogChunk{MessageID: "0b6e7c62-6c5e-4b4e-9f0a-1d9a6a4f7c11", JobRef: message.JobRef{RunID: "run", JobID: "job", Attempt: "attempt", Fence: 1}}
			for range lines {
				chunk.Lines = append(chunk.Lines, "2026-11-27T12:00:00Z compiling github.com/example/project/internal/pkg ok, 0.131s of 100")
			}
			b.SetBytes(int64(lines * len(chunk.Lines[0])))
			from, to := session.New(session.Options{Receive: message.ToAgent}), session.New(session.Options{Receive: message.ToOrchestrator})
			ca, cb := socket(b)
			ctx, cancel := context.WithCancel(b.Context())
			var runs sync.WaitGroup
			got := 0
			runs.Go(func() { _ = from.Run(ctx, ca, session.Handler{}) })
			runs.Go(func() {
				_ = to.Run(ctx, cb, session.Handler{Records: func(_ context.Context, batch []message.Message) error {
					got += len(batch)
					return nil
				}})
			})
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if err := from.Send(ctx, chunk); err != nil {
					b.Fatal(err)
				}
			}
			if err := from.Flush(ctx); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			cancel()
			runs.Wait()
			if got != b.N {
				b.Errorf("%d of %d chunks", got, b.N)
			}
		})
	}
}
