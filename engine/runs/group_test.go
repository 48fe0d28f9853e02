package runs_test

import (
	"context"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// grouped has one job of that name.
func grouped(name string, cancel bool, limit float64) lockfile.Workflow {
	w := workflow(job(name))
	w.Concurrency = &lockfile.Concurrency{HasGroup: true, CancelInProgress: &cancel, Max: &limit}
	return w
}

func (b *bench) enter(w lockfile.Workflow) engine.RunID {
	b.t.Helper()
	id := b.create(w)
	b.do("__init__ci", jobspec.Success, answer(jobspec.Prepared{Group: "deploy"}))
	return id
}

func TestGroupWaitsInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.enter(grouped("a", false, 1))
	two := b.enter(grouped("b", false, 1))
	b.pass(time.Second)
	three := b.enter(grouped("c", false, 1))
	b.want(one, "__init__ci=success a=queued run=running")
	b.want(two, "__init__ci=success b=pending run=running")
	// One that gives up its place frees no turn.
	_, err := b.Cancel(context.Background(), two, runs.Cancel{By: "me"})
	b.must("cancel", err)
	b.want(two, "__init__ci=success b=cancelled run=cancelled")
	b.want(three, "__init__ci=success c=pending run=running")
	b.do("a", jobspec.Success)
	b.want(three, "__init__ci=success c=queued run=running")
	b.do("c", jobspec.Success)
	b.want(three, "__init__ci=success c=success run=success")
}

func TestGroupSupersedes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.enter(grouped("a", true, 1))
	a := b.take("a")
	b.apply(started(a))
	two := b.enter(grouped("b", true, 1))
	b.want(one, "__init__ci=success a=cancelling run=cancelling")
	b.want(two, "__init__ci=success b=queued run=running")
	b.apply(finished(a, jobspec.Cancelled))
	if r := b.run(one); r.Reason != "Superseded by run in concurrency group 'deploy'" {
		t.Errorf("reason %q", r.Reason)
	}
	b.do("b", jobspec.Success)
	b.want(two, "__init__ci=success b=success run=success")
}

func TestGroupTakesSeveral(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := []engine.RunID{b.enter(grouped("a", false, 2)), b.enter(grouped("b", false, 2)), b.enter(grouped("c", false, 2))}
	if got := len(b.claim()); got != 2 {
		t.Errorf("%d jobs are offered", got)
	}
	b.want(ids[2], "__init__ci=success c=pending run=running")
	b.pass(time.Hour)
	_, err := b.Tick(context.Background(), b.clock())
	b.must("tick", err)
	b.want(ids[2], "__init__ci=success c=cancelled run=cancelled")
}
