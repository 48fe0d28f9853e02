package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	provide "github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Once runs what one event starts, through both tiers, and what the workflows'
// own events start. A *local.UsageError is the caller's mistake and a
// *CommitError a commit that nothing can be run of; any other error is a machine
// that does not work. What concerns the workflows is in the Result.
func Once(ctx context.Context, o Options, observe local.Observer) (result *local.Result, err error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	if _, err := event.ParseArg(o.Event); err != nil {
		return nil, &local.UsageError{Message: err.Error()}
	}
	if observe == nil {
		observe = func(local.Event) {}
	}
	began := o.Now()
	repo, err := open(ctx, o.Dir, o.Environ)
	if err != nil {
		return nil, err
	}
	keep, release, err := packages(repo, o.Environ)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	t, err := start(ctx, &o, repo, folders{agent: keep})
	if err != nil {
		return nil, err
	}
	one := &once{o: &o, repo: repo, tiers: t, observe: observe, result: &local.Result{Class: local.ClassSuccess}}
	err = t.stop(one.run(ctx))
	one.result.Duration = o.Now().Sub(began)
	if err != nil {
		return nil, err
	}
	return one.result, nil
}

// once is one call of Once.
type once struct {
	*tiers
	o       *Options
	repo    *repository
	observe local.Observer
	result  *local.Result
}

func (n *once) run(ctx context.Context) error {
	dirty := make(chan string, 1)
	go func() { dirty <- n.leftOut(ctx) }()
	receipt, err := n.submit(ctx, wanted(n.o), "")
	if text := <-dirty; text != "" {
		n.observe(local.Notice{Text: text})
	}
	if err != nil {
		return refused(err, n.o)
	}
	id := receipt.ID
	defer n.cancelling(ctx)()
	first, err := n.rooms.Started(n.ctx, id)
	if err != nil {
		return err
	}
	d, _, err := n.rooms.Delivery(n.ctx, id)
	if err != nil {
		return err
	}
	if err := n.decided(d); err != nil {
		return err
	}
	inLockOrder(first, n.result.Decisions)
	if err := n.all(first); err != nil {
		return err
	}
	n.classify(ctx)
	return nil
}

// leftOut says that the tree has changes, which nothing here sees.
func (n *once) leftOut(ctx context.Context) string {
	count, err := n.repo.uncommitted(ctx)
	if err != nil || count == 0 { // a notice is not worth failing for
		return ""
	}
	what := "1 uncommitted change is"
	if count > 1 {
		what = fmt.Sprintf("%d uncommitted changes are", count)
	}
	return what + " left out: commits are what runs here ('kici run local' takes the working tree)"
}

// wanted is the delivery to make. The branch of a pull request is the one it is
// to be merged into, as everywhere on the command line.
func wanted(o *Options) provide.Trigger {
	t := provide.Trigger{Event: o.Event, Ref: o.Branch, SHA: o.SHA, Payload: o.Payload}
	if arg, err := event.ParseArg(o.Event); err == nil && arg.Type == event.PullRequest {
		t.Ref, t.Target = "", o.Branch
	}
	return t
}

// refused turns answers about the repository into advice.
func refused(err error, o *Options) error {
	switch {
	case errors.Is(err, provider.ErrNoCommit) && o.Branch == "" && o.SHA == "":
		return &CommitError{Reason: "the repository has no commit yet", Hint: "commit something: commits are what kici dev runs"}
	case errors.Is(err, provider.ErrNoCommit):
		return &local.UsageError{Message: err.Error(), Hint: "'git branch' and 'git tag' list what there is"}
	case errors.Is(err, provider.ErrMalformed):
		return &local.UsageError{Message: err.Error()}
	}
	return err
}

// CommitError is a commit without a lock file that can be used.
type CommitError struct{ Reason, Hint string }

func (e *CommitError) Error() string { return e.Reason }

// decided tells how the event was matched.
func (n *once) decided(d *engine.Delivery) error {
	decisions, err := verdict(d, n.repo.lock())
	if err != nil {
		return err
	}
	n.result.Decisions = decisions
	n.observe(local.Decided{Decisions: decisions})
	return nil
}

