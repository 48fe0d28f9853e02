package logs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/engine/store/storetest"
)

// durable runs a benchmark on stores that sync to disk.
func durable(b *testing.B, run func(*testing.B, *house)) {
	b.Run("sqlite", func(b *testing.B) {
		s, err := sqlite.Open(context.Background(), b.TempDir())
		run(b, setup(b, s, err))
	})
	b.Run("postgres", func(b *testing.B) {
		server, err := storetest.Postgres(context.Background(), true)
		if err != nil {
			b.Skip(err)
		}
		b.Cleanup(func() { _ = server.Stop() })
		s, err := postgres.Open(context.Background(), postgres.Config{URL: server.URL})
		run(b, setup(b, s, err))
	})
}

// batch is n frames of fifty lines.
func batch(r *rand.Rand, from int64, n int) (frames []Frame, size int64) {
	for i := range n {
		f := Frame{Seq: from + int64(i), Lines: text(r, 50), At: start.Add(time.Duration(i) * time.Millisecond)}
		for _, l := range f.Lines {
			size += int64(len(l)) + 1
		}
		frames = append(frames, f)
	}
	return frames, size
}

// BenchmarkAppend stores what an agent sends, a transaction for each batch: when
// it is in time, and when it is behind.
func BenchmarkAppend(b *testing.B) {
	for _, frames := range []int{1, 40, 400} {
		b.Run(fmt.Sprint(frames), func(b *testing.B) {
			durable(b, func(b *testing.B, h *house) {
				fs, size := batch(rand.New(rand.NewPCG(1, 1)), 1, frames)
				b.SetBytes(size)
				for b.Loop() {
					h.append(fs...)
					for i := range fs {
						fs[i].Seq += int64(frames)
					}
				}
			})
		})
	}
}

// million is a log of a million lines, from frames of fifty lines each: in small
// chunks as of an agent that is always in time, or large ones.
func million(h *house, perTx int) (size int64) {
	r := rand.New(rand.NewPCG(1, 1))
	fs, n := batch(r, 1, perTx)
	const commit = 400 // frames; only the chunks matter here
	for seq := 0; seq < 1_000_000/50; seq += commit {
		h.tx(func(tx store.Tx) error {
			for range commit / perTx {
				if err := AppendTx(context.Background(), tx, h.id, fs); err != nil {
					return err
				}
				for i := range fs {
					fs[i].Seq += int64(perTx)
				}
				size += n
			}
			return nil
		})
	}
	return size
}

// BenchmarkMillion reads a log of a million lines: its last hundred, and all.
func BenchmarkMillion(b *testing.B) {
	for _, perTx := range []int{1, 400} {
		b.Run(fmt.Sprint(perTx), func(b *testing.B) {
			durable(b, func(b *testing.B, h *house) {
				size := million(h, perTx)
				read := func(name string, q Query, lines int) {
					b.Run(name, func(b *testing.B) {
						if lines > 1000 {
							b.SetBytes(size)
						}
						for b.Loop() {
							if got := h.count(q); got != lines {
								b.Fatal(got)
							}
						}
					})
				}
				read("tail", Query{Tail: 100}, 100)
				read("middle", Query{From: 499_900}, 500_100)
				read("all", Query{}, 1_000_000)
				begin := time.Now()
				h.seal(0)
				b.Logf("sealed %d MB in %s", size>>20, time.Since(begin).Round(time.Millisecond))
				read("sealed tail", Query{Tail: 100}, 100)
				read("sealed all", Query{}, 1_000_000)
			})
		})
	}
}

func (h *house) count(q Query) (n int) {
	h.Helper()
	q.Attempt = h.id
	for _, err := range h.reader.Read(context.Background(), q) {
		if err != nil {
			h.Fatal(err)
		}
		n++
	}
	return n
}
