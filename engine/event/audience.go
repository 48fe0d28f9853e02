package event

import (
	"slices"

	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// audience says who hears which events: a question that is asked for every run
// and job, and almost always answered with nobody. It may say yes too often, and
// never no: what matches is decided by intake.
type audience map[string]map[string][]*lockfile.Trigger // routing key → event → triggers

func audienceOf(ls []*registry.Listener) audience {
	a := audience{}
	for _, l := range ls {
		for _, t := range l.Triggers() {
			for _, kind := range kinds(t) {
				of := a[l.RoutingKey]
				if of == nil {
					of = map[string][]*lockfile.Trigger{}
					a[l.RoutingKey] = of
				}
				of[kind] = append(of[kind], t)
			}
		}
	}
	return a
}

// kinds are the events of this room that a trigger listens to.
func kinds(t *lockfile.Trigger) (out []string) {
	switch t.Type {
	case lockfile.TriggerWorkflowComplete:
		return []string{event.WorkflowComplete}
	case lockfile.TriggerJobComplete:
		return []string{event.JobComplete}
	case lockfile.TriggerKiciEvent:
		if t.EventName == intake.KindRegistered {
			return []string{intake.KindRegistered}
		}
	case lockfile.TriggerLifecycle:
		for name, kind := range map[string]string{
			event.LifecycleWorkflowComplete: event.WorkflowComplete, event.LifecycleJobComplete: event.JobComplete,
			event.LifecycleJobFailed: event.JobComplete, event.LifecycleRegistrationUpdated: intake.KindRegistered,
		} {
			if slices.Contains(t.Events, name) && !slices.Contains(out, kind) {
				out = append(out, kind)
			}
		}
	}
	return out
}

// any tells whether an event is heard anywhere.
func (a audience) any(kind string) bool {
	for _, of := range a {
		if len(of[kind]) > 0 {
			return true
		}
	}
	return false
}

// hears tells whether somebody listens to that workflow or job; an empty job is
// any.
func (a audience) hears(routingKey, kind, workflow, job string) bool {
	return slices.ContainsFunc(a[routingKey][kind], func(t *lockfile.Trigger) bool {
		return (t.Name == "" || t.Type != lockfile.TriggerWorkflowComplete || t.Name == workflow) &&
			(t.Type != lockfile.TriggerJobComplete || (t.Workflow == "" || t.Workflow == workflow) && (job == "" || t.Job == "" || t.Job == job))
	})
}
