package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Internal is the provider of deliveries that were made in this process.
const Internal = "internal"

// MaxChain bounds how long events may start runs that send events.
const MaxChain = 10

// ErrChain: workflows that start each other have done so too often.
var ErrChain = errors.New("intake: the chain of events is too long")

// Signal is an event made in this process.
type Signal struct {
	provider.Event
	// Source names where the lock file and the code come from; without one the
	// event is matched against everything registered.
	Source engine.SourceID `json:"source,omitempty"`
	// Depth counts the events that led to this one.
	Depth int `json:"depth,omitempty"`
	// Untrusted: it was caused by code of anybody, and so is what it starts.
	Untrusted bool `json:"untrusted,omitempty"`
	// Registered narrows down who hears an event without a source.
	Registered Registered `json:"registered,omitzero"`
	// Only runs the workflow of that name, whatever its triggers say.
	Only string `json:"only,omitempty"`
	// Schedule is the only trigger that hears the event.
	Schedule *Schedule `json:"schedule,omitempty"`
}

// Schedule is a schedule trigger: which, of which workflow, of which registration.
type Schedule struct {
	Source   engine.SourceID `json:"source"`
	Repo     string          `json:"repo"`
	Workflow string          `json:"workflow"`
	Cron     string          `json:"cron"`
	Timezone string          `json:"timezone,omitempty"`
}

// veto is against all triggers but that one.
func (s *Schedule) veto(w *lockfile.Workflow, t *lockfile.Trigger) *trigger.Check {
	if w.Name == s.Workflow && t.CronExpression == s.Cron && t.Timezone == s.Timezone {
		return nil
	}
	return &trigger.Check{Check: "schedule", Pattern: w.Name + ": " + t.CronExpression + " " + t.Timezone, Value: s.Workflow + ": " + s.Cron + " " + s.Timezone, Reason: "another schedule fired"}
}

// Registered says which registrations an event is matched against; the zero value
// is all.
type Registered struct {
	RoutingKey string   `json:"routingKey,omitempty"`
	Repos      []string `json:"repos,omitempty"`
}

func (r Registered) covers(g *engine.Registration) bool {
	return (r.RoutingKey == "" || r.RoutingKey == g.RoutingKey) && (len(r.Repos) == 0 || slices.Contains(r.Repos, g.Ref.Repo))
}

// Submit takes an event in that was made here. It is durable when Submit
// returns. A key makes a repeated one a duplicate.
func (i *Intake) Submit(ctx context.Context, s Signal) (engine.DeliveryID, error) {
	var r Receipt
	err := i.store.Tx(ctx, func(tx store.Tx) (err error) {
		r, err = i.SubmitTx(ctx, tx, s)
		return err
	})
	if err != nil {
		return "", err
	}
	i.Offer(r)
	return r.ID, nil
}

// SubmitTx is Submit within a transaction: the event comes in if and only if what
// caused it is written too. After the commit the receipt goes to Offer.
func (i *Intake) SubmitTx(ctx context.Context, tx store.Tx, s Signal) (Receipt, error) {
	if s.Depth > MaxChain {
		return Receipt{}, fmt.Errorf("%w: %s would be event %d, and %d is the limit", ErrChain, s.Name, s.Depth, MaxChain)
	}
	if s.Source != "" {
		if _, err := tx.Sources().Find(ctx, string(s.Source)); err != nil {
			return Receipt{}, err
		}
	}
	body, err := json.Marshal(s)
	if err != nil {
		return Receipt{}, fmt.Errorf("intake: event: %w", err)
	}
	d := &engine.Delivery{
		ID: engine.DeliveryID(i.NewID()), Source: s.Source, Key: s.Key, RoutingKey: s.Registered.RoutingKey, Provider: Internal, Event: s.Type, Action: s.Action, Ref: s.Ref,
		Status: status.EventReceived, ReceivedAt: i.Now(),
	}
	out, err := receiveTx(ctx, tx, newArrival(d, provider.DefaultDedupWindow, &provider.Inbound{Body: body}))
	if err != nil {
		return Receipt{}, err
	}
	return out[0].receipt, nil
}

// Origin is where an event of a workflow comes from.
type Origin struct {
	Repo       string
	RoutingKey string
}

// Custom is the event of a workflow's emit.
func Custom(name string, payload json.RawMessage, from Origin) (provider.Event, error) {
	if len(payload) == 0 {
		payload = json.RawMessage("{}")
	}
	body, err := json.Marshal(map[string]any{"eventName": name, "payload": payload, "sourceRepo": from.Repo, "sourceRoutingKey": from.RoutingKey})
	if err != nil {
		return provider.Event{}, fmt.Errorf("intake: payload of event %s: %w", name, err)
	}
	return provider.Event{Event: event.Event{Type: event.KiciEvent, Payload: body, TargetBranch: event.InternalBranch, SourceRepo: from.Repo}, Name: name}, nil
}
