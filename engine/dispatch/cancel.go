package dispatch

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
)

// compareEvery is how often members are compared with the store although
// nothing was cancelled or drained: a signal may be lost.
const compareEvery = 5 * time.Second

// watchCancels tells agents to end what the store says is to end.
func (d *Dispatcher) watchCancels(ctx context.Context) error {
	return d.watch(ctx, runs.TopicCancel, "cancel", d.compareAll)
}

// watch calls compare when the topic wakes it, and every compareEvery.
func (d *Dispatcher) watch(ctx context.Context, topic, what string, compare func(context.Context) error) error {
	l := d.store.Listen(topic)
	defer l.Close()
	last := d.Now()
	wait := func(ctx context.Context) error {
		for {
			woken, err := l.Wait(ctx)
			if err != nil {
				return err
			}
			if woken || d.Now().Sub(last) >= compareEvery {
				last = d.Now()
				return nil
			}
		}
	}
	return d.loop(ctx, what, wait, compare)
}

func (d *Dispatcher) compareAll(ctx context.Context) error {
	for _, m := range d.all() {
		if m.busy() == 0 {
			continue
		}
		if err := m.compare(ctx); err != nil {
			return err
		}
	}
	return nil
}

// compare asks the agent to end what is to be cancelled, or is no longer its own.
func (m *Member) compare(ctx context.Context) error {
	before := m.tokens() // what comes in while the store is asked is not missing
	var given []engine.Attempt
	err := m.d.store.View(ctx, func(tx store.Tx) (err error) {
		given, err = tx.Queue().Held(ctx, m.agent.ID)
		return err
	})
	if err != nil {
		return err
	}
	known := map[engine.Token]*engine.Attempt{}
	for i := range given {
		known[given[i].Token()] = &given[i]
	}
	freed := false
	defer func() {
		if freed { // not under m.mu, which comes second
			m.d.freed()
		}
	}()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range before {
		h := m.open[t]
		if h == nil {
			continue
		}
		switch a := known[t]; {
		case a == nil:
			delete(m.open, t)
			m.stops = append(m.stops, Stop{Token: t, Run: h.run, Reason: "the job is no longer this agent's", Force: true})
			freed = true
		case a.Cancel != "" && !h.stopped:
			h.stopped = true
			m.stops = append(m.stops, Stop{Token: t, Run: h.run, Reason: a.Cancel})
		}
	}
	if len(m.stops) > 0 {
		m.signal()
	}
	return nil
}
