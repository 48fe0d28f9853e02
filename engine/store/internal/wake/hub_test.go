package wake

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine/store"
)

// In a bubble time stands still until everybody waits, so that the second of the
// poll can be measured exactly.
func TestListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Hub
		ctx, cancel := context.WithCancelCause(context.Background())
		queue, both := h.Listen("queue"), h.Listen("queue", "runs")
		wait := func(l store.Listener, woken bool, after time.Duration) {
			t.Helper()
			start := time.Now()
			got, err := l.Wait(ctx)
			if took := time.Since(start); err != nil || got != woken || took != after {
				t.Errorf("woken %v after %v (%v), want %v after %v", got, took, err, woken, after)
			}
		}
		h.Signal("runs")
		h.Signal("runs")
		wait(queue, false, store.PollInterval)
		wait(both, true, 0)
		wait(both, false, store.PollInterval) // two signals were one
		go func() {
			<-time.After(300 * time.Millisecond)
			h.Signal("")
		}()
		wait(queue, true, 300*time.Millisecond)
		both.Close()
		both.Close()
		h.Signal("queue")
		wait(both, true, 0) // from before it was closed
		wait(both, false, store.PollInterval)
		why := errors.New("why")
		cancel(why)
		if _, err := queue.Wait(ctx); !errors.Is(err, why) {
			t.Error(err)
		}
	})
}
