package kicitest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Delivery is an event that a house has taken in, and what it has set going.
// [Delivery.Wait] makes a [Run] of it.
type Delivery struct {
	h     *House
	event event.Event
	id    kici.DeliveryID
	runs  []kici.RunID // of a repetition; otherwise asked for
	at    time.Time
}

// Push commits the files of the options ([File]) to a branch and sends the push.
// The event names what the commit changed, or what [Files] says. Workflows that
// the commit changes are compiled; one that brings its own lock file keeps it.
func (h *House) Push(branch string, options ...Option) *Delivery {
	h.t.Helper()
	return h.send("push", branch, options)
}

// Tag sends the push of a tag on main.
func (h *House) Tag(name string, options ...Option) *Delivery {
	h.t.Helper()
	return h.send("tag", name, options)
}

// PullRequest opens a pull request into a branch. [From] names the other one,
// whose workflows are meant; files of the options are committed there.
func (h *House) PullRequest(base string, options ...Option) *Delivery {
	h.t.Helper()
	return h.send("pr:opened", base, options)
}

// Dispatch starts workflows by hand. The type may be empty.
func (h *House) Dispatch(typ string, inputs any, options ...Option) *Delivery {
	h.t.Helper()
	arg := "dispatch"
	if typ != "" {
		arg += ":" + typ
	}
	if inputs != nil {
		options = append([]Option{Field("client_payload", inputs)}, options...)
	}
	return h.send(arg, "", options)
}

// Custom delivers an event as ctx.emit sends it.
func (h *House) Custom(name string, payload any, options ...Option) *Delivery {
	h.t.Helper()
	return h.send("kici_event:"+name, "", append([]Option{Field("payload", payload)}, options...))
}

// Event sends any event by the words of `kici run local`: "pr:closed",
// "schedule:0 3 * * *", "generic_webhook:stripe".
func (h *House) Event(arg string, options ...Option) *Delivery {
	h.t.Helper()
	return h.send(arg, "", options)
}

// send makes the event and submits it.
func (h *House) send(text, branch string, options []Option) *Delivery {
	h.t.Helper()
	h.running.mu.Lock()
	base := h.running.settings.clone()
	h.running.mu.Unlock()
	base.files = nil
	s := base.with(options)
	if err := s.fitEvent(base); err != nil {
		h.t.Fatalf("kicitest: %v", err)
	}
	// Scripts of an event stay: a house has no end of an event.
	for _, script := range s.scripts[len(base.scripts):] {
		h.running.add(script)
	}
	for _, reply := range s.replies[len(base.replies):] {
		h.running.add(reply)
	}
	d, err := h.submit(s, text, branch)
	if err != nil {
		h.t.Fatalf("kicitest: %v", err)
	}
	return d
}

func (h *House) submit(s *settings, text, branch string) (d *Delivery, err error) {
	from := branch
	if text != "push" {
		from = defaultBranch
	}
	for _, f := range s.fields {
		if head, ok := f.value.(string); ok && f.path == "pull_request.head.ref" {
			from = head
		}
	}
	files, err := places(s.files)
	if err != nil {
		return nil, err
	}
	var c *commit
	if h.outside(func() { c, err = h.at(from, files, text == "push") }); err != nil {
		return nil, err
	}
	if s.simulation.Files == nil && text == "push" {
		s.simulation.Files = c.changed
	}
	s.simulation.SHA = c.sha
	e, err := s.event(text, branch)
	if err != nil {
		return nil, err
	}
	d = &Delivery{h: h, event: e, at: time.Now()}
	ref := engine.Ref{Repo: h.repo.name, Name: "refs/heads/" + from, SHA: c.sha}
	if text == "tag" {
		ref.Name = "refs/tags/" + branch
	}
	d.id, err = h.orch.Submit(h.ctx, repositoryName, kici.Event{Event: e, Ref: ref, DefaultBranch: defaultBranch})
	return d, err
}

