package orchestrator

import (
	"context"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Started lists the runs of a delivery, once it has been worked through.
func (r *Rooms) Started(ctx context.Context, id engine.DeliveryID) ([]engine.Run, error) {
	l := r.Store.Listen(store.TopicDeliveries, store.TopicRuns)
	defer l.Close()
	for {
		d, runs, err := r.Delivery(ctx, id)
		if err != nil {
			return nil, err
		}
		if d.Status != status.EventReceived {
			return runs, nil
		}
		if _, err := l.Wait(ctx); err != nil {
			return nil, err
		}
	}
}

// Trigger makes an event of a repository on disk, and takes it in.
func (r *Rooms) Trigger(ctx context.Context, source string, t local.Trigger) (engine.DeliveryID, error) {
	g, err := r.Intake.Open(ctx, source)
	if err != nil {
		return "", err
	}
	p, ok := r.Intake.Providers[g.Source.Kind].(interface {
		Trigger(context.Context, *engine.Source, local.Trigger) (*provider.Inbound, error)
	})
	if !ok {
		return "", fmt.Errorf("%w: events can be made of repositories on disk, and %q is a source of kind %q", provider.ErrMisconfigured, source, g.Source.Kind)
	}
	in, err := p.Trigger(ctx, g.Source, t)
	if err != nil {
		return "", err
	}
	receipt, err := r.Intake.Accept(ctx, g, in)
	return receipt.ID, err
}

// Delivery is one entry of the log with what it started.
func (r *Rooms) Delivery(ctx context.Context, id engine.DeliveryID) (d *engine.Delivery, runs []engine.Run, err error) {
	err = r.Store.View(ctx, func(tx store.Tx) (err error) {
		if d, err = tx.Deliveries().Get(ctx, id); err != nil {
			return err
		}
		runs, err = tx.Runs().Of(ctx, id)
		return err
	})
	return d, runs, err
}

// Lookup is a run and its jobs.
func (r *Rooms) Lookup(ctx context.Context, id engine.RunID) (run *engine.Run, jobs []engine.Job, err error) {
	err = r.Store.View(ctx, func(tx store.Tx) (err error) {
		if run, err = tx.Runs().Get(ctx, id); err != nil {
			return err
		}
		jobs, err = tx.Jobs().Of(ctx, id)
		return err
	})
	return run, jobs, err
}
