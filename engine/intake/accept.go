package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

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
	d := &engine.Delivery{
		ID: engine.DeliveryID(i.NewID()), Source: g.Source.ID, RoutingKey: g.Source.RoutingKey, Provider: g.Source.Kind, Status: status.EventReceived, ReceivedAt: i.Now(),
		Headers: headers{Header: g.Settings.Strip(in.Header), Path: in.Path}.encode(),
	}
	if k, ok := g.provider.(provider.Keyer); ok {
		d.Key = k.Key(in)
	}
	return i.receive(ctx, d, g.Settings, in.Body)
}

// receive writes a delivery down and has it worked through. One that was there
// before stays in the log without its body.
func (i *Intake) receive(ctx context.Context, d *engine.Delivery, s provider.Settings, body []byte) (Receipt, error) {
	sum := sha256.Sum256(body)
	d.PayloadSize, d.PayloadHash = int64(len(body)), hex.EncodeToString(sum[:])
	if body == nil {
		body = []byte{}
	}
	var duplicate bool
	err := i.store.Tx(ctx, func(tx store.Tx) error {
		duplicate = false
		if d.Key != "" && s.DedupWindow > 0 {
			first, err := tx.Deliveries().First(ctx, "delivery\n"+string(d.Source)+"\n"+d.Key, d.ReceivedAt, d.ReceivedAt.Add(s.DedupWindow))
			if err != nil {
				return err
			}
			duplicate = !first
		}
		if !duplicate {
			return tx.Deliveries().Insert(ctx, d, body)
		}
		twin := *d
		twin.Status, twin.ProcessedAt, twin.PayloadOmitted = status.EventDuplicate, d.ReceivedAt, "duplicate"
		return tx.Deliveries().Insert(ctx, &twin, nil)
	})
	if err != nil {
		return Receipt{}, err
	}
	if !duplicate {
		i.offer(d.ID)
	}
	return Receipt{d.ID, duplicate}, nil
}

// headers are what a delivery says besides its body, as they are kept.
type headers struct {
	Header http.Header `json:"header,omitempty"`
	Path   string      `json:"path,omitempty"`
}

func (h headers) encode() []byte {
	b, err := json.Marshal(h)
	if err != nil { // strings always encode
		return nil
	}
	return b
}
