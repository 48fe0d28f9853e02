package admin

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// Views reads what operators see, for others than an operator's requests: a
// dashboard that asks over a relay sees the same.
type Views struct{ Store store.Store }

// Runs are the newest.
func (v *Views) Runs(ctx context.Context, limit int) ([]adminclient.Run, error) {
	out := []adminclient.Run{}
	err := v.Store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Runs().Recent(ctx, time.Time{}, limit)
		for i := range all {
			out = append(out, shownRun(&all[i]))
		}
		return err
	})
	return out, err
}

// Run is one with its jobs and their steps.
func (v *Views) Run(ctx context.Context, id string) (out adminclient.Run, err error) {
	err = v.Store.View(ctx, func(tx store.Tx) error {
		run, err := tx.Runs().Get(ctx, engine.RunID(id))
		if err != nil {
			return Missing(err, "run", id)
		}
		out = shownRun(run)
		out.Jobs, err = (&Handler{}).jobs(ctx, tx, run.ID, true)
		return err
	})
	return out, err
}

// Deliveries are the newest.
func (v *Views) Deliveries(ctx context.Context, limit int) ([]adminclient.Delivery, error) {
	out := []adminclient.Delivery{}
	err := v.Store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Deliveries().Recent(ctx, time.Time{}, limit)
		for i := range all {
			out = append(out, shownDelivery(&all[i]))
		}
		return err
	})
	return out, err
}
