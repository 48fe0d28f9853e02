package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/transport"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    int
		rand float64
		want time.Duration
	}{
		{0, 0, time.Second}, {0, 0.5, 1250 * time.Millisecond}, {1, 0, 1500 * time.Millisecond}, {2, 0, 2250 * time.Millisecond},
		{10, 0, 57665039 * time.Microsecond}, {10, 0.9, time.Minute}, {11, 0, time.Minute}, {1 << 40, 0.3, time.Minute}, {-1, 0, time.Second},
	} {
		b := transport.Backoff{Rand: func() float64 { return c.rand }}
		if got := b.Delay(c.n).Truncate(time.Microsecond); got != c.want {
			t.Errorf("delay %d with %v: %s, want %s", c.n, c.rand, got, c.want)
		}
	}
	fast := transport.Backoff{First: time.Millisecond, Max: 10 * time.Millisecond}
	if d := fast.Delay(0); d < time.Millisecond || d > 1500*time.Microsecond {
		t.Errorf("first %s", d)
	}
	if d := fast.Delay(100); d != 10*time.Millisecond {
		t.Errorf("last %s", d)
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for code, ok := range map[transport.Code]bool{
		transport.Normal: true, transport.GoingAway: true, transport.NoStatus: false, transport.Abnormal: false, transport.TooBig: true,
		transport.DispatchTimeout: true, transport.AgentAuthFailed: true, 0: false, 999: false, 1004: false, 2000: false, 3000: true, 4999: true, 5000: false,
	} {
		if code.Sendable() != ok {
			t.Errorf("%s: sendable is %t", code, !ok)
		}
	}
	if s := transport.DispatchTimeout.String(); s != "4031 dispatch acknowledgement timeout" {
		t.Error(s)
	}
	if s := transport.Code(4999).String(); s != "4999" {
		t.Error(s)
	}
}

func TestCodeOf(t *testing.T) {
	t.Parallel()
	end := &transport.CloseError{Code: transport.AuthTimeout, Reason: "late", Cause: io.EOF}
	for _, c := range []struct {
		err  error
		want transport.Code
	}{
		{nil, transport.Normal}, {transport.ErrClosed, transport.Normal}, {context.Canceled, transport.Abnormal},
		{fmt.Errorf("link: %w", end), transport.AuthTimeout},
	} {
		if got := transport.CodeOf(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	if s := end.Error(); s != "transport: 4002 authentication timeout: late: EOF" || !errors.Is(end, io.EOF) {
		t.Error(s)
	}
}
