package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// chunk is the n-th of a log whose chunks have two lines and seven bytes.
func (b *bench) chunk(a engine.AttemptID, step, n int) engine.Chunk {
	return engine.Chunk{Attempt: a, Step: step, First: int64(2 * n), Lines: 2, Seq: int64(10*n + 1), Offset: int64(7 * n), Bytes: 7, Data: []byte("x\x00\n"), At: b.now}
}

// unplaced checks that places rise and takes them away.
func unplaced(t *testing.T, chunks []engine.Chunk) []engine.Chunk {
	t.Helper()
	last := map[int]int64{}
	for i := range chunks {
		c := &chunks[i]
		if c.Place <= last[c.Step] {
			t.Errorf("place %d of step %d comes after %d", c.Place, c.Step, last[c.Step])
		}
		last[c.Step], c.Place = c.Place, 0
	}
	return chunks
}

func testLogs(t *testing.T, b *bench) {
	ctx := context.Background()
	b.run(1)
	a := b.mustClaim(1)[0].ID
	chunk := func(step, n int) engine.Chunk { return b.chunk(a, step, n) }
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Logs().Append(ctx, chunk(-1, 0), chunk(5, 0), chunk(-1, 1)), tx.Logs().Append(ctx, chunk(-1, 2), chunk(-1, 3)))
	})
	is(t, "a line twice", b.Tx(ctx, func(tx store.Tx) error { return tx.Logs().Append(ctx, chunk(-1, 2)) }), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		for line, want := range [][]engine.Chunk{
			{chunk(-1, 0), chunk(-1, 1)}, {chunk(-1, 0), chunk(-1, 1)}, {chunk(-1, 1), chunk(-1, 2)}, 7: {chunk(-1, 3)}, 8: nil, 9: nil,
		} {
			if want == nil && line < 8 {
				continue
			}
			got, err := tx.Logs().Read(ctx, a, -1, int64(line), 2)
			if got = unplaced(t, got); len(got) == 0 {
				got = nil
			}
			same(t, fmt.Sprint("from line ", line), got, want, err)
		}
		end, err := tx.Logs().End(ctx, a, -1)
		same(t, "end", end, engine.LogEnd{Seq: 31, Lines: 8, Bytes: 28}, err)
		end, err = tx.Logs().End(ctx, a, 7)
		same(t, "nothing yet", end, engine.LogEnd{}, err)
		steps, err := tx.Logs().Steps(ctx, a)
		for i := range steps {
			if steps[i].Place == 0 {
				t.Error("no place")
			}
			steps[i].Place = 0
		}
		same(t, "steps", steps, []engine.StepLog{{Step: -1, LogEnd: engine.LogEnd{Seq: 31, Lines: 8, Bytes: 28}}, {Step: 5, LogEnd: engine.LogEnd{Seq: 1, Lines: 2, Bytes: 7}}}, err)
		steps, err = tx.Logs().Steps(ctx, "none")
		same(t, "no steps", len(steps), 0, err)
		all, err := tx.Logs().After(ctx, a, 0, 3)
		if err != nil || len(all) != 3 {
			t.Fatal(all, err)
		}
		rest, err := tx.Logs().After(ctx, a, all[2].Place, 9)
		same(t, "as they came", unplaced(t, append(all, rest...)), []engine.Chunk{chunk(-1, 0), chunk(5, 0), chunk(-1, 1), chunk(-1, 2), chunk(-1, 3)}, err)
		return nil
	})
}

