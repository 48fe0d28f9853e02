package dispatch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
)

// Config is what the room is given. Evaluator, Secrets and Vault may be nil: the
// job then fails that needs one.
type Config struct {
	Now      func() time.Time
	NewID    func() string
	Instance string // name of this orchestrator
	Log      *slog.Logger

	Evaluator    Evaluator
	Repositories Repositories
	Secrets      Secrets
	Vault        Vault
	// AnyLabels lets every agent take every job: on an author's own machine
	// there is one agent, and labels name machines that are elsewhere.
	AnyLabels bool

	// Zero durations are the defaults.
	AckTimeout time.Duration // 10 s
	Silence    time.Duration // without a sign of life, lost: 13 s
	Recovery   time.Duration // for a begun attempt to come back: 120 s
	Stall      time.Duration // without a job heartbeat of its own: 120 s
}

func (c Config) defaults() Config {
	for _, d := range []struct {
		at *time.Duration
		to time.Duration
	}{{&c.AckTimeout, 10 * time.Second}, {&c.Silence, silence}, {&c.Recovery, 120 * time.Second}, {&c.Stall, 120 * time.Second}} {
		if *d.at <= 0 {
			*d.at = d.to
		}
	}
	return c
}

// silence leaves, of the fifteen seconds in which the death of an agent is to be
// noticed, one for the sweep to come round and one for it to write.
const silence = 13 * time.Second

// Dispatcher connects the queue with the agents.
type Dispatcher struct {
	store store.Store
	runs  *runs.Runs
	Config
	log  *slog.Logger
	kick chan struct{} // a slot became free, or an agent came

	mu       sync.Mutex // guards what follows
	members  map[engine.AgentID]*Member
	draining bool
	quiet    chan struct{} // closed and replaced when a slot became free
}

// New makes the room. Run starts it.
func New(s store.Store, r *runs.Runs, c Config) *Dispatcher {
	return &Dispatcher{
		store: s, runs: r, Config: c.defaults(), log: c.Log.With("room", "dispatch"),
		kick: make(chan struct{}, 1), members: map[engine.AgentID]*Member{}, quiet: make(chan struct{}),
	}
}

// Run works until ctx ends.
func (d *Dispatcher) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.assign(ctx) })
	g.Go(func() error { return d.watchCancels(ctx) })
	g.Go(func() error { return d.watchDrains(ctx) })
	g.Go(func() error { return d.keepAlive(ctx) })
	g.Go(func() error { return d.lead(ctx) })
	return g.Wait()
}

// Drain gives nothing out any more and waits until the agents of this process
// have no job left. Others may come back to whoever is orchestrator then.
func (d *Dispatcher) Drain(ctx context.Context) error {
	for {
		d.mu.Lock()
		d.draining = true
		changed, busy := d.quiet, false
		for _, m := range d.members {
			busy = busy || m.local && m.busy() > 0
		}
		d.mu.Unlock()
		if !busy {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// freed tells that a slot is free, or a member gone, and asks for a round.
func (d *Dispatcher) freed() {
	d.mu.Lock()
	close(d.quiet)
	d.quiet = make(chan struct{})
	d.mu.Unlock()
	d.wake()
}

// wake asks for a round; more than one request is one.
func (d *Dispatcher) wake() {
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

// all lists the members.
func (d *Dispatcher) all() []*Member {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]*Member, 0, len(d.members))
	for _, m := range d.members {
		out = append(out, m)
	}
	return out
}

// Connected tells how many agents are connected here, and how many of their
// slots are taken.
func (d *Dispatcher) Connected() (agents, busy int) {
	for _, m := range d.all() {
		agents++
		busy += m.busy()
	}
	return agents, busy
}

// listenLoop calls fn when woken, and at least every poll interval; errors are
// logged, because the next call will look again.
func (d *Dispatcher) loop(ctx context.Context, what string, wait func(context.Context) error, fn func(context.Context) error) error {
	for {
		if err := fn(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("work failed and will be tried again", "work", what, "err", err)
		}
		if err := wait(ctx); err != nil {
			return nil //nolint:nilerr // the end of ctx is how Run ends
		}
	}
}

// every waits a time, or for the end of ctx.
func every(t time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		timer := time.NewTimer(t)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return nil
		}
	}
}
