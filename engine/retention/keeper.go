package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/store"
)

// DefaultDeliveries is how long the event log is kept.
const DefaultDeliveries = 30 * 24 * time.Hour

const (
	// interval between Ticks when nothing is left to do. Keys of deliveries last
	// minutes only, and theirs are the most.
	interval = time.Minute
	// batch bounds a transaction, rounds a Tick.
	batch  = 100
	rounds = 20
)

// Keeper removes what is old. Tick is for one caller at a time.
type Keeper struct {
	Store store.Store
	Blobs blob.Store // nil: garbage waits for an orchestrator that has one
	Log   *slog.Logger
	// Runs is how long a finished run is kept; zero means for ever.
	Runs time.Duration
	// Deliveries is how long an entry of the event log is kept; zero means
	// DefaultDeliveries, a negative one for ever.
	Deliveries time.Duration
}

// removal removes at most batch of something and says how many it were.
type removal struct {
	what   string
	remove func(ctx context.Context, limit int) (int, error)
}

// Tick removes some of what is too old now and says when to call again. What
// fails does not keep it from the rest.
func (k *Keeper) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	next = now.Add(interval)
	var errs []error
	for _, r := range k.removals(now) {
		sum, more := 0, true
		for round := 0; more && round < rounds; round++ {
			n, err := r.remove(ctx, batch)
			sum += n
			more = n == batch && err == nil
			if err != nil {
				errs = append(errs, fmt.Errorf("retention: remove %s: %w", r.what, err))
			}
		}
		if more {
			next = now
		}
		if sum > 0 {
			k.Log.DebugContext(ctx, "removed what was too old", "what", r.what, "count", sum)
		}
		if ctx.Err() != nil {
			return next, context.Cause(ctx)
		}
	}
	return next, errors.Join(errs...)
}

func (k *Keeper) removals(now time.Time) []removal {
	deliveries := k.Deliveries
	if deliveries == 0 {
		deliveries = DefaultDeliveries
	}
	var out []removal
	if k.Runs > 0 {
		out = append(out, k.rows("runs", func(ctx context.Context, r store.Retention, limit int) (int, error) {
			return r.Runs(ctx, now.Add(-k.Runs), limit)
		}))
	}
	if deliveries > 0 {
		out = append(out, k.rows("deliveries", func(ctx context.Context, r store.Retention, limit int) (int, error) {
			return r.Deliveries(ctx, now.Add(-deliveries), limit)
		}))
	}
	out = append(out, k.rows("delivery keys", func(ctx context.Context, r store.Retention, limit int) (int, error) {
		return r.Keys(ctx, now, limit)
	}))
	if k.Blobs != nil {
		out = append(out, removal{"blobs", k.garbage})
	}
	return out
}

// rows makes a removal of one transaction.
func (k *Keeper) rows(what string, remove func(context.Context, store.Retention, int) (int, error)) removal {
	return removal{what, func(ctx context.Context, limit int) (n int, err error) {
		err = k.Store.Tx(ctx, func(tx store.Tx) error {
			n, err = remove(ctx, tx.Retention(), limit)
			return err
		})
		if err != nil { // whatever was counted is still there
			n = 0
		}
		return n, err
	}}
}

func (k *Keeper) garbage(ctx context.Context, limit int) (int, error) {
	var keys []string
	err := k.Store.View(ctx, func(tx store.Tx) (err error) {
		keys, err = tx.Retention().Garbage(ctx, limit)
		return err
	})
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	if err := k.Blobs.Delete(ctx, keys...); err != nil {
		return 0, err
	}
	return len(keys), k.Store.Tx(ctx, func(tx store.Tx) error { return tx.Retention().Gone(ctx, keys...) })
}
