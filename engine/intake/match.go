package intake

import (
	"context"
	"errors"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// matched is what an event meant for one lock file.
type matched struct {
	event     *provider.Event
	lock      *compiled
	ref       engine.Ref
	source    engine.SourceID
	kind, key string // provider and routing key
	decisions []trigger.Decision
	corrupt   *corruptError
	register  bool                // the lock file speaks for its repository from now on
	forget    bool                // the default branch has none any more
	groups    map[string]grouping // of matched workflows, by name
}

// match decides about one event.
func (i *Intake) match(ctx context.Context, t *task, ev *provider.Event) ([]matched, error) {
	if t.source == nil || ev.Ref == (engine.Ref{}) && !hasRepository(t) {
		return i.matchRegistered(ctx, t, ev)
	}
	if r, ok := t.p.(provider.Resolver); ok && ev.Ref.SHA == "" {
		ref, err := r.Resolve(ctx, t.source, ev.Ref)
		if err != nil {
			return nil, err
		}
		ev.Ref = ref
	}
	m := matched{event: ev, ref: ev.Ref, source: t.source.ID, kind: t.source.Kind, key: t.source.RoutingKey, register: ofDefaultBranch(ev)}
	var err error
	m.lock, err = i.lock(ctx, t, ev.Ref)
	switch {
	case errors.As(err, &m.corrupt):
		return []matched{m}, nil
	case errors.Is(err, provider.ErrNoLockfile) && m.register:
		m.forget = true
		return []matched{m}, nil
	case err != nil:
		return nil, err
	}
	if err := i.changed(ctx, t, ev, m.lock); err != nil {
		return nil, err
	}
	m.decisions = m.lock.matcher.Match(&ev.Event)
	direct(m.decisions, t.only)
	return []matched{m}, nil
}

// hasRepository tells sources with code from plain webhooks.
func hasRepository(t *task) bool {
	_, ok := t.p.(provider.Cloner)
	return ok
}

// direct makes one workflow match whatever its triggers say, and no other.
func direct(decisions []trigger.Decision, only string) {
	if only == "" {
		return
	}
	for k := range decisions {
		d := &decisions[k]
		if d.Matched = d.WorkflowName == only; d.Matched {
			d.Summary = "asked for by name"
		}
	}
}

// changed asks for changed files when somebody will look at them. That costs a
// fetch, and most lock files do not care.
func (i *Intake) changed(ctx context.Context, t *task, ev *provider.Event, c *compiled) error {
	p, ok := t.p.(provider.ChangedFiler)
	if !ok || len(ev.ChangedFiles) > 0 || ev.Ref.SHA == "" {
		return nil
	}
	wanted := c.matcher.NeedsChangedFiles()
	if !wanted {
		for _, d := range trigger.Matched(c.matcher.Match(&ev.Event)) {
			wanted = wanted || jobspec.ReadsChangedFiles(d.Workflow)
		}
	}
	if !wanted {
		return nil
	}
	files, err := p.ChangedFiles(ctx, t.source, ev)
	ev.ChangedFiles = files
	return err
}

// ofDefaultBranch tells pushes whose lock file speaks for the repository.
func ofDefaultBranch(ev *provider.Event) bool {
	if ev.Type != event.Push || ev.Deleted {
		return false
	}
	branch, isBranch := strings.CutPrefix(ev.Ref.Name, "refs/heads/")
	if !isBranch {
		return false
	}
	if ev.DefaultBranch == "" {
		return branch == "main" || branch == "master"
	}
	return branch == ev.DefaultBranch
}

// matchRegistered decides about an event that comes from no commit.
func (i *Intake) matchRegistered(ctx context.Context, t *task, ev *provider.Event) ([]matched, error) {
	ls, err := i.Registry.Listeners(ctx)
	if err != nil {
		return nil, err
	}
	var out []matched
	for _, l := range ls {
		if !t.among.covers(&l.Registration) || t.schedule != nil && (t.schedule.Source != l.Source || t.schedule.Repo != l.Ref.Repo) {
			continue
		}
		if t.only == "" && !concerned(l, &ev.Event) {
			continue
		}
		m, err := i.registered(ctx, l, ev)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		m.decisions = onlyInternal(m.lock.matcher.Weigh(&ev.Event, vetoes(t, l)...), ev)
		direct(m.decisions, t.only)
		out = append(out, *m)
	}
	return out, nil
}

// concerned tells whether somebody in a registration listens to this at all.
func concerned(l *registry.Listener, ev *event.Event) bool {
	for _, t := range l.Triggers() {
		if trigger.Concerns(t, ev) {
			return true
		}
	}
	return false
}

// vetoes are what besides the event decides about registered triggers.
func vetoes(t *task, l *registry.Listener) []trigger.Veto {
	switch {
	case t.schedule != nil:
		return []trigger.Veto{t.schedule.veto}
	case t.inside || t.source == nil:
		return nil
	}
	return []trigger.Veto{withoutWebhook, addressed(t), proven(t, l)}
}

// registered reads the whole of a registration; nil when there is none any more
// that can be read.
func (i *Intake) registered(ctx context.Context, l *registry.Listener, ev *provider.Event) (*matched, error) {
	r, err := i.Registry.Lock(ctx, l)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := i.locks.get(r.Lock)
	if err != nil {
		i.log.Warn("a registered lock file cannot be read", "repo", r.Ref.Repo, "err", err)
		return nil, nil
	}
	return &matched{event: ev, lock: c, ref: r.Ref, source: r.Source, kind: r.Provider, key: r.RoutingKey}, nil
}

// onlyInternal keeps an event without a commit from starting workflows by
// triggers about commits: nobody could say which.
func onlyInternal(decisions []trigger.Decision, ev *provider.Event) []trigger.Decision {
	switch ev.Type {
	case event.Push, event.PullRequest, event.Tag:
		for k := range decisions {
			decisions[k].Matched = false
		}
	}
	return decisions
}

// broken lists triggers that cannot be used, for the log.
func broken(c *compiled) string {
	if err := c.matcher.Err(); err != nil {
		return err.Error()
	}
	return ""
}
