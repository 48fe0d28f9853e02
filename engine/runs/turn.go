package runs

import (
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// turnKey names a concurrency group of jobs: all workflows of a source share it.
func turnKey(run *engine.Run, group string) string {
	return "job\n" + run.RoutingKey + "\n" + run.Ref.Repo + "\n" + group
}

// hasTurn tells whether a job whose needs are met may start: of those of its
// concurrency group that are not over, none was ready before it. A job without
// a turn stays pending, which holds no agent.
func (d *decision) hasTurn(j *engine.Job, now time.Time) (bool, error) {
	if err := d.ink(); err != nil {
		return false, err
	}
	if err := d.r.lockGroup(d.ctx, d.tx, j.Turn); err != nil {
		return false, err
	}
	arrived := !j.NeedsSatisfied
	if arrived {
		j.NeedsSatisfied, j.ReadyAt = true, now
		if err := d.save(j, j.Status); err != nil {
			return false, err
		}
	}
	if err := d.write(); err != nil {
		return false, err
	}
	all, err := d.tx.Jobs().Turn(d.ctx, j.Turn)
	if err != nil {
		return false, err
	}
	if next(all) == j.ID {
		return true, nil
	}
	if arrived {
		d.announce(j.ID, KindJobWaiting, JobChange{Name: j.Name, Status: j.Status, Reason: "waiting for its concurrency group"})
	}
	return false, nil
}

// next is the job whose turn it is: the one that was ready first, when none is at
// work. The clocks of orchestrators differ, so that one at work may seem to have
// been ready later.
func next(all []engine.Job) engine.JobID {
	if len(all) == 0 || slices.ContainsFunc(all, func(j engine.Job) bool { return j.Status != status.JobPending }) {
		return ""
	}
	return all[0].ID
}

// leave notes that a job of a group is over.
func (d *decision) leave(j *engine.Job) {
	if j.Turn != "" && !slices.Contains(d.freed, j.Turn) {
		d.freed = append(d.freed, j.Turn)
	}
}

// passTurns lets the next of each group that a job has left go on. It may belong
// to another run. The lock makes a job that comes to the group at this moment, in
// a transaction that does not see this one, come before or after: without it
// either could think that the other sees to it.
func (d *decision) passTurns() error {
	freed := d.freed
	d.freed = nil
	if len(freed) > 0 {
		if err := d.ink(); err != nil {
			return err
		}
	}
	for _, group := range freed {
		if err := d.r.lockGroup(d.ctx, d.tx, group); err != nil {
			return err
		}
		all, err := d.tx.Jobs().Turn(d.ctx, group)
		if err != nil {
			return err
		}
		if next(all) == "" {
			continue
		}
		other := d
		if all[0].Run != d.run.ID {
			if other, err = d.r.open(d.ctx, d.tx, all[0].Run); err != nil {
				return err
			}
		}
		other.loaded = false
		if err := other.advance(); err != nil {
			return err
		}
	}
	return nil
}