// verdict is what intake made of a delivery: its decisions, or why there are
// none. lock is where its commit should have the lock file.
func verdict(d *engine.Delivery, lock string) ([]trigger.Decision, error) {
	at := d.Ref.SHA
	if len(at) > 7 {
		at = at[:7]
	}
	hint := "run 'kici compile' and commit " + lock
	switch d.Status {
	case status.EventLockfileMissing:
		return nil, &CommitError{Reason: fmt.Sprintf("commit %s has no %s", at, lock), Hint: hint}
	case status.EventFailed:
		return nil, &CommitError{Reason: d.Error}
	}
	var traces []intake.Trace
	if len(d.Trace) > 0 {
		if err := json.Unmarshal(d.Trace, &traces); err != nil {
			return nil, fmt.Errorf("dev: stored trace: %w", err)
		}
	}
	var out []trigger.Decision
	for _, t := range traces {
		out = append(out, t.Decisions...)
	}
	return out, nil
}

// inLockOrder sorts the runs of a delivery, which are all of one moment, as their
// workflows stand in the lock file.
func inLockOrder(all []engine.Run, decisions []trigger.Decision) {
	place := func(r engine.Run) int {
		return slices.IndexFunc(decisions, func(d trigger.Decision) bool { return d.WorkflowName == r.Workflow })
	}
	slices.SortStableFunc(all, func(a, b engine.Run) int { return place(a) - place(b) })
}

// all tells the runs one after the other, as a local run does its workflows,
// and then those that their own events have started.
func (n *once) all(found []engine.Run) error {
	told := map[engine.RunID]bool{}
	for len(found) > 0 {
		for i := range found {
			told[found[i].ID] = true
			w, err := follow(n.ctx, n.rooms, found[i].ID, n.observe)
			if err != nil {
				return err
			}
			n.result.Workflows = append(n.result.Workflows, w)
		}
		more, err := n.untold(told)
		if err != nil {
			return err
		}
		found = more
	}
	return nil
}

// untold are runs that nobody has heard of yet. It waits for deliveries that are
// being worked through: events of the runs that have just ended.
func (n *once) untold(told map[engine.RunID]bool) ([]engine.Run, error) {
	l := n.rooms.Store.Listen(store.TopicDeliveries)
	defer l.Close()
	for {
		var recent []engine.Run
		var open []engine.Delivery
		err := n.rooms.Store.View(n.ctx, func(tx store.Tx) (err error) {
			if open, err = tx.Deliveries().Open(n.ctx, 1); err != nil {
				return err
			}
			recent, err = tx.Runs().Recent(n.ctx, n.o.Now().AddDate(1, 0, 0), page)
			return err
		})
		if err != nil {
			return nil, err
		}
		recent = slices.DeleteFunc(recent, func(r engine.Run) bool { return told[r.ID] })
		if len(open) == 0 || len(recent) > 0 {
			slices.Reverse(recent)
			return recent, nil
		}
		if _, err := l.Wait(n.ctx); err != nil {
			return nil, err
		}
	}
}

// cancelling ends the runs when ctx ends, softly, and by force when Force is
// closed. It returns how to end watching for that.
func (n *once) cancelling(ctx context.Context) (stop func()) {
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for _, step := range []struct {
			signal <-chan struct{}
			force  bool
		}{{ctx.Done(), false}, {n.o.Force, true}} {
			select {
			case <-done:
				return
			case <-step.signal:
				if _, err := n.cancelAll(context.Cause(ctx), step.force); err != nil {
					n.cancel() // what cannot be cancelled is ended
				}
			}
		}
	}()
	return func() {
		close(done)
		<-over
	}
}

// cancelAll cancels what is not over, and says whether there was something.
func (t *tiers) cancelAll(cause error, force bool) (busy bool, err error) {
	var open []engine.Run
	err = t.rooms.Store.View(t.ctx, func(tx store.Tx) (err error) {
		open, err = tx.Runs().Unfinished(t.ctx, "", page)
		return err
	})
	for i := range open {
		_, cancelErr := t.rooms.Runs.Cancel(t.ctx, open[i].ID, runs.Cancel{By: "the author", Reason: cause.Error(), Force: force})
		if !errors.Is(cancelErr, runs.ErrFinished) {
			err = errors.Join(err, cancelErr)
		}
	}
	return len(open) > 0, err
}

// classify says how all of it ended.
func (n *once) classify(ctx context.Context) {
	switch {
	case ctx.Err() != nil:
		n.result.Class = local.ClassInterrupted
	case slices.ContainsFunc(n.result.Workflows, func(w local.WorkflowResult) bool {
		return w.Status == executor.Failed || w.Status == executor.Cancelled
	}):
		n.result.Class = local.ClassFailed
	}
}
