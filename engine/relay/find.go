package relay

import (
	"context"
	"errors"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Families of sources, which stand in the addresses of webhooks and begin routing
// keys.
const (
	FamilyGitHub  = "github"
	FamilyGeneric = "generic"
)

// Target is a source that deliveries may go to.
type Target struct {
	Org        engine.OrgID
	Family     string
	Name       string
	RoutingKey string
}

func (t *Target) address() address { return address{string(t.Org), t.Family, t.Name} }

// maxName bounds parts of an address, and with them what the negative memory holds.
const maxName = 200

// Find looks a source up by what stands in an address. It is ErrUnknown when no
// orchestrator ever registered it.
func (r *Relay) Find(ctx context.Context, org engine.OrgID, family, name string) (*Target, error) {
	if !plausible(org) || len(name) > maxName || name == "" {
		return nil, ErrUnknown
	}
	t := &Target{Org: org, Family: family, Name: name}
	a := t.address()
	if t.RoutingKey = r.registered(a); t.RoutingKey != "" {
		return t, nil
	}
	if r.unknown.has(a, r.Now()) {
		return nil, ErrUnknown
	}
	err := r.store.View(ctx, func(tx store.Tx) error {
		s, err := tx.Relay().Source(ctx, org, family, name)
		if err == nil {
			t.RoutingKey = s.RoutingKey
		}
		return err
	})
	if errors.Is(err, engine.ErrNotFound) {
		r.unknown.add(a, r.Now())
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (r *Relay) registered(a address) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names[a]
}