// at is the commit that an event is about.
func (h *House) at(branch string, files map[string]string, push bool) (*commit, error) {
	if len(files) > 0 || push {
		return h.repo.commit(branch, files)
	}
	_, c := h.repo.tip(branch)
	return c, nil
}

// wait is a context for one call of the test's.
func (h *House) wait() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(h.ctx, h.limit, fmt.Errorf("it has not come within %v", h.limit))
}

// ids are the runs, once the event has been worked through.
func (d *Delivery) ids(ctx context.Context) ([]kici.RunID, error) {
	if d.id == "" {
		return d.runs, nil
	}
	runs, err := d.h.orch.Runs(ctx, d.id)
	if err != nil {
		return nil, err
	}
	var out []kici.RunID
	for i := range runs {
		out = append(out, runs[i].ID)
	}
	return out, nil
}

// Runs are the runs that the event has started, in the order of the lock file;
// none when no workflow listens.
func (d *Delivery) Runs() []kici.RunID {
	d.h.t.Helper()
	ctx, stop := d.h.wait()
	defer stop()
	ids, err := d.ids(ctx)
	if err != nil {
		d.h.t.Fatalf("kicitest: the event was not worked through: %v", err)
	}
	return ids
}

// Wait returns when everything that the event started is over, hooks included.
// By the clock on the wall it waits a minute at most, in virtual time six hours;
// then it ends the test with what the jobs are doing.
func (d *Delivery) Wait() *Run {
	d.h.t.Helper()
	ids := d.Runs()
	ctx, stop := d.h.wait()
	defer stop()
	for _, id := range ids {
		if _, err := d.h.orch.Wait(ctx, id); err != nil {
			d.h.t.Fatalf("kicitest: the run is not over: %v\n%s", cause(ctx, err), d.state(ids))
		}
	}
	r, err := d.run(ctx, ids)
	if err != nil {
		d.h.t.Fatalf("kicitest: what became of the event: %v", err)
	}
	d.h.complain()
	return r
}

