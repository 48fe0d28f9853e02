package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/internal/batch"
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

// decided is a delivery whose runs are to be made.
type decided struct {
	task *task
	d    engine.Delivery
	all  []matched
}

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
	err := i.begin(ctx, &decided{t, d, all})
	if err == nil {
		i.log.Info("delivery decided", "delivery", d.ID, "routingKey", d.RoutingKey, "event", d.Event, "repo", d.Ref.Repo, "status", d.Status, "matched", d.Matched)
	}
	return err
}

// begin makes the runs together with those of other deliveries. One that takes
// turns locks its groups, and who holds many locks should hold them briefly, so it
// goes alone.
func (i *Intake) begin(ctx context.Context, q *decided) error {
	if q.takesTurns() {
		out, err := i.beginAll(ctx, []*decided{q})
		if err != nil {
			return err
		}
		return out[0].err
	}
	out, err := i.starts.Ask(ctx, q)
	return errors.Join(err, out.err)
}

func (q *decided) takesTurns() bool {
	for k := range q.all {
		for _, found := range trigger.Matched(q.all[k].decisions) {
			for _, j := range found.Workflow.Jobs {
				if j.Static != nil && j.Static.ConcurrencyGroup != nil {
					return true
				}
			}
		}
	}
	return false
}

func (i *Intake) startsGroup() *batch.Group[*decided, outcome] {
	return &batch.Group[*decided, outcome]{Most: together, Do: func(ctx context.Context, qs []*decided) ([]outcome, error) {
		ctx, stop := context.WithTimeout(ctx, patience)
		defer stop()
		return eachAlone(qs, func(some ...*decided) ([]outcome, error) { return i.beginAll(ctx, some) }), nil
	}}
}

// beginAll makes the runs of several deliveries. Of one that somebody else has
// worked through the outcome is engine.ErrConflict.
func (i *Intake) beginAll(ctx context.Context, qs []*decided) ([]outcome, error) {
	out := make([]outcome, len(qs))
	err := i.store.Tx(ctx, func(tx store.Tx) error {
		tx.Notify(store.TopicDeliveries)
		ds := make([]*engine.Delivery, len(qs))
		for k := range qs {
			ds[k] = &qs[k].d
		}
		saved, err := tx.Deliveries().SaveAll(ctx, status.EventReceived, ds...)
		if err != nil {
			return err
		}
		reg := newRegistrar(i, tx)
		var wanted []runs.Request
		for k, q := range qs {
			out[k] = outcome{}
			if !saved[k] {
				out[k].err = fmt.Errorf("intake: delivery %s: %w", q.d.ID, engine.ErrConflict)
				continue
			}
			for m := range q.all {
				rs, err := i.create(ctx, reg, q, &q.all[m])
				if err != nil {
					return err
				}
				wanted = append(wanted, rs...)
			}
		}
		if err := reg.write(ctx); err != nil {
			return err
		}
		_, err = i.runs.CreateAllTx(ctx, tx, wanted...)
		return err
	})
	return out, err
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

// create says which runs one lock file wants, and registers it. Those that have
// failed before they began are made at once.
func (i *Intake) create(ctx context.Context, reg *registrar, from *decided, m *matched) (wanted []runs.Request, err error) {
	t := from.task
	q := runs.Request{
		Delivery: from.d.ID, Source: m.source, Provider: m.kind, RoutingKey: m.key, Ref: m.ref, Event: &m.event.Event, Trust: trust(&m.event.Event),
		TriggeredBy: m.event.SenderUsername,
	}
	if m.corrupt != nil && !aboutCode(m.event) {
		return nil, nil
	}
	if m.corrupt != nil {
		q.Lock = m.corrupt.text
		_, err := i.runs.RefuseTx(ctx, reg.tx, q, m.corrupt.Error())
		return nil, err
	}
	if m.forget || m.register {
		if err := reg.register(ctx, t, m); err != nil || m.forget {
			return nil, err
		}
	}
	q.Lock, q.Depth = m.lock.text, t.depth
	for _, found := range trigger.Matched(m.decisions) {
		q.Workflow, q.Event = found.Workflow, &m.event.Event
		if found.Event != nil {
			q.Event = found.Event
		}
		q.Trust, q.TriggeredBy = trust(q.Event), q.Event.SenderUsername
		if t.doubt {
			q.Trust = Untrusted
		}
		if g := m.groups[found.WorkflowName]; g.problem != "" {
			if _, err := i.runs.RefuseTx(ctx, reg.tx, q, g.problem); err != nil {
				return nil, err
			}
		} else {
			q.Groups = g.names
			wanted = append(wanted, q)
		}
	}
	return wanted, nil
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
