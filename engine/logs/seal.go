package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/store"
)

// Prefix is where sealed logs lie in the blob store.
const Prefix = "kici-logs/"

// Defaults of a Sealer.
const (
	DefaultKeep   = 32 << 10
	DefaultSettle = time.Minute
	// interval is how often a Sealer looks when there was nothing more to do.
	interval = 10 * time.Second
	// atOnce bounds one Tick.
	atOnce = 256
	// anew is how often everything is looked at from the start: another's clock may
	// have put the end of an attempt behind what was looked at.
	anew = 24 * time.Hour
)

// Sealer moves logs into blobs. Tick is for one caller at a time.
type Sealer struct {
	Store store.Store
	Blobs blob.Store
	Log   *slog.Logger
	// Keep is how many bytes of a step's chunks may stay in the store for good;
	// zero means DefaultKeep, a negative number none.
	Keep int64
	// Settle is how long an attempt has ended before it is sealed: whoever follows
	// it has read it by then. Zero means DefaultSettle.
	Settle time.Duration

	done  store.Loose // what was looked at, by this process
	since time.Time   // when it began to look, at all there was
}

// Tick seals some of what ended before now and says when to call again. What
// fails is tried again by the next one.
func (s *Sealer) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	settle, keep := s.Settle, s.Keep
	if settle == 0 {
		settle = DefaultSettle
	}
	if keep == 0 {
		keep = DefaultKeep
	}
	if now.Sub(s.since) > anew {
		s.done, s.since = store.Loose{}, now
	}
	var found []store.Loose
	err = s.Store.View(ctx, func(tx store.Tx) (err error) {
		found, err = tx.Logs().Loose(ctx, s.done, now.Add(-settle), atOnce)
		return err
	})
	if err != nil {
		return now.Add(interval), fmt.Errorf("logs: find what to seal: %w", err)
	}
	for _, l := range found {
		if l.Stored > keep {
			err := s.Seal(ctx, l.Attempt, l.Step, now)
			switch {
			case errors.Is(err, ErrDamaged): // it would stop all others for ever
				s.Log.ErrorContext(ctx, "a log cannot be sealed", "attempt", l.Attempt, "step", l.Step, "error", err)
			case errors.Is(err, engine.ErrConflict), errors.Is(err, engine.ErrNotFound): // somebody else did, or removed the run
			case err != nil:
				return now.Add(interval), err
			}
		}
		s.done = l
	}
	if len(found) == atOnce {
		return now, nil
	}
	return now.Add(interval), nil
}

// Seal moves the chunks that a step has now into a blob, behind what was sealed
// before. Without chunks it does nothing. Whoever is slower than another gets
// engine.ErrConflict, and nothing is lost.
func (s *Sealer) Seal(ctx context.Context, a engine.AttemptID, step int, now time.Time) error {
	if err := s.seal(ctx, a, step, now); err != nil {
		return fmt.Errorf("logs: seal step %d of %s: %w", step, a, err)
	}
	return nil
}

func (s *Sealer) seal(ctx context.Context, a engine.AttemptID, step int, now time.Time) error {
	var was *engine.Seal
	seal := engine.Seal{Attempt: a, Step: step, At: now}
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		if was, err = sealOf(ctx, tx, a, step); err != nil {
			return err
		}
		seal.LogEnd, err = tx.Logs().End(ctx, a, step)
		return err
	})
	if err != nil {
		return err
	}
	if was == nil {
		was = &engine.Seal{}
	}
	if seal.Lines == was.Lines {
		return nil
	}
	// The key says what it holds, and in the place of which seal: who makes the
	// same one makes the same object, and only one of them is ever recorded.
	seal.Blob = fmt.Sprintf("%s%s/%d/%d-%d.zst", Prefix, a, step, was.Lines, seal.Lines)
	w := &writer{ctx: ctx, store: s.Store, blobs: s.Blobs, was: was, seal: &seal, next: was.Lines}
	defer w.close()
	if _, err := s.Blobs.Put(ctx, seal.Blob, w); err != nil {
		return err
	}
	err = s.Store.Tx(ctx, func(tx store.Tx) error {
		if _, err := tx.Queue().Attempt(ctx, a); err != nil { // its run was removed
			return err
		}
		if was.Blob != "" {
			if err := tx.Retention().Discard(ctx, was.Blob); err != nil {
				return err
			}
		}
		return tx.Logs().Seal(ctx, &seal, was.Blob)
	})
	if errors.Is(err, engine.ErrConflict) || errors.Is(err, engine.ErrNotFound) {
		return errors.Join(err, s.withdraw(ctx, &seal))
	}
	return err // it may be recorded or not; the next try finds out
}

// withdraw removes a blob that came too late, unless it is the very one that
// was recorded. Nobody can record it later: the seal it replaces is gone.
func (s *Sealer) withdraw(ctx context.Context, seal *engine.Seal) error {
	var now *engine.Seal
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		now, err = sealOf(ctx, tx, seal.Attempt, seal.Step)
		return err
	})
	if err != nil || now != nil && now.Blob == seal.Blob {
		return err
	}
	return s.Blobs.Delete(ctx, seal.Blob)
}
