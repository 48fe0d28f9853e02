package runs

import (
	"context"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
)

// groupKey names a group: it is a workflow's own, in its repository.
func groupKey(run *engine.Run, group string) string {
	return run.RoutingKey + "\n" + run.Ref.Repo + "\n" + run.Workflow + "\n" + group
}

// enterGroup gives the run its turn in its concurrency group, cancels those that
// have it, or lets it wait. The group is locked until the transaction ends.
func (d *decision) enterGroup(w *lockfile.Workflow, group string) error {
	if err := d.ink(); err != nil {
		return err
	}
	d.run.Group = groupKey(d.run, group)
	if err := d.r.lockGroup(d.ctx, d.tx, d.run.Group); err != nil {
		return err
	}
	others, err := d.tx.Runs().InGroup(d.ctx, d.run.Group)
	if err != nil {
		return err
	}
	limit := 1
	if w.Concurrency.Max != nil && *w.Concurrency.Max >= 1 {
		limit = int(*w.Concurrency.Max)
	}
	var active, waiting []engine.Run
	for _, o := range others {
		if o.WaitingSince.IsZero() {
			active = append(active, o)
		} else {
			waiting = append(waiting, o)
		}
	}
	if len(active) < limit && len(waiting) == 0 {
		return d.saveRun()
	}
	if w.Concurrency.CancelInProgress == nil || *w.Concurrency.CancelInProgress {
		if err := d.saveRun(); err != nil {
			return err
		}
		return d.supersede(append(active, waiting...), limit, group)
	}
	d.run.WaitingSince = d.r.Now()
	change := d.change()
	change.Group, change.Ahead = group, len(active)+len(waiting)
	change.Reason = fmt.Sprintf("waiting for %s (%d ahead)", group, change.Ahead)
	d.announce("", KindRunWaiting, change)
	return d.saveRun()
}

// supersede cancels the oldest runs of the group until there is room.
func (d *decision) supersede(others []engine.Run, limit int, group string) error {
	for i := 0; i <= len(others)-limit; i++ {
		why := fmt.Sprintf("Superseded by run in concurrency group '%s'", group)
		_, err := d.r.cancelTx(d.ctx, d.tx, others[i].ID, Cancel{By: "system", Reason: why})
		if err != nil && !errors.Is(err, ErrFinished) {
			return err
		}
	}
	return nil
}

// saveRun writes what changed of a run that stays where it is.
func (d *decision) saveRun() error { return d.tx.Runs().Save(d.ctx, d.run, d.run.Status) }

// nextInGroup gives the turn of a run that ended to the one that waits longest.
func (r *Runs) nextInGroup(ctx context.Context, tx store.Tx, ended *engine.Run) error {
	if err := r.lockGroup(ctx, tx, ended.Group); err != nil {
		return err
	}
	all, err := tx.Runs().InGroup(ctx, ended.Group)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].WaitingSince.IsZero() || all[i].ID == ended.ID {
			continue
		}
		d, err := r.open(ctx, tx, all[i].ID)
		if err != nil {
			return err
		}
		d.run.WaitingSince, d.waited = zero, false
		if err := d.saveRun(); err != nil {
			return err
		}
		return d.advance()
	}
	return nil
}

// lockGroup makes others wait that want to decide about a group. The row that
// remembers deliveries serves, because an upsert locks it on either database.
func (r *Runs) lockGroup(ctx context.Context, tx store.Tx, group string) error {
	now := r.Now()
	_, err := tx.Deliveries().First(ctx, "concurrency\n"+group, now, now)
	return err
}
