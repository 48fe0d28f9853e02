package dev

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// teller shows an audience what is new in the store.
type teller struct {
	rooms    *orchestrator.Rooms
	audience Audience
	url      string
	lock     string    // in a commit
	since    time.Time // what arrived before is history
	work     sync.WaitGroup
	told     map[engine.DeliveryID]bool
}

// begin looks at what is there: runs that an earlier dev left unfinished. What is
// to be worked through still will be told as if it had just arrived.
func (t *teller) begin(ctx context.Context) (open []engine.Run, err error) {
	t.told = map[engine.DeliveryID]bool{}
	var past []engine.Delivery
	err = t.rooms.Store.View(ctx, func(tx store.Tx) (err error) {
		if open, err = tx.Runs().Unfinished(ctx, "", page); err != nil {
			return err
		}
		past, err = tx.Deliveries().Recent(ctx, t.horizon(), page)
		return err
	})
	for i := range past {
		t.told[past[i].ID] = past[i].Status != status.EventReceived
	}
	return open, err
}

// horizon is after everything: clocks may go back.
func (t *teller) horizon() time.Time { return t.since.AddDate(10, 0, 0) }

// tell follows the log of deliveries until listening ends. The runs are told
// under ctx, to their end; call wait for that.
func (t *teller) tell(listening, ctx context.Context) error {
	l := t.rooms.Store.Listen(store.TopicDeliveries)
	defer l.Close()
	for {
		if err := t.look(ctx); err != nil {
			return err
		}
		if _, err := l.Wait(listening); err != nil {
			return nil
		}
	}
}

// look tells the deliveries that were worked through since.
func (t *teller) look(ctx context.Context) error {
	var recent []engine.Delivery
	started := map[engine.DeliveryID][]engine.Run{}
	err := t.rooms.Store.View(ctx, func(tx store.Tx) (err error) {
		recent, err = tx.Deliveries().Recent(ctx, t.horizon(), page)
		for i := range recent {
			d := &recent[i]
			if err == nil && t.fresh(d) {
				started[d.ID], err = tx.Runs().Of(ctx, d.ID)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	kept := map[engine.DeliveryID]bool{}
	for i := len(recent) - 1; i >= 0; i-- { // oldest first
		d := &recent[i]
		if t.fresh(d) {
			t.told[d.ID] = true
			t.delivery(ctx, d, started[d.ID])
		}
		if t.told[d.ID] {
			kept[d.ID] = true
		}
	}
	t.told = kept
	return nil
}

func (t *teller) fresh(d *engine.Delivery) bool {
	return !t.told[d.ID] && d.Status != status.EventReceived && d.Status != status.EventDuplicate
}

func (t *teller) delivery(ctx context.Context, d *engine.Delivery, started []engine.Run) {
	a := Arrival{Event: what(d), Ref: shortRef(d.Ref.Name), SHA: d.Ref.SHA, Runs: len(started)}
	var decisions []trigger.Decision
	decisions, a.Err = verdict(d, t.lock)
	a.Decisions = decisions
	t.audience.Arrived(a)
	inLockOrder(started, decisions)
	for i := range started {
		t.run(ctx, &started[i], a.Event, false)
	}
}

// run tells one run, beside the others.
func (t *teller) run(ctx context.Context, r *engine.Run, event string, earlier bool) {
	is := Run{
		ID: string(r.ID), Workflow: r.Workflow, Event: event, Ref: shortRef(r.Ref.Name), SHA: r.Ref.SHA,
		Logs: t.url + logsPath(r.ID), Earlier: earlier,
	}
	observe := t.audience.Begin(is)
	t.work.Go(func() {
		result, err := follow(ctx, t.rooms, r.ID, observe)
		if err != nil && ctx.Err() == nil {
			t.audience.Notice(fmt.Sprintf("run %s cannot be shown any further: %v", is.ID, err))
		}
		if err == nil || !errors.Is(err, context.Canceled) {
			t.audience.End(is, result)
		}
	})
}

// what names an event as people do.
func what(d *engine.Delivery) string { return strings.TrimSpace(d.Event + " " + d.Action) }

func shortRef(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, branchPrefix), tagPrefix)
}
