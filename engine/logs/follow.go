package logs

import (
	"context"
	"iter"
	"math"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Follow gives what is there, like Read, and then what comes, until the attempt
// has ended and all was given, or ctx ends. Lines of a step come in order, and
// steps that run at the same time as they come. An attempt that does not exist,
// or was removed meanwhile, is engine.ErrNotFound.
func (r *Reader) Follow(ctx context.Context, q Query) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f := &follower{Reader: r, q: q, next: map[int]int64{}, give: func(l Line) bool { return yield(l, nil) }}
		fail(ctx, "follow", q.Attempt, f.run(ctx), yield)
	}
}

type follower struct {
	*Reader
	q     Query
	next  map[int]int64 // the line of each step to go on with
	place int64         // of the last chunk that was seen
	give  func(Line) bool
}

func (f *follower) run(ctx context.Context) error {
	changes := f.Store.Listen(Topic(f.q.Attempt)) // before the first look
	defer changes.Close()
	if err := f.backlog(ctx); err != nil {
		return err
	}
	for {
		seen, err := f.look(ctx)
		if err != nil {
			return err
		}
		more, err := f.show(ctx, seen)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if seen.ended {
			return nil
		}
		if _, err := changes.Wait(ctx); err != nil {
			return err
		}
	}
}

func (f *follower) backlog(ctx context.Context) error {
	var spans []span
	err := f.Store.View(ctx, func(tx store.Tx) (err error) {
		spans, f.place, err = f.q.spans(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range spans {
		f.next[s.step] = s.to
	}
	return f.spans(ctx, f.q.Attempt, spans, f.give)
}

// seen is what one look at the store shows. All of it is of one moment: when the
// attempt has ended, the chunks are the last.
type seen struct {
	ended  bool
	seals  []engine.Seal
	chunks []engine.Chunk
}

func (f *follower) look(ctx context.Context) (s seen, err error) {
	err = f.Store.View(ctx, func(tx store.Tx) error {
		a, err := tx.Queue().Attempt(ctx, f.q.Attempt)
		if err != nil {
			return err
		}
		s.ended = !a.EndedAt.IsZero()
		if s.seals, err = tx.Logs().Sealed(ctx, a.ID); err != nil {
			return err
		}
		s.chunks, err = tx.Logs().After(ctx, a.ID, f.place, page)
		return err
	})
	return s, err
}

// show gives what is new and says whether there may be more already.
func (f *follower) show(ctx context.Context, s seen) (more bool, err error) {
	for i := range s.seals { // what was sealed before it was seen
		seal := &s.seals[i]
		from := f.next[seal.Step]
		if !f.q.wants(seal.Step) || seal.Lines <= from {
			continue
		}
		f.next[seal.Step] = seal.Lines
		if err := f.span(ctx, f.q.Attempt, span{seal.Step, from, seal.Lines}, f.give); err != nil {
			return false, err
		}
		more = true
	}
	for i := range s.chunks {
		c := &s.chunks[i]
		f.place, more = c.Place, true
		if !f.q.wants(c.Step) || c.End().Lines <= f.next[c.Step] {
			continue
		}
		if f.next[c.Step], err = chunkLines(c, span{c.Step, f.next[c.Step], math.MaxInt64}, f.give); err != nil {
			return false, err
		}
	}
	return more, nil
}
