package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// KindRegistered announces that other workflows of a repository are registered
// than before. Its data is [Registration].
const KindRegistered = "registration.updated"

// Registration is the data of a KindRegistered event.
type Registration struct {
	Origin    Origin          `json:"origin"`
	Source    engine.SourceID `json:"source"`
	SHA       string          `json:"sha,omitempty"`
	Workflows []string        `json:"workflows"`
	Depth     int             `json:"depth,omitempty"`
}

// register lets the lock file of a default branch speak for its repository, or
// none any more, and says so when that is news.
func (i *Intake) register(ctx context.Context, tx store.Tx, t *task, m *matched) error {
	old, err := tx.Sources().Registration(ctx, m.source, m.ref.Repo)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return err
	}
	if old != nil && old.UpdatedAt.After(t.d.ReceivedAt) { // a later push was worked through first
		return nil
	}
	data := Registration{Origin: Origin{m.ref.Repo, m.key}, Source: m.source, SHA: m.ref.SHA, Workflows: []string{}, Depth: t.depth}
	if m.forget {
		if old == nil {
			return nil
		}
		err = tx.Sources().Unregister(ctx, m.source, m.ref.Repo)
	} else {
		for k := range m.lock.file.Workflows {
			data.Workflows = append(data.Workflows, m.lock.file.Workflows[k].Name)
		}
		err = tx.Sources().Register(ctx, &engine.Registration{Source: m.source, Ref: m.ref, Provider: m.kind, RoutingKey: m.key, Lock: m.lock.text, UpdatedAt: t.d.ReceivedAt})
	}
	if errors.Is(err, engine.ErrConflict) { // one did so at this moment
		return nil
	}
	if err != nil || old != nil && !m.forget && bytes.Equal(old.Lock, m.lock.text) {
		return err
	}
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("intake: registration: %w", err)
	}
	tx.Notify(store.TopicEvents)
	return tx.Events().Append(ctx, engine.Event{Kind: KindRegistered, Data: body, At: i.Now(), Pending: true})
}
