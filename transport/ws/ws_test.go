package ws_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/transporttest"
	"github.com/kici-dev/kici-go/transport/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server for one test.
func serve(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// connect opens a connection through a listener.
func connect(t *testing.T, opt ws.Options) (dialled, accepted transport.Conn) {
	t.Helper()
	l := ws.NewListener(opt)
	a, err := (&ws.Dialer{URL: serve(t, l), Options: opt}).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return a, b
}

func TestConformance(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T) (transport.Conn, transport.Conn) { return connect(t, ws.Options{}) })
}

// TestConformanceSwapped: the side that was dialled keeps the same promises.
func TestConformanceSwapped(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T) (transport.Conn, transport.Conn) {
		a, b := connect(t, ws.Options{})
		return b, a
	})
}

// raw opens a connection with the bare library, for peers that misbehave.
func raw(t *testing.T, opt ws.Options) (peer *websocket.Conn, conn transport.Conn) {
	t.Helper()
	l := ws.NewListener(opt)
	peer, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(serve(t, l), "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err = l.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(transport.Normal, ""), peer.Close() })
	return peer, conn
}

func mustEnd(t *testing.T, conn transport.Conn, code transport.Code) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, err := conn.Receive(ctx)
		if err == nil {
			continue
		}
		if transport.CodeOf(err) != code || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the end is %v, want %s", err, code)
		}
		return err
	}
}

// mustSee reads until the peer is told why.
func mustSee(t *testing.T, peer *websocket.Conn, code transport.Code) {
	t.Helper()
	for {
		_, _, err := peer.ReadMessage()
		if err == nil {
			continue
		}
		var end *websocket.CloseError
		if !errors.As(err, &end) || end.Code != int(code) {
			t.Errorf("the peer saw %v, want %s", err, code)
		}
		return
	}
}

func TestRefusedFrames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		kind int
		data string
		code transport.Code
	}{
		{"too big", websocket.TextMessage, strings.Repeat("x", 1<<20), transport.TooBig},
		{"just too big", websocket.TextMessage, strings.Repeat("x", 5001), transport.TooBig},
		{"binary", websocket.BinaryMessage, "x", transport.InvalidMessage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			peer, conn := raw(t, ws.Options{ReadLimit: 5000})
			if err := peer.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("y", 5000))); err != nil {
				t.Fatal(err)
			}
			if err := peer.WriteMessage(c.kind, []byte(c.data)); err != nil {
				t.Fatal(err)
			}
			mustSee(t, peer, c.code)
			if frame, err := conn.Receive(t.Context()); len(frame) != 5000 {
				t.Errorf("the good frame before it: %d bytes, %v", len(frame), err)
			}
			mustEnd(t, conn, c.code)
		})
	}
}

// TestDead: a peer that is silent, and answers no ping, is gone.
// TestHeard: a ping is a sign of life, silence is none, and what waits here to be
// received speaks for the other side.
func TestHeard(t *testing.T) {
	t.Parallel()
	peer, conn := raw(t, ws.Options{Queue: 1, CloseWait: 50 * time.Millisecond})
	heard := conn.(transport.Hearer).Heard
	first := heard()
	answered := make(chan string, 1)
	peer.SetPongHandler(func(data string) error { answered <- data; return errors.New("seen") })
	if err := peer.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, _, _ = peer.ReadMessage()
	<-answered
	second := heard()
	if !second.After(first) || heard() != second {
		t.Errorf("heard at %s, %s and %s", first, second, heard())
	}
	for range 3 { // one is received, one fills the queue, one waits
		if err := peer.WriteMessage(websocket.TextMessage, []byte("frame")); err != nil {
			t.Fatal(err)
		}
	}
	for now := heard(); !heard().After(now); {
		now = heard()
		runtime.Gosched()
	}
}

func TestDead(t *testing.T) {
	t.Parallel()
	peer, conn := raw(t, ws.Options{Ping: 20 * time.Millisecond, Dead: 200 * time.Millisecond, CloseWait: 50 * time.Millisecond})
	peer.SetPingHandler(func(string) error { return nil })
	if err := mustEnd(t, conn, transport.Abnormal); !errors.Is(err, transport.ErrDead) {
		t.Errorf("the cause is %v", err)
	}
}

// TestDeadWakesSender: a sender that waits for a peer that is gone learns of it.
func TestDeadWakesSender(t *testing.T) {
	t.Parallel()
	_, conn := raw(t, ws.Options{Ping: 20 * time.Millisecond, Dead: 300 * time.Millisecond, CloseWait: 50 * time.Millisecond})
	frame := make([]byte, 1<<20)
	for {
		if err := conn.Send(t.Context(), frame); err != nil {
			if !errors.Is(err, transport.ErrDead) {
				t.Errorf("send: %v", err)
			}
			return
		}
	}
}

