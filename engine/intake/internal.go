package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Internal is the provider of deliveries that were made in this process.
const Internal = "internal"

// MaxChain bounds how long events may start runs that send events.
const MaxChain = 10

// Signal is an event made in this process.
type Signal struct {
	provider.Event
	// Source names where the lock file and the code come from; without one the
	// event is matched against everything registered.
	Source engine.SourceID `json:"source,omitempty"`
	// Depth counts the events that led to this one.
	Depth int `json:"depth,omitempty"`
	// Registered narrows down who hears an event without a source.
	Registered Registered `json:"registered,omitzero"`
	// Only runs the workflow of that name, whatever its triggers say.
	Only string `json:"only,omitempty"`
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
	if s.Depth > MaxChain {
		return "", fmt.Errorf("intake: event %s: the chain of events is longer than %d", s.Name, MaxChain)
	}
	if s.Source != "" {
		if _, err := i.source(ctx, s.Source); err != nil {
			return "", err
		}
	}
	body, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("intake: event: %w", err)
	}
	d := &engine.Delivery{
		ID: engine.DeliveryID(i.NewID()), Source: s.Source, Key: s.Key, Provider: Internal, Event: s.Type, Action: s.Action, Ref: s.Ref,
		Status: status.EventReceived, ReceivedAt: i.Now(),
	}
	r, err := i.receive(ctx, d, provider.Settings{DedupWindow: provider.DefaultDedupWindow}, body)
	return r.ID, err
}

func (i *Intake) source(ctx context.Context, id engine.SourceID) (s *engine.Source, err error) {
	err = i.store.View(ctx, func(tx store.Tx) (err error) {
		s, err = tx.Sources().Find(ctx, string(id))
		return err
	})
	return s, err
}

// Custom is the event of a workflow's emit.
func Custom(name string, payload json.RawMessage) (provider.Event, error) {
	if len(payload) == 0 {
		payload = json.RawMessage("{}")
	}
	body, err := json.Marshal(map[string]any{"eventName": name, "payload": payload})
	if err != nil {
		return provider.Event{}, fmt.Errorf("intake: payload of event %s: %w", name, err)
	}
	return provider.Event{Event: event.Event{Type: event.KiciEvent, Payload: body, TargetBranch: event.InternalBranch}, Name: name}, nil
}
