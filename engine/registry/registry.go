package registry

import (
	"context"
	"crypto/sha256"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/internal/batch"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
)

// Listener is a registration and its triggers. It is shared and not changed.
type Listener struct {
	engine.Registration // without its lock file
	Workflows           []Workflow
	sum                 [sha256.Size]byte // of the lock file
}

// Workflow is what of a workflow listens.
type Workflow struct {
	Name     string
	Triggers []lockfile.Trigger
}

// Triggers gives each trigger with the workflow it starts.
func (l *Listener) Triggers() iter.Seq2[string, *lockfile.Trigger] {
	return func(yield func(string, *lockfile.Trigger) bool) {
		for i := range l.Workflows {
			w := &l.Workflows[i]
			for k := range w.Triggers {
				if !yield(w.Name, &w.Triggers[k]) {
					return
				}
			}
		}
	}
}

// Registry remembers what it has read. It is safe for concurrent use.
type Registry struct {
	store store.Store
	log   *slog.Logger
	asked *batch.Group[struct{}, []*Listener]

	mu    sync.Mutex // guards known, whose map is replaced and never changed
	known map[place]*Listener
}

type place struct {
	source engine.SourceID
	repo   string
}

// New makes the room.
func New(s store.Store, log *slog.Logger) *Registry {
	r := &Registry{store: s, log: log.With("room", "registry")}
	r.asked = &batch.Group[struct{}, []*Listener]{Do: func(ctx context.Context, qs []struct{}) ([][]*Listener, error) {
		all, err := r.look(ctx)
		return slices.Repeat([][]*Listener{all}, len(qs)), err
	}}
	return r
}

// Listeners are all registrations, in a stable order. The slice is shared by those
// who ask at the same time, and not changed.
func (r *Registry) Listeners(ctx context.Context) ([]*Listener, error) {
	return r.asked.Ask(ctx, struct{}{})
}

// patience bounds a look at the store, which has no caller's end.
const patience = 30 * time.Second

func (r *Registry) look(ctx context.Context) ([]*Listener, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	r.mu.Lock()
	known := r.known
	r.mu.Unlock()
	var out []*Listener
	err := r.store.View(ctx, func(tx store.Tx) error {
		out = nil
		heads, err := tx.Sources().Registrations(ctx)
		if err != nil {
			return err
		}
		for i := range heads {
			l := known[placeOf(&heads[i])]
			if l == nil || l.Ref != heads[i].Ref || !l.UpdatedAt.Equal(heads[i].UpdatedAt) || l.RoutingKey != heads[i].RoutingKey {
				if l, err = r.read(ctx, tx, heads[i], l); err != nil {
					return err
				}
			}
			out = append(out, l)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	next := make(map[place]*Listener, len(out))
	for _, l := range out {
		next[placeOf(&l.Registration)] = l
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = next
	return out, nil
}

func placeOf(g *engine.Registration) place { return place{g.Source, g.Ref.Repo} }

// read looks into a lock file. One that cannot be read listens to nothing: a
// newer release wrote it, since it could be read when it was registered. Most pushes
// do not change it; then it means what it meant in known, if that is not nil.
func (r *Registry) read(ctx context.Context, tx store.Tx, head engine.Registration, known *Listener) (*Listener, error) {
	g, err := tx.Sources().Registration(ctx, head.Source, head.Ref.Repo)
	if err != nil {
		return nil, err
	}
	l := &Listener{Registration: head, sum: sha256.Sum256(g.Lock)}
	if known != nil && known.sum == l.sum {
		l.Workflows = known.Workflows
		return l, nil
	}
	f, err := lockfile.Parse(g.Lock)
	if err != nil {
		r.log.WarnContext(ctx, "a registered lock file cannot be read", "repo", head.Ref.Repo, "err", err)
		return l, nil
	}
	for i := range f.Workflows {
		w := Workflow{Name: f.Workflows[i].Name}
		for _, t := range f.Workflows[i].Triggers {
			if !aboutCommits(t.Type) {
				w.Triggers = append(w.Triggers, t)
			}
		}
		if len(w.Triggers) > 0 {
			l.Workflows = append(l.Workflows, w)
		}
	}
	return l, nil
}

// aboutCommits tells triggers that only the lock file at a commit can answer.
func aboutCommits(t lockfile.TriggerType) bool {
	return slices.Contains([]lockfile.TriggerType{lockfile.TriggerPush, lockfile.TriggerPR, lockfile.TriggerTag}, t)
}

// Lock is the whole of a registration; engine.ErrNotFound when it has gone
// meanwhile. It may be newer than what l said.
func (r *Registry) Lock(ctx context.Context, l *Listener) (g *engine.Registration, err error) {
	err = r.store.View(ctx, func(tx store.Tx) (err error) {
		g, err = tx.Sources().Registration(ctx, l.Source, l.Ref.Repo)
		return err
	})
	return g, err
}
