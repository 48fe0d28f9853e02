package runs

import (
	"context"
	"iter"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

const watchPage = 500

// Watch gives the events of a run from a sequence number on, first those that
// are stored and then those to come. It ends with the event that the run has
// finished, or with an error: that of ctx, or engine.ErrNotFound.
func (r *Runs) Watch(ctx context.Context, id engine.RunID, after int64) iter.Seq2[engine.Event, error] {
	return func(yield func(engine.Event, error) bool) {
		l := r.store.Listen(store.TopicRuns)
		defer l.Close()
		for {
			page, over, err := r.after(ctx, id, after)
			if err != nil {
				yield(engine.Event{}, err)
				return
			}
			for _, e := range page {
				after = e.Seq
				if !yield(e, nil) {
					return
				}
				if e.Kind == KindRunFinished {
					return
				}
			}
			if len(page) > 0 {
				continue
			}
			if over { // its last event lies before the number asked from
				return
			}
			if _, err := l.Wait(ctx); err != nil {
				yield(engine.Event{}, err)
				return
			}
		}
	}
}

func (r *Runs) after(ctx context.Context, id engine.RunID, seq int64) (page []engine.Event, over bool, err error) {
	err = r.store.View(ctx, func(tx store.Tx) error {
		run, err := tx.Runs().Get(ctx, id)
		if err != nil {
			return err
		}
		over = run.Status.Terminal()
		page, err = tx.Events().After(ctx, id, seq, watchPage)
		return err
	})
	return page, over, err
}
