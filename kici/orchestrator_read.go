package kici

import (
	"context"
	"iter"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/store"
)

// What is kept of a delivery and of a job.
type (
	// Delivery is an entry of the event log: what came in, and why it did or did
	// not start something.
	Delivery = engine.Delivery
	JobID    = engine.JobID
	// Attempt is one time that a job was given to an agent.
	Attempt   = engine.Attempt
	AttemptID = engine.AttemptID
	// Step is a step, a hook or an init of an attempt.
	Step = engine.Step
	// LogLine is a line that a step printed.
	LogLine = logs.Line
)

// Delivery is the record of one delivery.
func (o *Orchestrator) Delivery(ctx context.Context, id DeliveryID) (*Delivery, error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return nil, err
	}
	d, _, err := rooms.Delivery(ctx, id)
	return d, err
}

// Attempts lists how often a job was given out, the first one first, and with
// them the steps of the last.
func (o *Orchestrator) Attempts(ctx context.Context, id JobID) (all []Attempt, steps []Step, err error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = rooms.Store.View(ctx, func(tx store.Tx) (err error) {
		if all, err = tx.Queue().Attempts(ctx, id); err != nil || len(all) == 0 {
			return err
		}
		steps, err = tx.Steps().Of(ctx, all[len(all)-1].ID)
		return err
	})
	return all, steps, err
}

// Log gives the lines of an attempt that are there by now: of the steps with
// these indexes, or of all.
func (o *Orchestrator) Log(ctx context.Context, id AttemptID, steps ...int) iter.Seq2[LogLine, error] {
	return func(yield func(LogLine, error) bool) {
		rooms, err := o.in.Rooms(ctx)
		if err != nil {
			yield(LogLine{}, err)
			return
		}
		rooms.Logs.Read(ctx, logs.Query{Attempt: id, Steps: steps})(yield)
	}
}
