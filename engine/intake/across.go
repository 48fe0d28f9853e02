package intake

import (
	"context"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// across decides about webhook() triggers of other sources: they hear every
// webhook by the name its sender gives it. What runs is the code of the
// registration, with its credentials; the delivery gives the payload only.
//
// A registration of the very repository that the body names sees the event as its
// own provider reads it, with an action; all others see the raw name and the body.
// Changed files are never known here.
func (i *Intake) across(ctx context.Context, t *task, events []provider.Event) ([]matched, error) {
	if t.inside || t.source == nil || len(events) == 0 {
		return nil, nil
	}
	ls, err := i.Registry.Listeners(ctx)
	if err != nil {
		return nil, err
	}
	ls = slices.DeleteFunc(slices.Clone(ls), func(l *registry.Listener) bool {
		return len(l.Workflows) == 0 || l.Source == t.source.ID || l.RoutingKey == t.source.RoutingKey
	})
	if len(ls) == 0 { // then the body need not be looked at
		return nil, nil
	}
	raw, named := rawEvent(&events[0]), namedRepos(&events[0])
	var out []matched
	for _, l := range ls {
		var as []provider.Event
		if slices.Contains(named, l.Ref.Repo) && hasWebhook(l) {
			as = i.asOwn(ctx, t, l)
		}
		if as = append(as, raw); !slices.ContainsFunc(as, func(e provider.Event) bool { return hearsWebhook(l, &e.Event) }) {
			continue
		}
		m, err := i.registered(ctx, l, &raw)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		m.decisions = firstOf(m.lock.matcher, as)
		out = append(out, *m)
	}
	return out, nil
}

// rawEvent is a delivery by the name its sender gives it.
func rawEvent(ev *provider.Event) provider.Event {
	name := ev.RawName
	for _, other := range []string{ev.Name, ev.Type} {
		if name == "" {
			name = other
		}
	}
	return provider.Event{Event: event.Event{Type: name, RawName: name, Payload: ev.Payload, Provider: "generic", SourceRepo: ev.SourceRepo, SenderUsername: ev.SenderUsername}, Name: name}
}

// namedRepos is what forges call the repository of an event.
func namedRepos(ev *provider.Event) (names []string) {
	body := ev.Body()
	for _, path := range [][]string{{"repository", "full_name"}, {"project", "path_with_namespace"}} {
		if name := event.Text(body, path...); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// asOwn reads the delivery with the eyes of another source's provider. One that
// cannot read it is no obstacle: the raw event is still there.
func (i *Intake) asOwn(ctx context.Context, t *task, l *registry.Listener) []provider.Event {
	var s *engine.Source
	if err := i.store.View(ctx, func(tx store.Tx) (err error) {
		s, err = tx.Sources().Find(ctx, string(l.Source))
		return err
	}); err != nil {
		return nil
	}
	p, err := i.provider(s)
	if err != nil {
		return nil
	}
	events, err := p.Normalize(ctx, &provider.Inbound{Source: s, Header: t.header, Body: t.body, Path: t.path})
	if err != nil {
		return nil
	}
	for k := range events {
		events[k].ChangedFiles = nil
	}
	return events
}

// firstOf takes for each workflow the first event that starts it, so that one
// delivery starts it once.
func firstOf(m *trigger.Matcher, events []provider.Event) []trigger.Decision {
	var out []trigger.Decision
	for k := range events {
		ds := m.Weigh(&events[k].Event, onlyWebhook)
		if out == nil {
			out = ds
			continue
		}
		for n := range ds {
			if ds[n].Matched && !out[n].Matched {
				out[n] = ds[n]
			}
		}
	}
	return out
}

func hasWebhook(l *registry.Listener) bool {
	for _, t := range l.Triggers() {
		if t.Type == lockfile.TriggerWebhook {
			return true
		}
	}
	return false
}

func hearsWebhook(l *registry.Listener, ev *event.Event) bool {
	for _, t := range l.Triggers() {
		if t.Type == lockfile.TriggerWebhook && trigger.Concerns(t, ev) {
			return true
		}
	}
	return false
}

// onlyWebhook and withoutWebhook divide triggers by who hears other sources.
func onlyWebhook(_ *lockfile.Workflow, t *lockfile.Trigger) *trigger.Check {
	if t.Type == lockfile.TriggerWebhook {
		return nil
	}
	return &trigger.Check{Check: "source", Pattern: string(t.Type), Reason: "only webhook() hears other sources"}
}

func withoutWebhook(_ *lockfile.Workflow, t *lockfile.Trigger) *trigger.Check {
	if t.Type != lockfile.TriggerWebhook {
		return nil
	}
	return &trigger.Check{Check: "source", Pattern: string(t.Type), Reason: "webhook() hears other sources by the raw name of the event"}
}
