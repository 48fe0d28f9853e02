package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/internal/batch"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
)

// Config is what the room is given.
type Config struct {
	Now   func() time.Time
	NewID func() string
	Log   *slog.Logger
	// Providers by the kind of source they serve.
	Providers map[string]provider.Provider
	// Evaluator calls pure functions that name concurrency groups of jobs. Without
	// one a workflow that has such a function fails.
	Evaluator Evaluator
	Workers   int // that work through deliveries at once; 32 when zero
	// Registry knows who listens; nil makes one.
	Registry *registry.Registry
	// Secrets finds those of genericWebhook triggers; with nil, triggers that name
	// one never match.
	Secrets Secrets
	// MaxPayloadBytes bounds what is kept of a body; more than that is only
	// hashed. 5 MiB when zero.
	MaxPayloadBytes int64
}

// Intake takes events in. It is safe for concurrent use.
type Intake struct {
	store store.Store
	runs  *runs.Runs
	Config
	log    *slog.Logger
	limits limiters
	locks  lockCache
	work   chan offered

	// What many ask for at the same time is done in one go.
	arrivals *batch.Group[*arrival, outcome]
	sources  *batch.Group[string, foundSource]
	starts   *batch.Group[*decided, outcome]

	mu   sync.Mutex // guards busy
	busy map[engine.DeliveryID]bool
}

// offered is a delivery for a worker; without a task it has to be loaded.
type offered struct {
	id   engine.DeliveryID
	task *task
}

const (
	// defaultWorkers is more than there are cores: most of what a worker does is to
	// wait, for a commit that it shares, or for a repository's host.
	defaultWorkers = 32
	// waiting is how many deliveries may wait for a worker in memory; more wait
	// in the store until somebody sweeps.
	waiting = 1024
	// ProcessAll is what the sweep takes at a time.
	sweepPage = 200
	// sweepAge lets whoever received a delivery work through it undisturbed.
	sweepAge = 2 * time.Second
)

// Evaluator calls a pure function of a lock file with an event. Field is where it
// stands; the value is a JSON string.
type Evaluator interface {
	Evaluate(ctx context.Context, field, function string, event json.RawMessage) (json.RawMessage, error)
}

// What callers branch on, besides the refusals of engine/provider.
var (
	// ErrNoSource: nothing is configured under that name. 404.
	ErrNoSource = errors.New("intake: no such source")
	// ErrDisabled: the source is switched off. 404.
	ErrDisabled = errors.New("intake: the source is disabled")
	// ErrTooLarge: the body is larger than the source allows. 413.
	ErrTooLarge = errors.New("intake: the body is too large")
)

// New makes the room. Run starts its workers.
func New(s store.Store, r *runs.Runs, c Config) *Intake {
	if c.Workers <= 0 {
		c.Workers = defaultWorkers
	}
	if c.MaxPayloadBytes <= 0 {
		c.MaxPayloadBytes = 5 << 20
	}
	if c.Registry == nil {
		c.Registry = registry.New(s, c.Log)
	}
	i := &Intake{
		store: s, runs: r, Config: c, log: c.Log.With("room", "intake"),
		limits: newLimiters(), locks: newLockCache(), work: make(chan offered, waiting), busy: map[engine.DeliveryID]bool{},
	}
	i.arrivals, i.sources, i.starts = i.arrivalsGroup(), i.sourcesGroup(), i.startsGroup()
	return i
}

// Run works through deliveries until ctx ends.
func (i *Intake) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for range i.Workers {
		g.Go(func() error { return i.worker(ctx) })
	}
	g.Go(func() error { return i.lead(ctx) })
	return g.Wait()
}

func (i *Intake) worker(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case o := <-i.work:
			if err := i.process(ctx, o); err != nil && ctx.Err() == nil {
				i.log.Error("a delivery could not be worked through and will be tried again", "delivery", o.id, "err", err)
			}
		}
	}
}

// offer hands a delivery to a worker, if one has room for it.
func (i *Intake) offer(o offered) {
	select {
	case i.work <- o:
	default:
	}
}

// lead sweeps what was received and not worked through.
func (i *Intake) lead(ctx context.Context) error {
	store.WhileLeading(ctx, i.store, "intake", func(err error) {
		i.log.Error("sweeping deliveries failed and will be tried again", "err", err)
	}, i.sweepWhile)
	return nil
}

func (i *Intake) sweepWhile(ctx context.Context, s store.Session) error {
	age := time.Duration(0) // what lies there at the start belongs to nobody
	for {
		if err := i.Sweep(ctx, i.Now(), age); err != nil {
			return err
		}
		age = sweepAge
		select {
		case <-ctx.Done():
			return nil
		case <-s.Lost():
			return store.ErrLost
		case <-time.After(time.Second):
		}
	}
}

// Sweep hands deliveries of at least that age to the workers.
func (i *Intake) Sweep(ctx context.Context, now time.Time, age time.Duration) error {
	var open []engine.Delivery
	err := i.store.View(ctx, func(tx store.Tx) (err error) {
		open, err = tx.Deliveries().Open(ctx, sweepPage)
		return err
	})
	for k := range open {
		if now.Sub(open[k].ReceivedAt) >= age {
			i.offer(offered{id: open[k].ID})
		}
	}
	return err
}

// claim marks a delivery as being worked on here.
func (i *Intake) claim(id engine.DeliveryID) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.busy[id] {
		return false
	}
	i.busy[id] = true
	return true
}

func (i *Intake) unclaim(id engine.DeliveryID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.busy, id)
}

// provider serves a source.
func (i *Intake) provider(s *engine.Source) (provider.Provider, error) {
	p, ok := i.Providers[s.Kind]
	if !ok {
		return nil, fmt.Errorf("%w: no provider serves sources of kind %q", provider.ErrMisconfigured, s.Kind)
	}
	return p, nil
}
