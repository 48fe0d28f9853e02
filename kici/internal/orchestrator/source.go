package orchestrator

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
)

// seed writes configured sources into the store. Sources that were added some
// other way stay as they are.
func (h *house) seed(ctx context.Context) error {
	for _, s := range h.o.config.Sources {
		if err := h.store.Tx(ctx, func(tx store.Tx) error { return h.put(ctx, tx, s) }); err != nil {
			return fmt.Errorf("kici: source %q: %w", s.Name, err)
		}
	}
	return nil
}

// christen names the deployment the first time; later the stored name counts.
func (h *house) christen(ctx context.Context) error {
	return h.store.Tx(ctx, func(tx store.Tx) error {
		name, err := tx.Facts().Get(ctx, admin.FactClusterName)
		if !errors.Is(err, engine.ErrNotFound) {
			h.cluster = name
			return err
		}
		name = h.o.config.Cluster
		if name == "" {
			var b [3]byte
			_, _ = rand.Read(b[:]) // it never fails
			name = "cluster-" + hex.EncodeToString(b[:])
		}
		h.cluster = name
		return tx.Facts().Put(ctx, admin.FactClusterName, name)
	})
}

func (h *house) put(ctx context.Context, tx store.Tx, s Source) error {
	now := h.o.o.Now()
	row := &engine.Source{ID: engine.SourceID(h.ids.next()), Name: s.Name, CreatedAt: now}
	old, err := tx.Sources().Find(ctx, s.Name)
	switch {
	case err == nil:
		row.ID, row.CreatedAt = old.ID, old.CreatedAt
	case !errors.Is(err, engine.ErrNotFound):
		return err
	}
	row.Kind, row.Config, row.Enabled, row.UpdatedAt = s.Kind, s.Config, true, now
	row.RoutingKey = h.routingKey(s.Kind, row.ID)
	return tx.Sources().Put(ctx, row)
}

// routingKey names the deliveries of a source.
func (h *house) routingKey(kind string, id engine.SourceID) string {
	return fmt.Sprintf("%s:%s:%s", routingFamily(kind), h.o.config.Org, id)
}

// routingFamily is the word that routing keys of a kind begin with.
func routingFamily(kind string) string {
	if kind == "local" {
		return kind
	}
	return "generic"
}

// repositories finds the code of runs.
type repositories struct {
	store     store.Store
	providers map[string]provider.Provider
}

// Clone implements dispatch.Repositories.
func (r *repositories) Clone(ctx context.Context, run *engine.Run) (provider.Clone, error) {
	var s *engine.Source
	err := r.store.View(ctx, func(tx store.Tx) (err error) {
		s, err = tx.Sources().Find(ctx, string(run.Source))
		return err
	})
	if errors.Is(err, engine.ErrNotFound) {
		return provider.Clone{}, fmt.Errorf("%w: its source has been removed", provider.ErrNoRepository)
	}
	if err != nil {
		return provider.Clone{}, fmt.Errorf("%w: %w", provider.ErrUnavailable, err)
	}
	c, ok := r.providers[s.Kind].(provider.Cloner)
	if !ok {
		return provider.Clone{}, fmt.Errorf("%w: sources of kind %q hold no code", provider.ErrNoRepository, s.Kind)
	}
	return c.Clone(ctx, s, run.Ref)
}

func compare(a, b string) int { return cmp.Compare(a, b) }
