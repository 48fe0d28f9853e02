package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Gate is a source that deliveries may come in by.
type Gate struct {
	Source   *engine.Source
	Settings provider.Settings
	provider provider.Provider
}

// Receipt says what became of a delivery: it is durable under that id, or one
// like it came before.
type Receipt struct {
	ID        engine.DeliveryID
	Duplicate bool
}

// Open finds the gate of a source, by id or name.
func (i *Intake) Open(ctx context.Context, idOrName string) (*Gate, error) {
	g := &Gate{}
	err := i.store.View(ctx, func(tx store.Tx) (err error) {
		g.Source, err = tx.Sources().Find(ctx, idOrName)
		return err
	})
	if errors.Is(err, engine.ErrNotFound) {
		return nil, ErrNoSource
	}
	if err != nil {
		return nil, err
	}
	if !g.Source.DeletedAt.IsZero() {
		return nil, ErrNoSource
	}
	if !g.Source.Enabled {
		return nil, ErrDisabled
	}
	if g.provider, err = i.provider(g.Source); err != nil {
		return nil, err
	}
	g.Settings = (&provider.Limits{}).Settings()
	if c, ok := g.provider.(provider.Configurer); ok {
		if g.Settings, err = c.Settings(g.Source); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Accept takes a delivery in. When it returns without an error the delivery is
// durable.
func (i *Intake) Accept(ctx context.Context, g *Gate, in *provider.Inbound) (Receipt, error) {
	in.Source = g.Source
	if int64(len(in.Body)) > g.Settings.MaxPayloadBytes {
		return Receipt{}, ErrTooLarge
	}
	if err := i.limits.allow(g.Source.ID, g.Settings.RateLimitRPM, i.Now()); err != nil {
		return Receipt{}, err
	}
	if err := g.provider.Verify(ctx, in); err != nil {
		return Receipt{}, err
	}
	proved, err := i.prove(ctx, g, in)
	if err != nil {
		return Receipt{}, err
	}
	d := &engine.Delivery{
		ID: engine.DeliveryID(i.NewID()), Source: g.Source.ID, RoutingKey: g.Source.RoutingKey, Provider: g.Source.Kind, Status: status.EventReceived, ReceivedAt: i.Now(),
		Headers: headers{Header: g.Settings.Strip(in.Header), Path: in.Path, Inside: in.Inside, Proofs: proved}.encode(),
	}
	if k, ok := g.provider.(provider.Keyer); ok {
		d.Key = k.Key(in)
	}
	var r Receipt
	err = i.store.Tx(ctx, func(tx store.Tx) (err error) {
		r, err = receiveTx(ctx, tx, d, g.Settings.DedupWindow, in)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	i.Offer(r)
	return r, nil
}

// relayedWindow is how long the id of a relayed delivery is remembered: longer
// than any relay goes on offering it.
const relayedWindow = time.Hour

// receiveTx writes a delivery down. One that was there before stays in the log
// without its body. A relay that heard no answer offers a delivery again, perhaps to
// another orchestrator of this store: its own id tells, whether or not the sender
// gave one.
func receiveTx(ctx context.Context, tx store.Tx, d *engine.Delivery, window time.Duration, in *provider.Inbound) (Receipt, error) {
	body := in.Body
	sum := sha256.Sum256(body)
	d.PayloadSize, d.PayloadHash = int64(len(body)), hex.EncodeToString(sum[:])
	if body == nil {
		body = []byte{}
	}
	for _, known := range []memory{{"relayed", in.Relayed, relayedWindow}, {"delivery", d.Key, window}} {
		first, err := known.firstTx(ctx, tx, d)
		if err != nil {
			return Receipt{}, err
		}
		if !first {
			twin := *d
			twin.Status, twin.ProcessedAt, twin.PayloadOmitted = status.EventDuplicate, d.ReceivedAt, "duplicate"
			return Receipt{d.ID, true}, tx.Deliveries().Insert(ctx, &twin, nil)
		}
	}
	return Receipt{d.ID, false}, tx.Deliveries().Insert(ctx, d, body)
}

// memory is an id that a delivery is known by for a while; without one it is new.
type memory struct {
	kind, key string
	window    time.Duration
}

func (m memory) firstTx(ctx context.Context, tx store.Tx, d *engine.Delivery) (bool, error) {
	if m.key == "" || m.window <= 0 {
		return true, nil
	}
	return tx.Deliveries().First(ctx, m.kind+"\n"+string(d.Source)+"\n"+m.key, d.ReceivedAt, d.ReceivedAt.Add(m.window))
}

// Offer has what was received worked through, once its transaction is committed.
// What is not offered waits for the sweep.
func (i *Intake) Offer(rs ...Receipt) {
	for _, r := range rs {
		if !r.Duplicate {
			i.offer(r.ID)
		}
	}
}

// headers are what a delivery says besides its body, as they are kept.
type headers struct {
	Header http.Header `json:"header,omitempty"`
	Path   string      `json:"path,omitempty"`
	Inside bool        `json:"inside,omitempty"`
	Proofs proofs      `json:"proofs,omitempty"`
}

func (h headers) encode() []byte {
	b, err := json.Marshal(h)
	if err != nil { // strings always encode
		return nil
	}
	return b
}
