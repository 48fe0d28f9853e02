package runs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
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

// taking has jobs that take turns, across workflows of a repository.
func taking(name, group string, jobs ...string) lockfile.Workflow {
	w := lockfile.Workflow{Name: name, Source: lockfile.Source{File: name + ".ts", Export: "#default"}}
	for _, j := range jobs {
		made := job(j)
		made.Static.ConcurrencyGroup = &lockfile.Text{Literal: group}
		w.Jobs = append(w.Jobs, made)
	}
	return w
}

func TestJobsTakeTurns(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create(taking("one", "prod", "a", "b"))
	b.pass(time.Second)
	two := b.create(taking("two", "prod", "c", "d"))
	other := b.create(taking("other", "test", "e"))
	b.want(one, "a=queued b=pending run=pending")
	b.want(two, "c=pending d=pending run=pending")
	b.want(other, "e=queued run=pending")
	b.do("a", jobspec.Failed) // the others of the group do not need it
	b.want(one, "a=failed b=queued run=running")
	_, err := b.Cancel(context.Background(), two, runs.Cancel{By: "me", Force: true})
	b.must("cancel", err)
	three := b.create(taking("three", "prod", "f"))
	b.want(three, "f=pending run=pending")
	running := b.take("b")
	b.apply(started(running))
	b.must("lost", b.Lost(context.Background(), running.Token(), "silent")) // it keeps its turn
	b.want(three, "f=pending run=pending")
	b.pass(time.Second)
	b.do("b", jobspec.Success)
	b.want(one, "a=failed b=success run=failed")
	b.want(three, "f=queued run=pending")
	b.do("f", jobspec.Success)
	b.want(three, "f=success run=success")
}

// One job leaves its group while another comes to it, in two transactions that do
// not see each other: one of them has to see that the second may start.
func TestTurnIsNotLost(t *testing.T) {
	t.Parallel()
	b := setupOnPostgres(t)
	for i := range 12 {
		group := fmt.Sprint("prod", i)
		b.create(taking("one", group, "a"))
		w := workflow(job("first"), job("b", "first"))
		w.Jobs[1].Static.ConcurrencyGroup = &lockfile.Text{Literal: group}
		two := b.create(w)
		a, first := b.take("a"), b.take("first")
		b.apply(started(a), started(first))
		var g errgroup.Group
		for _, r := range []runs.Report{finished(a, jobspec.Success), finished(first, jobspec.Success)} {
			g.Go(func() error {
				return b.store.Tx(context.Background(), func(tx store.Tx) error {
					_, err := b.ApplyTx(context.Background(), tx, "agent", []runs.Report{r})
					return err
				})
			})
		}
		b.must("report", g.Wait())
		b.want(two, "first=success b=queued run=running")
		b.do("b", jobspec.Success)
	}
}

func TestTurnPassesOnCancel(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create(taking("one", "prod", "a"))
	b.pass(time.Second)
	two := b.create(taking("two", "prod", "b"))
	_, err := b.Cancel(context.Background(), one, runs.Cancel{By: "me"})
	b.must("cancel", err)
	b.want(one, "a=cancelled run=cancelled")
	b.want(two, "b=queued run=pending")
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
