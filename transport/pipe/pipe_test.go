package pipe_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(*testing.T) (transport.Conn, transport.Conn) { return pipe.New() })
}

// TestConformanceSlow: delay alone breaks no promise.
func TestConformanceSlow(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(*testing.T) (transport.Conn, transport.Conn) {
		return pipe.New(pipe.Delay(0, 100*time.Microsecond))
	})
}

func TestConformanceListener(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T) (transport.Conn, transport.Conn) { return connect(t, pipe.Listen()) })
}

func connect(t *testing.T, l *pipe.Listener) (a, b transport.Conn) {
	t.Helper()
	accepted := make(chan transport.Conn, 1)
	go func() {
		conn, err := l.Accept(t.Context())
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	a, err := l.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a, <-accepted
}

// pass sends n numbered frames and returns what arrives until the end.
func pass(t *testing.T, n int, opts ...pipe.Option) (got []int) {
	t.Helper()
	a, b := pipe.New(opts...)
	for i := range n {
		if err := a.Send(t.Context(), fmt.Appendf(nil, "%d", i)); err != nil {
			break
		}
	}
	_ = a.Close(transport.Normal, "")
	for {
		frame, err := b.Receive(t.Context())
		if err != nil {
			return got
		}
		var i int
		if _, err := fmt.Sscan(string(frame), &i); err != nil {
			t.Fatal(err)
		}
		got = append(got, i)
	}
}

func TestLossy(t *testing.T) {
	t.Parallel()
	got := pass(t, 1000, pipe.Lossy(0.2), pipe.Spare(50), pipe.Seed(4))
	if len(got) < 700 || len(got) > 900 || !slices.IsSorted(got) || got[49] != 49 {
		t.Errorf("%d of 1000 arrived: %v", len(got), got)
	}
	if again := pass(t, 1000, pipe.Lossy(0.2), pipe.Spare(50), pipe.Seed(4)); !slices.Equal(got, again) {
		t.Error("the same seed lost others")
	}
	if other := pass(t, 1000, pipe.Lossy(0.2), pipe.Spare(50), pipe.Seed(5)); slices.Equal(got, other) {
		t.Error("another seed lost the same")
	}
}

func TestDuplicate(t *testing.T) {
	t.Parallel()
	got := pass(t, 1000, pipe.Duplicate(0.2))
	if len(got) < 1100 || len(got) > 1300 || len(slices.Compact(slices.Clone(got))) != 1000 {
		t.Errorf("%d of 1000 arrived", len(got))
	}
}

// TestReorder: places change, and never by more than the window.
func TestReorder(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 5, 30} {
		got := pass(t, 500, pipe.Reorder(window))
		if len(got) != 500 || slices.IsSorted(got) {
			t.Fatalf("window %d: %d arrived, in order: %t", window, len(got), slices.IsSorted(got))
		}
		for at, i := range got {
			if late := at - i; late > window {
				t.Errorf("window %d: frame %d was passed by %d", window, i, late)
			}
		}
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got := pass(t, 100, pipe.Delay(time.Second, 3*time.Second))
		if took := time.Since(start); took < time.Second || took > 3*time.Second || len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("%d arrived after %s", len(got), took)
		}
	})
}

func TestCut(t *testing.T) {
	t.Parallel()
	a, b := pipe.New(pipe.Cut(3))
	for range 3 {
		if err := a.Send(t.Context(), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []transport.Conn{a, b} {
		_, err := c.Receive(t.Context())
		if transport.CodeOf(err) != transport.Abnormal || transport.CodeOf(c.Send(t.Context(), nil)) != transport.Abnormal {
			t.Errorf("the end is %v", err)
		}
		_ = c.Close(transport.Normal, "")
	}
}

func TestListenerBreak(t *testing.T) {
	t.Parallel()
	l := pipe.Listen()
	a, b := connect(t, l)
	l.Break()
	if _, err := b.Receive(t.Context()); transport.CodeOf(err) != transport.Abnormal {
		t.Errorf("a broken connection says %v", err)
	}
	l.Refuse(true)
	if _, err := l.Dial(t.Context()); !errors.Is(err, pipe.ErrRefused) {
		t.Errorf("refused dial: %v", err)
	}
	l.Refuse(false)
	c, d := connect(t, l)
	l.Mute(true)
	_ = c.Send(t.Context(), []byte("unheard"))
	l.Mute(false)
	_ = c.Send(t.Context(), []byte("heard"))
	if frame, err := d.Receive(t.Context()); string(frame) != "heard" {
		t.Errorf("received %q, %v", frame, err)
	}
	_, _ = a.Close(transport.Normal, ""), c.Close(transport.Normal, "")
}

func TestListenerClose(t *testing.T) {
	t.Parallel()
	l := pipe.Listen()
	a, b := connect(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Dial(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("dial that nobody accepts: %v", err)
	}
	if _, err := l.Accept(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("accept: %v", err)
	}
	_ = l.Close()
	if _, err := l.Accept(t.Context()); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
	if _, err := l.Dial(t.Context()); !errors.Is(err, pipe.ErrRefused) {
		t.Errorf("dial after close: %v", err)
	}
	if err := a.Send(t.Context(), []byte("on")); err != nil {
		t.Errorf("an open connection ended with its listener: %v", err)
	}
	_, _ = a.Close(transport.Normal, ""), b.Close(transport.Normal, "")
}
