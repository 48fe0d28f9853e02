package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/store"
)

// Snapshot is all that is stored, and what the jobs themselves wrote down.
type Snapshot struct {
	Deliveries []engine.Delivery
	Runs       []StoredRun
	Agents     []engine.Agent
	// Witness is what jobs did where no orchestrator can see it.
	Witness []Execution
	// Left is what was found after everything had been stopped.
	Left []string
}

// StoredRun is a run with everything below it.
type StoredRun struct {
	engine.Run
	Jobs   []StoredJob
	Events []engine.Event
}

// StoredJob is a job with its attempts, first to last.
type StoredJob struct {
	engine.Job
	Queue    *engine.Entry // nil: it was never queued
	Attempts []StoredAttempt
}

// StoredAttempt is an attempt with its steps and its log, by step.
type StoredAttempt struct {
	engine.Attempt
	Steps []engine.Step
	Logs  map[int][]string
}

// Execution is one time that an agent really ran the author's code.
type Execution struct {
	Agent string
	Run   engine.RunID
	Job   string
	Key   string
	Ended bool // it came to its last line
}

// page bounds what is in memory of one listing.
const page = 500

// Read takes the snapshot of a store that nobody writes to any more.
func Read(ctx context.Context, s store.Store, blobs blob.Store) (*Snapshot, error) {
	out := &Snapshot{}
	err := s.View(ctx, func(tx store.Tx) (err error) {
		*out = Snapshot{}
		if out.Deliveries, err = pages(ctx, tx.Deliveries().Recent, func(d *engine.Delivery) (string, time.Time) { return string(d.ID), d.ReceivedAt }); err != nil {
			return err
		}
		runs, err := pages(ctx, tx.Runs().Recent, func(r *engine.Run) (string, time.Time) { return string(r.ID), r.CreatedAt })
		if err != nil {
			return err
		}
		for i := range runs {
			r := StoredRun{Run: runs[i]}
			if err := r.read(ctx, tx); err != nil {
				return err
			}
			out.Runs = append(out.Runs, r)
		}
		out.Agents, err = tx.Agents().List(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("chaos: read the store: %w", err)
	}
	reader := &logs.Reader{Store: s, Blobs: blobs}
	for i := range out.Runs {
		for j := range out.Runs[i].Jobs {
			for k := range out.Runs[i].Jobs[j].Attempts {
				if err := out.Runs[i].Jobs[j].Attempts[k].log(ctx, reader); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// pages lists everything, newest first, by a listing that starts before a time.
// Several may have one time, so a page may begin with what is known.
func pages[T any](ctx context.Context, list func(context.Context, time.Time, int) ([]T, error), of func(*T) (string, time.Time)) ([]T, error) {
	var out []T
	seen := map[string]bool{}
	for size, before := page, (time.Time{}); ; {
		got, err := list(ctx, before, size)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for i := range got {
			id, at := of(&got[i])
			if before = at.Add(time.Microsecond); !seen[id] {
				seen[id] = true
				out, fresh = append(out, got[i]), fresh+1
			}
		}
		switch {
		case len(got) < size:
			return out, nil
		case fresh == 0:
			size *= 2
		}
	}
}

func (r *StoredRun) read(ctx context.Context, tx store.Tx) error {
	for seq := int64(0); ; {
		es, err := tx.Events().After(ctx, r.ID, seq, page)
		if err != nil {
			return err
		}
		r.Events = append(r.Events, es...)
		if len(es) < page {
			break
		}
		seq = es[len(es)-1].Seq
	}
	jobs, err := tx.Jobs().Of(ctx, r.ID)
	if err != nil {
		return err
	}
	for i := range jobs {
		j := StoredJob{Job: jobs[i]}
		if q, err := tx.Queue().Get(ctx, j.ID); err == nil {
			j.Queue = q
		}
		attempts, err := tx.Queue().Attempts(ctx, j.ID)
		if err != nil {
			return err
		}
		for k := range attempts {
			a := StoredAttempt{Attempt: attempts[k]}
			if a.Steps, err = tx.Steps().Of(ctx, a.ID); err != nil {
				return err
			}
			j.Attempts = append(j.Attempts, a)
		}
		r.Jobs = append(r.Jobs, j)
	}
	return nil
}

func (a *StoredAttempt) log(ctx context.Context, r *logs.Reader) error {
	a.Logs = map[int][]string{}
	for l, err := range r.Read(ctx, logs.Query{Attempt: a.ID}) {
		if err != nil {
			return fmt.Errorf("chaos: read the log of attempt %s: %w", a.ID, err)
		}
		a.Logs[l.Step] = append(a.Logs[l.Step], l.Text)
	}
	return nil
}

// steps lists the steps that have a log, in order.
func (a *StoredAttempt) steps() []int {
	var out []int
	for s := range a.Logs {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}
