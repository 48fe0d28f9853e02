package transporttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/transport"
)

// patience bounds what should take no time: it ends a test that hangs.
const patience = 20 * time.Second

// Run checks the connections that open makes.
func Run(t *testing.T, open func(t *testing.T) (dialled, accepted transport.Conn)) {
	for _, c := range []struct {
		name  string
		check func(*testing.T, pair)
	}{
		{"order", order}, {"sizes", sizes}, {"many senders", manySenders}, {"addresses", addresses},
		{"close codes", closeCodes}, {"close both", closeBoth}, {"close wakes", closeWakes}, {"close unread", closeUnread},
		{"cancelled receive", cancelledReceive}, {"cancelled before", cancelledBefore}, {"flow control", flowControl},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			p := pair{a, b, func() (transport.Conn, transport.Conn) { return open(t) }}
			defer p.close()
			c.check(t, p)
		})
	}
}

type pair struct {
	a, b  transport.Conn
	again func() (transport.Conn, transport.Conn)
}

func (p pair) close() {
	var both sync.WaitGroup
	both.Go(func() { _ = p.a.Close(transport.Normal, "") })
	both.Go(func() { _ = p.b.Close(transport.Normal, "") })
	both.Wait()
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func send(t *testing.T, c transport.Conn, frame string) {
	t.Helper()
	if err := c.Send(limited(t), []byte(frame)); err != nil {
		t.Errorf("send: %v", err)
	}
}

func receive(t *testing.T, c transport.Conn) []byte {
	t.Helper()
	frame, err := c.Receive(limited(t))
	if err != nil {
		t.Errorf("receive: %v", err)
	}
	return frame
}

// order: frames come out as they went in, both ways at once.
func order(t *testing.T, p pair) {
	const n = 2000
	var all sync.WaitGroup
	for _, way := range [][2]transport.Conn{{p.a, p.b}, {p.b, p.a}} {
		all.Go(func() {
			for i := range n {
				send(t, way[0], fmt.Sprintf(`{"n":%d}`, i))
			}
		})
		all.Go(func() {
			for i := range n {
				if got, want := string(receive(t, way[1])), fmt.Sprintf(`{"n":%d}`, i); got != want {
					t.Errorf("got %q, want %q", got, want)
					return
				}
			}
		})
	}
	all.Wait()
}

// sizes: a frame is whole, whatever its size.
func sizes(t *testing.T, p pair) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, n := range []int{0, 1, 125, 126, 4096, 65535, 65536, 1 << 20, 5<<20 + 1} {
		frame := bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n]
		all.Go(func() { send(t, p.a, string(frame)) })
		if got := receive(t, p.b); !bytes.Equal(got, frame) {
			t.Errorf("%d bytes arrived as %d, or others", n, len(got))
		}
	}
}

// manySenders: nothing is lost or mixed, and each sender's order is kept.
func manySenders(t *testing.T, p pair) {
	const senders, each = 8, 300
	var all sync.WaitGroup
	defer all.Wait()
	for s := range senders {
		all.Go(func() {
			for i := range each {
				send(t, p.a, fmt.Sprintf("%d %d", s, i))
			}
		})
	}
	var next [senders]int
	for range senders * each {
		var s, i int
		if _, err := fmt.Sscanf(string(receive(t, p.b)), "%d %d", &s, &i); err != nil || s >= senders || next[s] != i {
			t.Fatalf("sender %d: %d instead of %d (%v)", s, i, next[s], err)
		}
		next[s]++
	}
}

func addresses(t *testing.T, p pair) {
	if p.a.RemoteAddr() == "" || p.b.RemoteAddr() == "" {
		t.Errorf("nameless: %q, %q", p.a.RemoteAddr(), p.b.RemoteAddr())
	}
}

// closeCodes: what was sent before an end arrives before it, and the end says why.
func closeCodes(t *testing.T, p pair) {
	for _, code := range []transport.Code{
		transport.Normal, transport.GoingAway, transport.Unauthorized, transport.AuthTimeout, transport.InvalidMessage,
		transport.HeartbeatTimeout, transport.ProtocolError, transport.InternalError, transport.AgentAuthFailed,
		transport.PlanLimit, transport.RunNotFound, transport.DispatchTimeout,
	} {
		a, b := p.again()
		send(t, a, "last words")
		reason := "because of " + code.String()
		var closing sync.WaitGroup
		closing.Go(func() { _ = a.Close(code, reason) })
		if got := string(receive(t, b)); got != "last words" {
			t.Errorf("%s: got %q before the end", code, got)
		}
		for range 2 { // an end stays one
			_, err := b.Receive(limited(t))
			mustEnd(t, err, code, reason)
		}
		mustEnd(t, b.Send(limited(t), []byte("too late")), code, reason)
		closing.Wait()
		mustBeClosed(t, a)
		_ = b.Close(transport.Normal, "")
	}
}

func mustEnd(t *testing.T, err error, code transport.Code, reason string) {
	t.Helper()
	var end *transport.CloseError
	if !errors.As(err, &end) || end.Code != code || end.Reason != reason || transport.CodeOf(err) != code {
		t.Errorf("the end is %v, want %s %q", err, code, reason)
	}
}

func mustBeClosed(t *testing.T, c transport.Conn) {
	t.Helper()
	if err := c.Send(limited(t), []byte("x")); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("send after close: %v", err)
	}
	if _, err := c.Receive(limited(t)); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("receive after close: %v", err)
	}
}
