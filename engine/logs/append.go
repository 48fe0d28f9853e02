package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Topic wakes those who follow the logs of an attempt.
func Topic(a engine.AttemptID) string { return "log:" + string(a) }

// AppendTx packs and stores frames; see Batch.AppendTx.
func AppendTx(ctx context.Context, tx store.Tx, a engine.AttemptID, frames []Frame) error {
	return Pack(frames).AppendTx(ctx, tx, a)
}

// AppendTx stores what is new of the batch. The transaction holds the attempt by
// Queue.Check. It may run again with the same batch.
func (b *Batch) AppendTx(ctx context.Context, tx store.Tx, a engine.AttemptID) error {
	if b.err != nil {
		return b.err
	}
	ends := map[int]engine.LogEnd{} // a step may have several parts
	var all []engine.Chunk
	for _, p := range b.parts {
		end, known := ends[p.step]
		if !known {
			var err error
			if end, err = tx.Logs().End(ctx, a, p.step); err != nil {
				return fmt.Errorf("logs: append: %w", err)
			}
		}
		chunks := p.from(end)
		for i := range chunks {
			c := &chunks[i]
			c.Attempt, c.Step = a, p.step
			c.First += end.Lines
			c.Offset += end.Bytes
		}
		if n := len(chunks); n > 0 {
			end = chunks[n-1].End()
		}
		ends[p.step] = end
		all = append(all, chunks...)
	}
	if len(all) == 0 {
		return nil
	}
	if err := tx.Logs().Append(ctx, all...); err != nil {
		return fmt.Errorf("logs: append: %w", err)
	}
	tx.Notify(Topic(a))
	return nil
}

// from gives the chunks of the part that come after an end, counted from it.
func (p *part) from(end engine.LogEnd) []engine.Chunk {
	if end.Bytes > MaxBytes {
		return nil
	}
	fresh, _ := slices.BinarySearchFunc(p.frames, end.Seq+1, func(f Frame, seq int64) int { return cmp.Compare(f.Seq, seq) })
	chunks := slices.Clone(p.packed)
	if fresh > 0 { // the connection broke between storing and answering
		chunks = pack(p.frames[fresh:])
	}
	if n := len(chunks); n > 0 {
		if last := chunks[n-1].End(); end.Bytes+last.Bytes > MaxBytes {
			chunks = append(chunks, notice(last, chunks[n-1].At))
		}
	}
	return chunks
}

// notice is the last line of a log that is too long. Behind it MaxBytes is
// exceeded, so that there is one only.
func notice(end engine.LogEnd, at time.Time) engine.Chunk {
	c := pack([]Frame{{Seq: end.Seq, At: at, Lines: []string{fmt.Sprintf("--- This step has logged more than %d MiB; the rest is not kept. ---", MaxBytes>>20)}}})[0]
	c.First, c.Offset = end.Lines, end.Bytes
	return c
}
