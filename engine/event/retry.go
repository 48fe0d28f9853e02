package event

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// failure is what is known of an event that could not be handed over. It is
// forgotten with the leadership: then the count starts again.
type failure struct {
	tries int
	again time.Time
}

// How often, and after which pauses, an event is tried.
const (
	tries     = 5
	firstWait = 5 * time.Second
	longest   = 300 * time.Second
)

// failed puts an event off, or buries it after its last try.
func (r *Router) failed(ctx context.Context, now time.Time, d *due, why error) error {
	f := r.later[d.seq]
	if f == nil {
		f = &failure{}
		r.later[d.seq] = f
	}
	if f.tries++; f.tries < tries {
		f.again = now.Add(rand.N(min(longest, firstWait<<(f.tries-1))) + 1)
		r.log.Warn("an event could not be handed over and will be tried again", "event", d.signal.Name, "seq", d.seq, "try", f.tries, "err", why)
		return nil
	}
	err := r.store.Tx(ctx, func(tx store.Tx) error { return tx.Events().Bury(ctx, d.seq, why.Error()) })
	if err != nil {
		return err
	}
	delete(r.later, d.seq)
	r.log.Error("an event was given up", "event", d.signal.Name, "seq", d.seq, "tries", tries, "err", why)
	return nil
}

// forget drops what is known of events that are not pending any more. pending is
// large enough to hold all that were put off, so what is not there is gone.
func (r *Router) forget(pending []engine.Event) {
	if len(r.later) == 0 {
		return
	}
	there := make(map[int64]bool, len(pending))
	for k := range pending {
		there[pending[k].Seq] = true
	}
	for seq := range r.later {
		if !there[seq] {
			delete(r.later, seq)
		}
	}
}