func testSeals(t *testing.T, b *bench) {
	ctx := context.Background()
	b.run(1)
	a := b.mustClaim(1)[0].ID
	chunk := func(step, n int) engine.Chunk { return b.chunk(a, step, n) }
	seal := func(n int, blob, was string) (engine.Seal, error) {
		s := engine.Seal{Attempt: a, Step: -1, Blob: blob, At: b.now}
		if n > 0 {
			last := chunk(-1, n-1)
			s.LogEnd = last.End()
		}
		return s, b.Tx(ctx, func(tx store.Tx) error { return tx.Logs().Seal(ctx, &s, was) })
	}
	b.tx(func(tx store.Tx) error {
		return tx.Logs().Append(ctx, chunk(-1, 0), chunk(-1, 1), chunk(-1, 2), chunk(0, 0))
	})
	first, err := seal(2, "logs/x", "")
	is(t, "sealed", err, nil)
	_, err = seal(3, "logs/y", "")
	is(t, "sealed twice", err, engine.ErrConflict)
	_, err = seal(3, "logs/y", "logs/z")
	is(t, "another seal", err, engine.ErrConflict)
	b.tx(func(tx store.Tx) error {
		got, err := tx.Logs().Read(ctx, a, -1, 0, 9)
		same(t, "what the seal does not hold", unplaced(t, got), []engine.Chunk{chunk(-1, 2)}, err)
		sealed, err := tx.Logs().Sealed(ctx, a)
		same(t, "seals", sealed, []engine.Seal{first}, err)
		end, err := tx.Logs().End(ctx, a, -1)
		same(t, "end", end, engine.LogEnd{Seq: 21, Lines: 6, Bytes: 21}, err)
		return nil
	})
	second, err := seal(3, "logs/y", "logs/x")
	is(t, "sealed further", err, nil)
	b.tx(func(tx store.Tx) error {
		sealed, err := tx.Logs().Sealed(ctx, a)
		same(t, "seals", sealed, []engine.Seal{second}, err)
		end, err := tx.Logs().End(ctx, a, -1)
		same(t, "the seal's end", end, second.LogEnd, err)
		steps, err := tx.Logs().Steps(ctx, a)
		if err != nil || len(steps) != 2 || steps[0] != (engine.StepLog{Step: -1, LogEnd: second.LogEnd}) || steps[1].Step != 0 || steps[1].Place == 0 {
			t.Errorf("steps: %+v %v", steps, err)
		}
		got, err := tx.Logs().After(ctx, a, 0, 9)
		same(t, "other steps stay", unplaced(t, got), []engine.Chunk{chunk(0, 0)}, err)
		return tx.Logs().Append(ctx, chunk(-1, 3))
	})
	b.tx(func(tx store.Tx) error {
		got, err := tx.Logs().Read(ctx, a, -1, 2, 9)
		same(t, "after the seal", unplaced(t, got), []engine.Chunk{chunk(-1, 3)}, err)
		return nil
	})
}

func testLoose(t *testing.T, b *bench) {
	ctx := context.Background()
	b.run(4)
	as := b.mustClaim(4)
	var want []store.Loose
	for i, a := range as {
		ended := b.now.Add(time.Duration(i/2) * time.Minute) // two at the same time
		b.tx(func(tx store.Tx) error {
			if i == 3 { // still runs
				return tx.Logs().Append(ctx, b.chunk(a.ID, 0, 0))
			}
			return errors.Join(tx.Logs().Append(ctx, b.chunk(a.ID, 0, 0), b.chunk(a.ID, 1, 0), b.chunk(a.ID, 1, 1)),
				tx.Queue().End(ctx, a.Token(), status.QueueCompleted, "", ended))
		})
		if i < 3 {
			want = append(want, store.Loose{Ended: ended, Attempt: a.ID, Step: 0, Stored: 3}, store.Loose{Ended: ended, Attempt: a.ID, Step: 1, Stored: 6})
		}
	}
	if as[0].ID > as[1].ID {
		want[0], want[1], want[2], want[3] = want[2], want[3], want[0], want[1]
	}
	b.tx(func(tx store.Tx) error {
		got, err := tx.Logs().Loose(ctx, store.Loose{}, b.now.Add(time.Hour), 9)
		same(t, "all", got, want, err)
		for i := range want[1:] {
			got, err := tx.Logs().Loose(ctx, want[i], b.now.Add(time.Hour), 1)
			same(t, fmt.Sprint("after ", i), got, want[i+1:i+2], err)
		}
		got, err = tx.Logs().Loose(ctx, store.Loose{}, b.now.Add(time.Minute), 9)
		same(t, "before", got, want[:4], err)
		ended, err := tx.Queue().Attempt(ctx, as[0].ID)
		if err != nil || !ended.EndedAt.Equal(b.now) || ended.Status != status.QueueCompleted {
			t.Errorf("attempt: %+v %v", ended, err)
		}
		_, err = tx.Queue().Attempt(ctx, "none")
		is(t, "no attempt", err, engine.ErrNotFound)
		return nil
	})
}
