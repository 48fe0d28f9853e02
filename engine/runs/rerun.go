package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Repeat asks for a run like one that is over.
type Repeat struct {
	By string
	// FailedOnly takes over the jobs that succeeded, with their outputs.
	FailedOnly bool
}

// repeatPause is how long after one repetition the next is refused.
const repeatPause = 5 * time.Second

// Repeat makes a new run of the same event and the same lock file, at the same
// commit, whatever has become of the repository since.
func (r *Runs) Repeat(ctx context.Context, id engine.RunID, q Repeat) (engine.RunID, error) {
	var made engine.RunID
	err := r.store.Tx(ctx, func(tx store.Tx) error {
		old, err := tx.Runs().Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := r.mayRepeat(ctx, tx, old); err != nil {
			return err
		}
		s, err := tx.Runs().Snapshot(ctx, id)
		if err != nil {
			return err
		}
		w, err := find(s, old.Workflow)
		if err != nil {
			return err
		}
		p, carried, err := r.takeOver(ctx, tx, old, s, q)
		if err != nil {
			return err
		}
		run := r.likeness(old, q)
		made = run.ID
		d := r.begun(ctx, tx, run, &engine.Snapshot{Lock: s.Lock, Event: s.Event})
		if err := d.begin(w, p, carried); err != nil {
			return err
		}
		return d.ink()
	})
	return made, err
}

func (r *Runs) likeness(old *engine.Run, q Repeat) *engine.Run {
	run := &engine.Run{
		ID: engine.RunID(r.NewID()), Delivery: old.Delivery, Source: old.Source, Workflow: old.Workflow, Status: status.RunPending,
		Ref: old.Ref, Provider: old.Provider, RoutingKey: old.RoutingKey, Trust: old.Trust, Sender: old.Sender, Test: old.Test,
		Parent: old.ID, Original: old.Original, TriggeredBy: q.By, Timeout: old.Timeout, CreatedAt: r.Now(),
	}
	if run.Original == "" {
		run.Original = old.ID
	}
	return run
}

func (r *Runs) mayRepeat(ctx context.Context, tx store.Tx, old *engine.Run) error {
	if !old.Status.Terminal() {
		return fmt.Errorf("runs: repeat %s: %w", old.ID, ErrUnfinished)
	}
	original := old.Original
	if original == "" {
		original = old.ID
	}
	before, err := tx.Runs().Repeats(ctx, original)
	if err != nil {
		return err
	}
	for i := range before {
		if r.Now().Sub(before[i].CreatedAt) < repeatPause {
			return fmt.Errorf("runs: repeat %s: %w", old.ID, ErrTooSoon)
		}
	}
	return nil
}

// takeOver collects what a repetition of the failed jobs need not do again. It
// then also keeps the plan, so that names stay the same.
func (r *Runs) takeOver(ctx context.Context, tx store.Tx, old *engine.Run, s *engine.Snapshot, q Repeat) (Plan, map[string]*engine.Job, error) {
	if !q.FailedOnly {
		return Plan{}, nil, nil
	}
	p, err := PlanOf(s)
	if err != nil {
		return Plan{}, nil, err
	}
	jobs, err := tx.Jobs().Of(ctx, old.ID)
	if err != nil {
		return Plan{}, nil, err
	}
	p.Carried = nil
	carried := map[string]*engine.Job{}
	for i := range jobs {
		j := &jobs[i]
		if isPseudo(j) || j.Status != status.JobSuccess && !(j.Status == status.JobSkipped && j.ByRule) {
			continue
		}
		carried[j.Name] = j
		p.Carried = append(p.Carried, j.Name)
	}
	if len(carried) == len(jobs) {
		return Plan{}, nil, fmt.Errorf("runs: repeat %s: %w", old.ID, ErrNothingFailed)
	}
	return p, carried, nil
}

// ErrNothingFailed: there is no job to run again.
var ErrNothingFailed = errors.New("no job of the run failed")
