package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/transport/pipe"
)

// StoreOpener opens a store in a folder; none is memory.
type StoreOpener func(ctx context.Context, dir string) (store.Store, error)

// Service is something that runs beside the rooms.
type Service func(ctx context.Context) error

// Orchestrator is the whole thing.
type Orchestrator struct {
	config Config
	o      Options
	wire   *pipe.Listener // for agents of this process
	ready  chan struct{}
	ended  chan struct{} // closed when Run has returned
	house  atomic.Pointer[house]
	ran    atomic.Bool
}

// What callers branch on.
var (
	// ErrNotReady: Run has not got that far, or has ended.
	ErrNotReady = errors.New("kici: the orchestrator is not running")
	// ErrRanBefore: an orchestrator runs once.
	ErrRanBefore = errors.New("kici: Run was called before")
)

// New checks what it is given. It starts nothing.
func New(c Config, o Options) (*Orchestrator, error) {
	if err := c.check(&o); err != nil {
		return nil, err
	}
	return &Orchestrator{config: c, o: o, wire: pipe.Listen(o.Wire...), ready: make(chan struct{}), ended: make(chan struct{})}, nil
}

// Ready is closed when agents and deliveries are served.
func (o *Orchestrator) Ready() <-chan struct{} { return o.ready }

// Dialer connects an agent of this process.
func (o *Orchestrator) Dialer() *Dialer { return &Dialer{o} }

// Run works until ctx ends.
func (o *Orchestrator) Run(ctx context.Context) (err error) {
	if o.ran.Swap(true) {
		return ErrRanBefore
	}
	defer close(o.ended)
	defer func() { err = errors.Join(err, o.wire.Close()) }()
	s, owned, err := o.openStore(ctx)
	if err != nil {
		return err
	}
	if owned {
		defer func() { err = errors.Join(err, s.Close()) }()
	}
	if err := o.migrate(ctx, s); err != nil {
		return err
	}
	blobs := o.o.Blobs
	if blobs == nil {
		var end func() error
		if blobs, end, err = o.o.OpenBlobs(o.config.DataDir, o.config.BlobDir, o.o.Now); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	h, err := o.build(ctx, s, blobs)
	if err != nil {
		return err
	}
	return h.run(ctx)
}

// migrate brings the schema up to date, or refuses where that is to be done by hand.
func (o *Orchestrator) migrate(ctx context.Context, s store.Store) error {
	if !o.config.ManualMigrations {
		return s.Migrate(ctx, o.o.Now())
	}
	at, err := s.Schema(ctx)
	switch {
	case err != nil:
		return err
	case at.Version > at.Latest:
		return store.ErrNewerSchema
	case len(at.Missing) > 0:
		return fmt.Errorf("%w: %s", store.ErrOldSchema, strings.Join(at.Missing, ", "))
	}
	return nil
}

func (o *Orchestrator) openStore(ctx context.Context) (s store.Store, owned bool, err error) {
	if o.o.Store != nil {
		return o.o.Store, false, nil
	}
	s, err = o.o.OpenStore(ctx, o.config.DataDir)
	return s, true, err
}

// ServeHTTP answers once the rooms are there.
func (o *Orchestrator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bound(w, r)
	h := o.house.Load()
	if h == nil {
		notReady(w, r, o.config.BasePath)
		return
	}
	h.handler.ServeHTTP(w, r)
}

// Submit takes in an event that was made in this process.
func (o *Orchestrator) Submit(ctx context.Context, s intake.Signal) (engine.DeliveryID, error) {
	h := o.house.Load()
	if h == nil {
		return "", ErrNotReady
	}
	return h.intake.Submit(ctx, s)
}

// Watch gives the events of a run.
func (o *Orchestrator) Watch(ctx context.Context, id engine.RunID, after int64) iter.Seq2[engine.Event, error] {
	return func(yield func(engine.Event, error) bool) {
		h := o.house.Load()
		if h == nil {
			yield(engine.Event{}, ErrNotReady)
			return
		}
		h.runs.Watch(ctx, id, after)(yield)
	}
}

// Rooms gives what else is built on the rooms; it waits for them.
func (o *Orchestrator) Rooms(ctx context.Context) (*Rooms, error) {
	select {
	case <-o.ready:
		if h := o.house.Load(); h != nil {
			return h.rooms(), nil
		}
		return nil, ErrNotReady
	case <-o.ended:
		return nil, ErrNotReady
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNotReady, context.Cause(ctx))
	}
}