// TestSlowIsNotDead: a side that nobody reads from, longer than a dead one is
// given, is known to be alive by its own pings, and pings that wait behind a full
// socket break nothing.
func TestSlowIsNotDead(t *testing.T) {
	t.Parallel()
	opt := ws.Options{Ping: 20 * time.Millisecond, Dead: 300 * time.Millisecond}
	a, b := connect(t, opt)
	frame := make([]byte, 1<<20)
	sent := 0
	ctx, cancel := context.WithTimeout(t.Context(), 4*opt.Dead)
	defer cancel()
	for a.Send(ctx, frame) == nil {
		sent++
	}
	if ctx.Err() == nil {
		t.Fatal("the connection was given up")
	}
	for i := range sent {
		if _, err := b.Receive(t.Context()); err != nil {
			t.Fatalf("frame %d of %d: %v", i, sent, err)
		}
	}
	_, _ = a.Close(transport.Normal, ""), b.Close(transport.Normal, "")
}

// TestPong: pings are answered, the last one at least.
func TestPong(t *testing.T) {
	t.Parallel()
	peer, _ := raw(t, ws.Options{})
	answered := make(chan string, 10)
	peer.SetPongHandler(func(data string) error { answered <- data; return errors.New("seen") })
	if err := peer.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _, _ = peer.ReadMessage()
	if got := <-answered; got != "there?" {
		t.Errorf("pong %q", got)
	}
}

func TestEndsFromOutside(t *testing.T) {
	t.Parallel()
	t.Run("no status", func(t *testing.T) {
		t.Parallel()
		peer, conn := raw(t, ws.Options{})
		_ = peer.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second))
		mustEnd(t, conn, transport.NoStatus)
		mustSee(t, peer, transport.NoStatus)
	})
	t.Run("echo", func(t *testing.T) {
		t.Parallel()
		peer, conn := raw(t, ws.Options{})
		_ = peer.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "no"), time.Now().Add(time.Second))
		mustEnd(t, conn, transport.Unauthorized)
		mustSee(t, peer, transport.Unauthorized)
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		peer, conn := raw(t, ws.Options{})
		_ = peer.NetConn().Close()
		mustEnd(t, conn, transport.Abnormal)
	})
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		peer, conn := raw(t, ws.Options{})
		_, _ = peer.NetConn().Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		mustEnd(t, conn, transport.Abnormal)
	})
	t.Run("long reason", func(t *testing.T) {
		t.Parallel()
		peer, conn := raw(t, ws.Options{})
		go func() { _ = conn.Close(transport.InternalError, strings.Repeat("ü", 200)) }()
		_, _, err := peer.ReadMessage()
		var end *websocket.CloseError
		if !errors.As(err, &end) || end.Text != strings.Repeat("ü", 61) {
			t.Errorf("got %v", err)
		}
	})
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	var refused *ws.HandshakeError
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "go away", http.StatusForbidden) }))
	if _, err := (&ws.Dialer{URL: url}).Dial(t.Context()); !errors.As(err, &refused) || refused.Status != 403 || refused.Body != "go away" {
		t.Errorf("refused: %v", err)
	}
	l := ws.NewListener(ws.Options{})
	url = serve(t, l)
	res, err := http.Get(url)
	if err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("no upgrade: %v, %v", res, err)
	}
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	_ = l.Close()
	if _, err := (&ws.Dialer{URL: url}).Dial(t.Context()); !errors.As(err, &refused) || refused.Status != 503 {
		t.Errorf("not serving: %v", err)
	}
	if _, err := l.Accept(t.Context()); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("accept: %v", err)
	}
	for _, bad := range []string{"", "ftp://x", "http://127.0.0.1:1", "::"} {
		if _, err := (&ws.Dialer{URL: bad}).Dial(t.Context()); err == nil {
			t.Errorf("dialled %q", bad)
		}
	}
}

// TestTLS: the handler hands over the request with its headers, over TLS as well.
func TestTLS(t *testing.T) {
	t.Parallel()
	served := make(chan string, 1)
	s := httptest.NewTLSServer(&ws.Handler{Serve: func(conn transport.Conn, r *http.Request) {
		frame, _ := conn.Receive(r.Context())
		served <- r.Header.Get("X-Agent") + " " + string(frame)
		_ = conn.Close(transport.GoingAway, "")
	}})
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	d := &ws.Dialer{URL: s.URL, Header: http.Header{"X-Agent": {"a1"}}, TLS: &tls.Config{RootCAs: pool}}
	conn, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Send(t.Context(), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got := <-served; got != "a1 hello" {
		t.Errorf("got %q", got)
	}
	mustEnd(t, conn, transport.GoingAway)
	if _, err := (&ws.Dialer{URL: s.URL}).Dial(t.Context()); err == nil {
		t.Error("an unknown certificate was taken")
	}
}

// BenchmarkFrames moves frames of 64 KiB through a socket on loopback.
func BenchmarkFrames(b *testing.B) {
	l := ws.NewListener(ws.Options{})
	s := httptest.NewServer(l)
	defer s.Close()
	conn, err := (&ws.Dialer{URL: s.URL}).Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	far, err := l.Accept(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	frame := make([]byte, 64<<10)
	b.SetBytes(int64(len(frame)))
	done := make(chan error, 1)
	go func() {
		for range b.N {
			if _, err := far.Receive(b.Context()); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	b.ResetTimer()
	for range b.N {
		if err := conn.Send(b.Context(), frame); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	go func() { _ = far.Close(transport.Normal, "") }()
	_ = conn.Close(transport.Normal, "")
}
