package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// walk does random things to a random workflow.
type walk struct {
	*bench
	rnd  *rand.Rand
	id   engine.RunID
	open []engine.Attempt // some of them no longer valid
}

// TestRandomWalks holds what must be true of every run whatever happens in
// whatever order: each job ends once, the run ends once and after its jobs, and
// it does end.
func TestRandomWalks(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &walk{bench: setup(t), rnd: rand.New(rand.NewPCG(seed, 7))}
			w.id = w.create(w.workflow())
			for range 60 {
				w.step()
				w.check()
			}
			w.finish()
			w.history()
		})
	}
}

// workflow is a graph of up to eight jobs.
func (w *walk) workflow() lockfile.Workflow {
	var jobs []lockfile.Job
	for i := range 1 + w.rnd.IntN(8) {
		var needs []string
		for k := range i {
			switch w.rnd.IntN(5) {
			case 0:
				needs = append(needs, fmt.Sprint("j", k))
			case 1:
				needs = append(needs, fmt.Sprint("j", k, "!"))
			}
		}
		jobs = append(jobs, job(fmt.Sprint("j", i), needs...))
	}
	out := workflow(jobs...)
	out.HasCleanup = w.rnd.IntN(2) == 0
	if w.rnd.IntN(3) == 0 {
		out = ruled(out)
	}
	return out
}

func (w *walk) claimSome() {
	for _, a := range w.claim() {
		w.open = append(w.open, a)
	}
}

func (w *walk) any() (engine.Attempt, bool) {
	if len(w.open) == 0 {
		return engine.Attempt{}, false
	}
	return w.open[w.rnd.IntN(len(w.open))], true
}

func (w *walk) outcome() runs.Report {
	a, _ := w.any()
	s := []jobspec.Status{jobspec.Success, jobspec.Success, jobspec.Failed, jobspec.Skipped, jobspec.Cancelled}[w.rnd.IntN(5)]
	return finished(a, s, func(r *jobspec.Result) { r.Prepared = &jobspec.Prepared{Skipped: w.rnd.IntN(4) == 0} })
}

// step does one thing.
func (w *walk) step() {
	ctx := context.Background()
	w.pass(time.Second)
	a, ok := w.any()
	switch n := w.rnd.IntN(12); {
	case n < 3 || !ok:
		w.claimSome()
	case n == 3:
		w.apply(started(a))
	case n == 4:
		w.apply(started(a), stepped(a, status.StepRunning))
	case n < 8:
		w.apply(started(a), w.outcome(), w.outcome())
	case n == 8:
		w.free(w.Lost(ctx, a.Token(), "lost"))
	case n == 9:
		w.free(w.Retry(ctx, a.Token(), "again"))
	case n == 10 && w.rnd.IntN(4) == 0:
		w.free(w.Abandon(ctx, a.Token(), "gone"))
	case n == 11 && w.rnd.IntN(8) == 0:
		_, err := w.Cancel(ctx, w.id, runs.Cancel{By: "me", Force: w.rnd.IntN(2) == 0})
		w.free(err)
	default:
		w.must("advance", w.Advance(ctx, w.id))
	}
}

// free passes refusals that are answers.
func (w *walk) free(err error) {
	w.t.Helper()
	if err != nil && !errors.Is(err, engine.ErrStale) && !errors.Is(err, runs.ErrFinished) {
		w.t.Fatal(err)
	}
}

func (w *walk) check() {
	w.t.Helper()
	over := w.run(w.id).Status.Terminal()
	for _, j := range w.jobs(w.id) {
		if over && !j.Status.Terminal() {
			w.t.Fatalf("the run is over and a job is not: %s", w.states(w.id))
		}
	}
}

// finish lets every job succeed that is still wanted.
func (w *walk) finish() {
	w.t.Helper()
	for range 200 {
		if w.run(w.id).Status.Terminal() {
			return
		}
		w.pass(time.Second)
		w.claimSome()
		for _, a := range w.open {
			w.apply(started(a), finished(a, jobspec.Success, func(r *jobspec.Result) { r.Prepared = &jobspec.Prepared{} }))
		}
		w.open = nil
	}
	w.t.Fatalf("the run never ends: %s", w.states(w.id))
}

// history reads what was announced.
func (w *walk) history() {
	w.t.Helper()
	ends := map[engine.JobID]int{}
	var events []engine.Event
	w.must("view", w.store.View(context.Background(), func(tx store.Tx) (err error) {
		events, err = tx.Events().After(context.Background(), w.id, 0, 10_000)
		return err
	}))
	for i, e := range events {
		switch e.Kind {
		case runs.KindJobFinished:
			ends[e.Job]++
		case runs.KindRunFinished:
			if i != len(events)-1 {
				w.t.Errorf("%s was announced after the end of the run", events[i+1].Kind)
			}
		}
	}
	if len(events) == 0 || events[len(events)-1].Kind != runs.KindRunFinished {
		w.t.Error("the end of the run was not announced")
	}
	for _, j := range w.jobs(w.id) {
		if ends[j.ID] != 1 {
			w.t.Errorf("%s ended %d times", j.Name, ends[j.ID])
		}
		var spec jobspec.Spec
		if err := json.Unmarshal(j.Spec, &spec); err != nil || spec.Name != j.Name {
			w.t.Errorf("%s: %v", j.Name, err)
		}
	}
}
