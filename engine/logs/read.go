package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/store"
)

// page is how many chunks are in memory at once.
const page = 32

// Query says which lines. The steps follow each other by index and make one
// sequence; From and Tail count in that.
type Query struct {
	Attempt engine.AttemptID
	Steps   []int // none: all
	From    int64 // the first line wanted
	Tail    int64 // if not 0, only the last so many, and From is not looked at
}

func (q *Query) wants(step int) bool { return len(q.Steps) == 0 || slices.Contains(q.Steps, step) }

// Reader gives out logs. Blobs may be nil where nothing is sealed.
type Reader struct {
	Store store.Store
	Blobs blob.Store
}

// Read gives the lines that are there when it begins. An error ends it.
func (r *Reader) Read(ctx context.Context, q Query) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		var spans []span
		err := r.Store.View(ctx, func(tx store.Tx) (err error) {
			spans, _, err = q.spans(ctx, tx)
			return err
		})
		if err == nil {
			err = r.spans(ctx, q.Attempt, spans, func(l Line) bool { return yield(l, nil) })
		}
		fail(ctx, "read", q.Attempt, err, yield)
	}
}

// fail ends a sequence with an error, if there is one to tell. What fails because
// ctx has ended fails with its cause, whatever words the store has for it.
func fail(ctx context.Context, what string, a engine.AttemptID, err error, yield func(Line, error) bool) {
	if err == nil || errors.Is(err, errStopped) {
		return
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	yield(Line{}, fmt.Errorf("logs: %s %s: %w", what, a, err))
}

// errStopped: whoever reads wants no more.
var errStopped = errors.New("logs: stopped")

// span is lines of a step.
type span struct {
	step     int
	from, to int64
}

// spans turns the query into lines of steps. place is where live lines begin.
func (q *Query) spans(ctx context.Context, tx store.Tx) (out []span, place int64, err error) {
	steps, err := tx.Logs().Steps(ctx, q.Attempt)
	if err != nil {
		return nil, 0, err
	}
	total := int64(0)
	for _, s := range steps {
		place = max(place, s.Place)
		if q.wants(s.Step) {
			total += s.Lines
		}
	}
	skip := q.From
	if q.Tail > 0 {
		skip = max(0, total-q.Tail)
	}
	for _, s := range steps {
		if q.wants(s.Step) {
			out = append(out, span{s.Step, min(skip, s.Lines), s.Lines})
			skip = max(0, skip-s.Lines)
		}
	}
	return out, place, nil
}

func (r *Reader) spans(ctx context.Context, a engine.AttemptID, spans []span, give func(Line) bool) error {
	for _, s := range spans {
		if err := r.span(ctx, a, s, give); err != nil {
			return err
		}
	}
	return nil
}

// span reads lines from wherever they are. While it reads they may move, from
// chunks into a blob and into the next one, so it looks anew for each page.
func (r *Reader) span(ctx context.Context, a engine.AttemptID, s span, give func(Line) bool) error {
	for missed := ""; s.from < s.to; {
		var chunks []engine.Chunk
		var seal *engine.Seal
		err := r.Store.View(ctx, func(tx store.Tx) (err error) {
			if seal, err = sealOf(ctx, tx, a, s.step); err != nil || seal != nil && seal.Lines > s.from {
				return err
			}
			chunks, err = tx.Logs().Read(ctx, a, s.step, s.from, page)
			return err
		})
		if err != nil {
			return err
		}
		if seal != nil && seal.Lines > s.from {
			next, err := r.sealed(ctx, seal, s, give)
			s.from = next
			if errors.Is(err, engine.ErrNotFound) && missed != seal.Blob { // replaced meanwhile
				missed = seal.Blob
				continue
			}
			if err != nil {
				return err
			}
			continue
		}
		if len(chunks) == 0 {
			return fmt.Errorf("%w: step %d ends before line %d of %d", ErrDamaged, s.step, s.from, s.to)
		}
		for i := range chunks {
			if s.from, err = chunkLines(&chunks[i], s, give); err != nil {
				return err
			}
		}
	}
	return nil
}

func sealOf(ctx context.Context, tx store.Tx, a engine.AttemptID, step int) (*engine.Seal, error) {
	seals, err := tx.Logs().Sealed(ctx, a)
	for i := range seals {
		if seals[i].Step == step {
			return &seals[i], err
		}
	}
	return nil, err
}

// chunkLines gives lines of a chunk and says where to go on.
func chunkLines(c *engine.Chunk, s span, give func(Line) bool) (int64, error) {
	b, err := unpack(c)
	if err != nil {
		return s.from, err
	}
	return b.give(c.Step, c.First, s, give)
}

// give gives the lines of the block that are in the span.
func (b *block) give(step int, first int64, s span, give func(Line) bool) (int64, error) {
	next := s.from
	stopped := false
	err := b.each(step, first, s.from, func(l Line) bool {
		if l.Number >= s.to {
			return false
		}
		next = l.Number + 1
		stopped = !give(l)
		return !stopped
	})
	if stopped {
		err = errStopped
	}
	return next, err
}

// sealed gives the lines of the span that are in the seal's blob.
func (r *Reader) sealed(ctx context.Context, seal *engine.Seal, s span, give func(Line) bool) (next int64, err error) {
	if r.Blobs == nil {
		return s.from, fmt.Errorf("the log lies in %s, and there is no blob store", seal.Blob)
	}
	index, err := readIndex(ctx, r.Blobs, seal.Blob)
	if err != nil {
		return s.from, err
	}
	offset, first := int64(0), int64(0)
	for len(index) > 0 && first+index[0].lines <= s.from {
		offset, first = offset+index[0].size, first+index[0].lines
		index = index[1:]
	}
	object, err := r.Blobs.Get(ctx, seal.Blob, blob.Range{From: offset})
	if err != nil {
		return s.from, err
	}
	defer object.Body.Close() //nolint:errcheck // it was only read
	for _, e := range index {
		if first >= s.to {
			break
		}
		b, err := readBlock(object.Body, e)
		if err != nil {
			return s.from, fmt.Errorf("%s: %w", seal.Blob, err)
		}
		if s.from, err = b.give(seal.Step, first, s, give); err != nil {
			return s.from, err
		}
		first += e.lines
	}
	if s.from < min(s.to, seal.Lines) {
		return s.from, fmt.Errorf("%w: %s ends at line %d of %d", ErrDamaged, seal.Blob, s.from, seal.Lines)
	}
	return s.from, nil
}

func readBlock(from io.Reader, e entry) (*block, error) {
	if e.size > 4*blockSize {
		return nil, fmt.Errorf("%w: a block of %d bytes", ErrDamaged, e.size)
	}
	sealed := make([]byte, e.size)
	if _, err := io.ReadFull(from, sealed); err != nil {
		return nil, err
	}
	return unseal(sealed, e)
}
