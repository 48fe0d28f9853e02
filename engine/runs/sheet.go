package runs

import (
	"cmp"
	"context"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// fresh is what else there is of a run that was not stored yet. Nobody can see
// such a run, so its rows are decided about in memory and written once, as they
// are in the end, many runs at a time ([sheet]). Whatever has to ask the store
// calls ink first.
type fresh struct {
	snapshot *engine.Snapshot
	entries  []engine.Entry
}

// begun is a decision about a run that is still to be stored.
func (r *Runs) begun(ctx context.Context, tx store.Tx, run *engine.Run, s *engine.Snapshot) *decision {
	return &decision{r: r, ctx: ctx, tx: tx, run: run, fresh: &fresh{snapshot: s}, loaded: true}
}

// put adds jobs to a run that is still to be stored, in plan order.
func (d *decision) put(jobs []engine.Job) {
	d.jobs = append(d.jobs, jobs...)
	slices.SortStableFunc(d.jobs, func(a, b engine.Job) int { return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Name, b.Name)) })
}

// ink stores the run, if that is still to be done. The decision goes on about the
// rows that are stored now.
func (d *decision) ink() error {
	var s sheet
	s.add(d)
	return s.write(d.ctx, d.tx)
}

// sheet is rows of new runs.
type sheet struct {
	runs      []engine.Run
	snapshots []engine.Snapshot
	jobs      []engine.Job
	entries   []engine.Entry
	events    []engine.Event
}

// add takes over what a decision has not stored.
func (s *sheet) add(d *decision) {
	if d.fresh == nil {
		return
	}
	s.runs, s.snapshots = append(s.runs, *d.run), append(s.snapshots, *d.fresh.snapshot)
	s.jobs, s.entries = append(s.jobs, d.jobs...), append(s.entries, d.fresh.entries...)
	s.events = append(s.events, d.events...)
	d.fresh, d.events = nil, nil
}

func (s *sheet) write(ctx context.Context, tx store.Tx) error {
	if len(s.runs) == 0 {
		return nil
	}
	if err := tx.Runs().InsertAll(ctx, s.runs, s.snapshots); err != nil {
		return err
	}
	if err := tx.Jobs().Insert(ctx, s.jobs...); err != nil {
		return err
	}
	if len(s.entries) > 0 {
		if err := tx.Queue().Enqueue(ctx, s.entries...); err != nil {
			return err
		}
		tx.Notify(store.TopicQueue)
	}
	return appendTx(ctx, tx, s.events)
}

// appendTx stores events and wakes those who wait for them.
func appendTx(ctx context.Context, tx store.Tx, es []engine.Event) error {
	if len(es) == 0 {
		return nil
	}
	tx.Notify(store.TopicRuns)
	if slices.ContainsFunc(es, func(e engine.Event) bool { return e.Pending }) {
		tx.Notify(store.TopicEvents)
	}
	return tx.Events().Append(ctx, es...)
}
