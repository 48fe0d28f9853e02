package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/internal/batch"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

const (
	// together bounds the deliveries of one transaction, and heavy their bytes.
	together = 256
	heavy    = 8 << 20
	// lanes is how many such transactions go at the same time.
	lanes = 2
	// patience bounds one: it has no caller's end.
	patience = 30 * time.Second
	// hopeless failures in a row say that it is not the delivery.
	hopeless = 3
	// inMemory bounds a body that its worker need not read from the store.
	inMemory = 64 << 10
)

// relayedWindow is how long the id of a relayed delivery is remembered: longer
// than any relay goes on offering it.
const relayedWindow = time.Hour

// arrival is a delivery that is to be received.
type arrival struct {
	d    *engine.Delivery
	body []byte
	// known is what it is known by for a while: first the relay's own id, which tells
	// whether or not the sender gave one. A relay that heard no answer offers a
	// delivery again, perhaps to another orchestrator of this store.
	known [2]memory
}

// memory is an id that a delivery is known by for a while; without one it is new.
type memory struct {
	kind, key string
	window    time.Duration
}

func newArrival(d *engine.Delivery, window time.Duration, in *provider.Inbound) *arrival {
	sum := sha256.Sum256(in.Body)
	d.PayloadSize, d.PayloadHash = int64(len(in.Body)), hex.EncodeToString(sum[:])
	a := &arrival{d: d, body: in.Body, known: [2]memory{{"relayed", in.Relayed, relayedWindow}, {"delivery", d.Key, window}}}
	if a.body == nil {
		a.body = []byte{}
	}
	return a
}

// task is what a worker needs of an arrival that was received here; nil when it is
// too large to wait in memory.
func (a *arrival) task(g *Gate) *task {
	if len(a.body) > inMemory {
		return nil
	}
	return &task{d: a.d, source: g.Source, p: g.provider, body: a.body}
}

func (a *arrival) weight() int { return len(a.body) + len(a.d.Headers) + 1<<10 }

// outcome is what became of one of a batch.
type outcome struct {
	receipt Receipt
	err     error
}

// receive writes an arrival down, in one commit with others that come at the same
// time.
func (i *Intake) receive(ctx context.Context, a *arrival) (Receipt, error) {
	out, err := i.arrivals.Ask(ctx, a)
	return out.receipt, errors.Join(err, out.err)
}

func (i *Intake) arrivalsGroup() *batch.Group[*arrival, outcome] {
	return &batch.Group[*arrival, outcome]{Most: together, Lanes: lanes, Weight: (*arrival).weight, MostHeavy: heavy,
		Do: func(ctx context.Context, as []*arrival) ([]outcome, error) {
			ctx, stop := context.WithTimeout(ctx, patience)
			defer stop()
			return eachAlone(as, func(some ...*arrival) ([]outcome, error) { return i.receiveAll(ctx, some) }), nil
		}}
}

// eachAlone does all together, and when that fails one by one: what fails for one
// of them is no matter of the others.
func eachAlone[Q any](qs []Q, do func(...Q) ([]outcome, error)) []outcome {
	out, err := do(qs...)
	if err == nil {
		return out
	}
	out = make([]outcome, len(qs))
	failed := 0
	for k := range qs {
		if len(qs) > 1 && failed < hopeless {
			var one []outcome
			if one, err = do(qs[k]); err == nil {
				out[k], failed = one[0], 0
				continue
			}
			failed++
		}
		out[k].err = err
	}
	return out
}

func (i *Intake) receiveAll(ctx context.Context, as []*arrival) (out []outcome, err error) {
	err = i.store.Tx(ctx, func(tx store.Tx) (err error) {
		out, err = receiveTx(ctx, tx, as...)
		return err
	})
	return out, err
}

// receiveTx writes deliveries down. One that was there before stays in the log
// without its body.
func receiveTx(ctx context.Context, tx store.Tx, as ...*arrival) ([]outcome, error) {
	known, err := duplicates(ctx, tx, as)
	if err != nil {
		return nil, err
	}
	out := make([]outcome, len(as))
	rows := make([]store.Received, len(as))
	for k, a := range as {
		out[k].receipt = Receipt{a.d.ID, known[k]}
		rows[k] = store.Received{Delivery: *a.d, Payload: a.body}
		if twin := &rows[k]; known[k] {
			twin.Status, twin.ProcessedAt, twin.PayloadOmitted, twin.Payload = status.EventDuplicate, a.d.ReceivedAt, "duplicate", nil
		}
	}
	return out, tx.Deliveries().InsertAll(ctx, rows...)
}

// duplicates tells which of them came before. They are a moment apart at most, so
// the first one's now is that of all.
func duplicates(ctx context.Context, tx store.Tx, as []*arrival) ([]bool, error) {
	out := make([]bool, len(as))
	for n := range as[0].known {
		var keys []store.Key
		var places []int
		for k, a := range as {
			m := a.known[n]
			if out[k] || m.key == "" || m.window <= 0 {
				continue
			}
			keys = append(keys, store.Key{Key: m.kind + "\n" + string(a.d.Source) + "\n" + m.key, Until: a.d.ReceivedAt.Add(m.window)})
			places = append(places, k)
		}
		if len(keys) == 0 {
			continue
		}
		firsts, err := tx.Deliveries().Firsts(ctx, as[0].d.ReceivedAt, keys...)
		if err != nil {
			return nil, err
		}
		for i, first := range firsts {
			out[places[i]] = !first
		}
	}
	return out, nil
}

// source reads a source as it is now, together with others that are asked for at
// the same time.
func (i *Intake) source(ctx context.Context, idOrName string) (*engine.Source, error) {
	found, err := i.sources.Ask(ctx, idOrName)
	return found.source, errors.Join(err, found.err)
}

type foundSource struct {
	source *engine.Source
	err    error
}

func (i *Intake) sourcesGroup() *batch.Group[string, foundSource] {
	return &batch.Group[string, foundSource]{Most: together, Lanes: lanes, Do: func(ctx context.Context, names []string) ([]foundSource, error) {
		ctx, stop := context.WithTimeout(ctx, patience)
		defer stop()
		out := make([]foundSource, len(names))
		err := i.store.View(ctx, func(tx store.Tx) error {
			known := map[string]foundSource{}
			for k, name := range names {
				f, ok := known[name]
				if !ok {
					f.source, f.err = tx.Sources().Find(ctx, name)
					if f.err != nil && !errors.Is(f.err, engine.ErrNotFound) {
						return f.err
					}
					known[name] = f
				}
				out[k] = f
			}
			return nil
		})
		return out, err
	}}
}
