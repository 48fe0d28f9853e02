package intake

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Trace is what the log keeps of a decision: why each workflow of a repository
// was started or not.
type Trace struct {
	Repo      string             `json:"repo,omitempty"`
	SHA       string             `json:"sha,omitempty"`
	Decisions []trigger.Decision `json:"decisions,omitempty"`
	Problem   string             `json:"problem,omitempty"`
}

// maxTrace bounds what is kept of decisions: a lock file may hold thousands.
const maxTrace = 1 << 20

// start creates the runs and marks the delivery, in one transaction.
func (i *Intake) start(ctx context.Context, t *task, events []provider.Event, all []matched) error {
	d := *t.d
	describe(&d, events)
	d.Status, d.ProcessedAt = status.EventProcessed, i.Now()
	var traces []Trace
	for k := range all {
		m := &all[k]
		tr := Trace{Repo: m.ref.Repo, SHA: m.ref.SHA, Decisions: m.decisions}
		switch {
		case m.corrupt != nil:
			d.Status, d.Error, tr.Problem = status.EventLockfileCorrupt, m.corrupt.Error(), m.corrupt.Error()
		case m.forget:
			d.Status, d.Error = status.EventLockfileMissing, provider.ErrNoLockfile.Error()
		default:
			tr.Problem = broken(m.lock)
			d.Matched += len(trigger.Matched(m.decisions))
		}
		traces = append(traces, tr)
	}
	if len(all) == 0 && len(events) > 0 {
		traces = append(traces, Trace{Problem: "no registered workflow listens to " + events[0].Type})
	}
	d.Trace = encodeTrace(traces)
	err := i.store.Tx(ctx, func(tx store.Tx) error {
		tx.Notify(store.TopicDeliveries)
		if err := tx.Deliveries().Save(ctx, &d, status.EventReceived); err != nil {
			return err
		}
		for k := range all {
			if err := i.create(ctx, tx, t, &d, &all[k]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		i.log.Info("delivery decided", "delivery", d.ID, "routingKey", d.RoutingKey, "event", d.Event, "repo", d.Ref.Repo, "status", d.Status, "matched", d.Matched)
	}
	return err
}

// describe fills in what normalising found out.
func describe(d *engine.Delivery, events []provider.Event) {
	if len(events) == 0 {
		return
	}
	ev := &events[0]
	d.Event, d.Action, d.Ref = ev.Type, ev.Action, ev.Ref
}

func encodeTrace(traces []Trace) []byte {
	b, err := json.Marshal(traces)
	if err == nil && len(b) <= maxTrace {
		return b
	}
	for k := range traces { // the winners are what is asked about most
		traces[k].Decisions = slices.DeleteFunc(traces[k].Decisions, func(d trigger.Decision) bool { return !d.Matched })
	}
	if b, err = json.Marshal(traces); err != nil || len(b) > maxTrace {
		return []byte(`[{"problem":"the trace is too large to be kept"}]`)
	}
	return b
}

// create makes the runs of one lock file, and registers it.
func (i *Intake) create(ctx context.Context, tx store.Tx, t *task, d *engine.Delivery, m *matched) error {
	q := runs.Request{
		Delivery: d.ID, Source: m.source, Provider: m.kind, RoutingKey: m.key, Ref: m.ref, Event: &m.event.Event, Trust: trust(&m.event.Event),
		TriggeredBy: m.event.SenderUsername,
	}
	if m.corrupt != nil && !aboutCode(m.event) {
		return nil
	}
	if m.corrupt != nil {
		q.Lock = m.corrupt.text
		_, err := i.runs.RefuseTx(ctx, tx, q, m.corrupt.Error())
		return err
	}
	if m.forget || m.register {
		if err := i.register(ctx, tx, t, m); err != nil || m.forget {
			return err
		}
	}
	q.Lock, q.Depth = m.lock.text, t.depth
	for _, decided := range trigger.Matched(m.decisions) {
		q.Workflow, q.Event = decided.Workflow, &m.event.Event
		if decided.Event != nil {
			q.Event = decided.Event
		}
		q.Trust, q.TriggeredBy = trust(q.Event), q.Event.SenderUsername
		if t.doubt {
			q.Trust = Untrusted
		}
		var err error
		if g := m.groups[decided.WorkflowName]; g.problem != "" {
			_, err = i.runs.RefuseTx(ctx, tx, q, g.problem)
		} else {
			q.Groups = g.names
			_, err = i.runs.CreateTx(ctx, tx, q)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// aboutCode tells events that a person with a broken lock file has just made:
// for a star on the repository nobody wants a failed run.
func aboutCode(ev *provider.Event) bool {
	return ev.Type == event.Push || ev.Type == event.PullRequest || ev.Type == event.Tag
}

// trust is what the code of an event may do: that of a fork comes from anybody,
// and a review of it is no less about the fork's code.
func trust(ev *event.Event) string {
	if ev.IsForkPR {
		return Untrusted
	}
	return Trusted
}

// Tiers of trust.
const (
	Trusted   = "trusted"
	Untrusted = "untrusted"
)
