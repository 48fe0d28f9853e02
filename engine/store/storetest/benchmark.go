package storetest

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Benchmark measures a driver, which should sync to disk: one caller at a time,
// and 32 together.
func Benchmark(b *testing.B, open func(testing.TB) store.Store) {
	for _, callers := range []int{1, 32} {
		for name, prepare := range map[string]func(*bench, int) func() error{
			"deliveries": deliver, "runs": create, "claim+complete": complete, "log-64KiB": appendLog,
		} {
			b.Run(fmt.Sprintf("%s/%d", name, callers), func(b *testing.B) {
				w := setup(b, Harness{Open: open})
				op := prepare(w, b.N)
				if name == "log-64KiB" {
					b.SetBytes(64 << 10)
				}
				b.SetParallelism((callers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
				b.ResetTimer()
				if callers == 1 {
					for range b.N {
						if err := op(); err != nil {
							b.Fatal(err)
						}
					}
				} else {
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if err := op(); err != nil {
								b.Error(err)
							}
						}
					})
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "per-s")
			})
		}
	}
}

// deliver accepts a webhook of 8 KiB.
func deliver(w *bench, _ int) func() error {
	body := bytes.Repeat([]byte("payload "), 1024)
	return func() error {
		ctx := context.Background()
		return w.Tx(ctx, func(tx store.Tx) error {
			id := w.id("d")
			if first, err := tx.Deliveries().First(ctx, id, w.now, w.now.Add(1)); err != nil || !first {
				return fmt.Errorf("first %v: %w", first, err)
			}
			tx.Notify(store.TopicDeliveries)
			return tx.Deliveries().Insert(ctx, &engine.Delivery{ID: engine.DeliveryID(id), Status: status.EventReceived, ReceivedAt: w.now}, body)
		})
	}
}

// create makes a run of three jobs with its event.
func create(w *bench, _ int) func() error {
	return func() error { w.run(3); return nil }
}

// complete claims one job and finishes it, in two transactions, with the event.
func complete(w *bench, n int) func() error {
	for left := n; left > 0; left -= 500 {
		w.run(min(left, 500))
	}
	var done atomic.Int64
	return func() error {
		ctx := context.Background()
		as, err := w.claim(w.Store, 1)
		if err != nil || len(as) != 1 {
			return fmt.Errorf("claimed %d after %d: %w", len(as), done.Load(), err)
		}
		a := as[0]
		done.Add(1)
		return w.Tx(ctx, func(tx store.Tx) error {
			if _, err := tx.Queue().Check(ctx, a.Token()); err != nil {
				return err
			}
			if err := tx.Queue().End(ctx, a.Token(), status.QueueCompleted, "", w.now); err != nil {
				return err
			}
			tx.Notify(store.TopicEvents)
			return tx.Events().Append(ctx, engine.Event{Run: a.Run, Job: a.Job, Kind: "job.finished", At: w.now, Pending: true})
		})
	}
}

// appendLog stores a chunk of 64 KiB.
func appendLog(w *bench, _ int) func() error {
	w.run(1)
	a := w.mustClaim(1)[0].ID
	data := bytes.Repeat([]byte("a line of sixty-four bytes, as a build might print it, no more.\n"), 1024)
	return func() error {
		ctx := context.Background()
		return w.Tx(ctx, func(tx store.Tx) error {
			return tx.Logs().Append(ctx, engine.Chunk{Attempt: a, First: w.serial.Add(1024), Lines: 1024, Data: data, At: w.now})
		})
	}
}
