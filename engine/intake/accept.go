package intake

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
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
	s, err := i.source(ctx, idOrName)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, ErrNoSource
	}
	if err != nil {
		return nil, err
	}
	g := &Gate{Source: s}
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
	a := newArrival(d, g.Settings.DedupWindow, in)
	r, err := i.receive(ctx, a)
	if err == nil && !r.Duplicate {
		i.offer(offered{id: r.ID, task: a.task(g)})
	}
	return r, err
}

// Offer has what was received worked through, once its transaction is committed.
// What is not offered waits for the sweep.
func (i *Intake) Offer(rs ...Receipt) {
	for _, r := range rs {
		if !r.Duplicate {
			i.offer(offered{id: r.ID})
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
