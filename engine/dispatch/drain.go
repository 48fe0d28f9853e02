package dispatch

import (
	"context"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// DrainAgent keeps jobs from an agent, or lets it have jobs again. What it runs
// goes on. The store remembers, so that it holds across connections, and for
// every orchestrator of the deployment.
func (d *Dispatcher) DrainAgent(ctx context.Context, id engine.AgentID, on bool) error {
	return d.store.Tx(ctx, func(tx store.Tx) error {
		if _, err := tx.Agents().Get(ctx, id); err != nil {
			return err
		}
		tx.Notify(store.TopicDrains)
		if on {
			return tx.Agents().Drain(ctx, id, d.Now())
		}
		return tx.Agents().Undrain(ctx, id)
	})
}

// watchDrains holds the members to what operators said. It looks when woken, and
// now and then, since another orchestrator may have been told.
func (d *Dispatcher) watchDrains(ctx context.Context) error {
	return d.watch(ctx, store.TopicDrains, "drains", d.compareDrains)
}

func (d *Dispatcher) compareDrains(ctx context.Context) error {
	drained := map[engine.AgentID]bool{}
	err := d.store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Agents().Drains(ctx)
		for _, x := range all {
			drained[x.Agent] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range d.all() {
		m.mu.Lock()
		freed := m.drained && !drained[m.agent.ID]
		m.drained = drained[m.agent.ID]
		m.mu.Unlock()
		if freed {
			d.wake()
		}
	}
	return nil
}
