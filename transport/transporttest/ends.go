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

// closeBoth: both sides may close at once, and again.
func closeBoth(t *testing.T, p pair) {
	p.close()
	p.close()
	for _, c := range []transport.Conn{p.a, p.b} { // whoever was first
		if err := c.Send(limited(t), nil); transport.CodeOf(err) != transport.Normal || err == nil {
			t.Errorf("send after close: %v", err)
		}
		if _, err := c.Receive(limited(t)); transport.CodeOf(err) != transport.Normal || err == nil {
			t.Errorf("receive after close: %v", err)
		}
	}
}

// closeWakes: an end wakes whoever waits, on both sides.
func closeWakes(t *testing.T, p pair) {
	full := fill(t, p.a)
	var all sync.WaitGroup
	waits := make(chan struct{}, 3)
	wait := func(name string, call func(context.Context) error) {
		all.Go(func() {
			waits <- struct{}{}
			if err := call(limited(t)); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wait("send here", func(ctx context.Context) error {
		for {
			if err := p.a.Send(ctx, full); err != nil {
				return err
			}
		}
	})
	wait("receive here", func(ctx context.Context) error { _, err := p.a.Receive(ctx); return err })
	wait("receive there", func(ctx context.Context) error {
		for {
			if _, err := p.b.Receive(ctx); err != nil {
				return err
			}
		}
	})
	for range cap(waits) {
		<-waits
	}
	_ = p.a.Close(transport.GoingAway, "woken")
	all.Wait()
}

// closeUnread: an end does not wait for ever for somebody who does not read.
func closeUnread(t *testing.T, p pair) {
	fill(t, p.a)
	start := time.Now()
	_ = p.a.Close(transport.Normal, "")
	if took := time.Since(start); took > patience/2 {
		t.Errorf("close took %s", took)
	}
	mustBeClosed(t, p.a)
}

// cancelledReceive: who stops waiting takes no frame along.
func cancelledReceive(t *testing.T, p pair) {
	why := errors.New("enough")
	for i := range 50 {
		ctx, cancel := context.WithCancelCause(t.Context())
		got := make(chan string, 1)
		go func() {
			frame, err := p.b.Receive(ctx)
			if err != nil && !errors.Is(err, why) {
				t.Errorf("cancelled receive: %v", err)
			}
			got <- string(frame)
		}()
		want := fmt.Sprint(i)
		var both sync.WaitGroup
		both.Go(func() { send(t, p.a, want) })
		cancel(why)
		both.Wait()
		frame := <-got
		if frame == "" {
			frame = string(receive(t, p.b))
		}
		if frame != want {
			t.Fatalf("got %q, want %q", frame, want)
		}
	}
}

// cancelledBefore: a context that is over does not break the connection.
func cancelledBefore(t *testing.T, p pair) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.a.Receive(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("receive: %v", err)
	}
	send(t, p.b, "still here")
	if got := string(receive(t, p.a)); got != "still here" {
		t.Errorf("got %q", got)
	}
}

// flowControl: a sender is held up while nobody receives, giving up sends nothing,
// and everything that was accepted arrives.
func flowControl(t *testing.T, p pair) {
	frame, n := fillCount(t, p.a)
	var rest sync.WaitGroup
	defer rest.Wait()
	last := []byte("last")
	rest.Go(func() {
		if err := p.a.Send(limited(t), last); err != nil {
			t.Errorf("the sender was not let go: %v", err)
		}
	})
	for i := range n {
		if got := receive(t, p.b); !bytes.Equal(got, frame) {
			t.Fatalf("frame %d of %d is another (%d bytes)", i, n, len(got))
		}
	}
	if got := receive(t, p.b); !bytes.Equal(got, last) {
		t.Errorf("a frame arrived whose sender had given up")
	}
}

// fill sends until the connection takes no more.
func fill(t *testing.T, c transport.Conn) (frame []byte) {
	frame, _ = fillCount(t, c)
	return frame
}

func fillCount(t *testing.T, c transport.Conn) (frame []byte, n int) {
	t.Helper()
	const most = 64 << 20 // far more than any socket buffers
	frame = bytes.Repeat([]byte("x"), 64<<10)
	for ; n*len(frame) < most; n++ {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := c.Send(ctx, frame)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return frame, n
		}
		if err != nil {
			t.Fatalf("frame %d: %v", n, err)
		}
	}
	t.Fatalf("%d MiB were taken, and nobody has read any", most>>20)
	return nil, 0
}
