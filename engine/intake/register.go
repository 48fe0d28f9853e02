package intake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

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

// registrar registers lock files within a transaction. A repository that is pushed
// to several times in it is read once and written once, as it is in the end.
type registrar struct {
	i     *Intake
	tx    store.Tx
	known map[place]*known
}

type place struct {
	source engine.SourceID
	repo   string
}

// known is what is registered for a repository; nil is nothing.
type known struct {
	before, now *engine.Registration
	news        Registration // about now, when it is another one than before
}

func newRegistrar(i *Intake, tx store.Tx) *registrar {
	return &registrar{i, tx, map[place]*known{}}
}

func (r *registrar) look(ctx context.Context, at place) (*known, error) {
	if k, ok := r.known[at]; ok {
		return k, nil
	}
	g, err := r.tx.Sources().Registration(ctx, at.source, at.repo)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return nil, err
	}
	k := &known{before: g, now: g}
	r.known[at] = k
	return k, nil
}

// register lets the lock file of a default branch speak for its repository, or
// none any more.
func (r *registrar) register(ctx context.Context, t *task, m *matched) error {
	k, err := r.look(ctx, place{m.source, m.ref.Repo})
	if err != nil {
		return err
	}
	if k.now != nil && k.now.UpdatedAt.After(t.d.ReceivedAt) { // a later push was worked through first
		return nil
	}
	k.news = Registration{Origin: Origin{m.ref.Repo, m.key}, Source: m.source, SHA: m.ref.SHA, Workflows: []string{}, Depth: t.depth}
	k.now = nil
	if m.forget {
		return nil
	}
	for n := range m.lock.file.Workflows {
		k.news.Workflows = append(k.news.Workflows, m.lock.file.Workflows[n].Name)
	}
	k.now = &engine.Registration{Source: m.source, Ref: m.ref, Provider: m.kind, RoutingKey: m.key, Lock: m.lock.text, UpdatedAt: t.d.ReceivedAt}
	return nil
}

// write stores what was registered, and says so when that is news. Repositories
// are sorted, so that two transactions never wait for each other.
func (r *registrar) write(ctx context.Context) error {
	places := slices.SortedFunc(maps.Keys(r.known), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.repo, b.repo))
	})
	for _, at := range places {
		if err := r.settle(ctx, at, r.known[at]); err != nil {
			return err
		}
	}
	return nil
}

func (r *registrar) settle(ctx context.Context, at place, k *known) error {
	var err error
	switch {
	case k.now == k.before:
		return nil
	case k.now == nil:
		err = r.tx.Sources().Unregister(ctx, at.source, at.repo)
	default:
		err = r.tx.Sources().Register(ctx, k.now)
	}
	if errors.Is(err, engine.ErrConflict) { // a later push did so at this moment
		return nil
	}
	if err != nil || k.before != nil && k.now != nil && bytes.Equal(k.before.Lock, k.now.Lock) {
		return err
	}
	body, err := json.Marshal(k.news)
	if err != nil {
		return fmt.Errorf("intake: registration: %w", err)
	}
	r.tx.Notify(store.TopicEvents)
	return r.tx.Events().Append(ctx, engine.Event{Kind: KindRegistered, Data: body, At: r.i.Now(), Pending: true})
}