func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// state tells where jobs stand.
func (d *Delivery) state(ids []kici.RunID) string {
	var b strings.Builder
	for _, id := range ids {
		run, jobs, err := d.h.orch.Lookup(d.h.ctx, id)
		if err != nil {
			fmt.Fprintf(&b, "  %s: %v\n", id, err)
			continue
		}
		fmt.Fprintf(&b, "  %s: %s %s\n", run.Workflow, run.Status, run.Reason)
		for i := range jobs {
			fmt.Fprintf(&b, "    %s: %s %s\n", jobs[i].Name, jobs[i].Status, jobs[i].Reason)
			if jobs[i].Status == "queued" {
				fmt.Fprintf(&b, "      the agents are %v\n", slices.Sorted(plans(d.h.agents)))
			}
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func plans(agents map[string]*Agent) func(func(string) bool) {
	return func(yield func(string) bool) {
		for a := range maps.Values(agents) {
			if !yield(a.plan.String()) {
				return
			}
		}
	}
}

var errMissed = errors.New("kicitest: missed")

// Until waits for a job to be in a status, one on the way ([Running]) or at the
// end. A job that ends otherwise ends the test.
func (d *Delivery) Until(job string, want Status) *Delivery {
	d.h.t.Helper()
	ids := d.Runs()
	ctx, stop := d.h.wait()
	defer stop()
	for _, id := range ids {
		for _, err := range d.h.orch.Watch(ctx, id) {
			if err == nil {
				err = d.look(ctx, id, job, want)
			}
			if errors.Is(err, errFound) {
				d.h.settle()
				return d
			}
			if err != nil {
				d.h.t.Fatalf("kicitest: job %s is not %q: %v\n%s", job, want, cause(ctx, err), d.state(ids))
			}
		}
	}
	d.h.t.Fatalf("kicitest: there is no job %q\n%s", job, d.state(ids))
	return d
}

var errFound = errors.New("kicitest: found")

func (d *Delivery) look(ctx context.Context, id kici.RunID, job string, want Status) error {
	_, jobs, err := d.h.orch.Lookup(ctx, id)
	if err != nil {
		return err
	}
	for i := range jobs {
		j := &jobs[i]
		if name(j) != job && j.Base != job {
			continue
		}
		if Status(j.Status) == want {
			return errFound
		}
		if j.Status.Terminal() {
			return fmt.Errorf("%w: it is %q (%s)", errMissed, j.Status, j.Reason)
		}
	}
	return nil
}

// UntilCommand waits for a command of the event's jobs to have begun; its text
// is what the author wrote. In virtual time the orchestrator knows by then that
// the step has begun.
func (d *Delivery) UntilCommand(text string) *Delivery {
	d.h.t.Helper()
	ids := d.Runs()
	ctx, stop := d.h.wait()
	defer stop()
	ctx, over := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer over(nil)
	watch.Go(func() {
		for _, id := range ids {
			if _, err := d.h.orch.Wait(ctx, id); err != nil {
				return
			}
		}
		over(errors.New("everything is over"))
	})
	if err := d.h.untilCommand(ctx, text, func(run string) bool { return slices.Contains(ids, kici.RunID(run)) }); err != nil {
		d.h.t.Fatalf("kicitest: %v\n%s", err, d.state(ids))
	}
	return d
}

// UntilCommand waits for a command of any job to have begun, say one that an
// event of another workflow starts.
func (h *House) UntilCommand(text string) *House {
	h.t.Helper()
	ctx, stop := h.wait()
	defer stop()
	if err := h.untilCommand(ctx, text, func(string) bool { return true }); err != nil {
		h.t.Fatalf("kicitest: %v", err)
	}
	return h
}

func (h *House) untilCommand(ctx context.Context, text string, mine func(run string) bool) error {
	r := h.running
	for {
		r.mu.Lock()
		changed, found := r.changed, false
		for _, c := range r.calls {
			found = found || c.Text == text && mine(r.owners[c])
		}
		r.mu.Unlock()
		switch {
		case found:
			h.settle()
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("the command %q has not begun: %w", text, context.Cause(ctx))
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// Cancel asks for the end of everything that the event started: jobs run their
// hooks.
func (d *Delivery) Cancel(reason string) *Delivery {
	d.h.t.Helper()
	return d.cancel(kici.CancelRequest{By: "test", Reason: reason})
}

// CancelNow ends everything that the event started at once, without hooks.
func (d *Delivery) CancelNow(reason string) *Delivery {
	d.h.t.Helper()
	return d.cancel(kici.CancelRequest{By: "test", Reason: reason, Force: true})
}

func (d *Delivery) cancel(c kici.CancelRequest) *Delivery {
	d.h.t.Helper()
	for _, id := range d.Runs() {
		if _, err := d.h.orch.Cancel(d.h.ctx, id, c); err != nil && !errors.Is(err, kici.ErrFinished) {
			d.h.t.Fatalf("kicitest: cancel: %v", err)
		}
	}
	return d
}

// Rerun runs what the event started once more, all of it, at its own commit. It
// waits for the end first.
func (d *Delivery) Rerun() *Delivery {
	d.h.t.Helper()
	return d.again(kici.RepeatRequest{By: "test"})
}

// RerunFailed is Rerun without the jobs that succeeded.
func (d *Delivery) RerunFailed() *Delivery {
	d.h.t.Helper()
	return d.again(kici.RepeatRequest{By: "test", FailedOnly: true})
}

func (d *Delivery) again(q kici.RepeatRequest) *Delivery {
	d.h.t.Helper()
	d.Wait()
	next := &Delivery{h: d.h, event: d.event, at: time.Now()}
	for _, id := range d.Runs() {
		made, err := d.h.orch.Repeat(d.h.ctx, id, q)
		if err != nil {
			d.h.t.Fatalf("kicitest: run again: %v", err)
		}
		next.runs = append(next.runs, made)
	}
	return next
}
