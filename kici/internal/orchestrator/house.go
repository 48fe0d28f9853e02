package orchestrator

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/cache"
	"github.com/kici-dev/kici-go/engine/cron"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/event"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/retention"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/link/orchestratorend"
	"github.com/kici-dev/kici-go/kici/internal/link/serverend"
	"github.com/kici-dev/kici-go/kici/internal/observe"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/ws"
)

// house is the rooms of a running orchestrator.
type house struct {
	o        *Orchestrator
	ids      *ids
	store    store.Store
	blobs    blob.Store
	signer   *blob.Signer
	runs     *runs.Runs
	registry *registry.Registry
	tracer   *observe.Tracer
	cluster  string // the name of the deployment
	fleet    *observe.Fleet
	intake   *intake.Intake
	events   *event.Router
	cron     *cron.Scheduler
	dispatch *dispatch.Dispatcher
	server   *serverend.Server
	cache    *cache.Cache
	periodic map[string]tick
	handler  http.Handler
	sockets  *ws.Handler
	relay    *orchestratorend.Link // nil without a relay

	links sync.WaitGroup // connections of agents
	ctx   context.Context
}

// Rooms is what others build on: the command's own views, tests.
type Rooms struct {
	Store    store.Store
	Blobs    blob.Store
	Runs     *runs.Runs
	Intake   *intake.Intake
	Dispatch *dispatch.Dispatcher
	Logs     *logs.Reader
}

func (h *house) rooms() *Rooms {
	return &Rooms{h.store, h.blobs, h.runs, h.intake, h.dispatch, &logs.Reader{Store: h.store, Blobs: h.blobs}}
}

// build makes the rooms and connects them.
func (o *Orchestrator) build(ctx context.Context, s store.Store, blobs blob.Store) (*house, error) {
	c, now, log := &o.config, o.o.Now, o.o.Log
	key, err := o.secretKey()
	if err != nil {
		return nil, err
	}
	// A key that dies with the process must not seal what outlives it.
	if len(c.SecretKey) > 0 || c.DataDir != "" {
		if s, err = seal(s, key.derive("sources")); err != nil {
			return nil, err
		}
	}
	tracer := observe.NewTracer(o.o.Tracing, c.Version, log)
	if s, err = o.observe(s, tracer); err != nil {
		return nil, err
	}
	h := &house{o: o, tracer: tracer, store: s, blobs: blobs, ids: &ids{now: now}, fleet: observe.NewFleet()}
	h.signer = &blob.Signer{Base: first(c.PublicURL, inProcess) + c.BasePath, Secret: key.derive("blob links"), TTL: blob.LinkTTL, Now: now}
	h.runs = runs.New(s, runs.Config{Now: now, NewID: h.ids.next, QueueTimeout: c.QueueTimeout, GroupTimeout: c.GroupTimeout, Log: log})
	listeners := registry.New(s, log)
	h.registry = listeners
	h.intake = intake.New(s, h.runs, intake.Config{
		Now: now, NewID: h.ids.next, Log: log, Providers: o.o.Providers, Evaluator: o.o.Evaluator, Registry: listeners, Secrets: o.o.WebhookSecrets,
	})
	h.events = event.New(s, event.Config{Now: now, Log: log, Registry: listeners, Intake: h.intake})
	h.cron = cron.New(s, cron.Config{Now: now, Log: log, Registry: listeners, Intake: h.intake})
	h.dispatch = dispatch.New(s, h.runs, dispatch.Config{
		Now: now, NewID: h.ids.next, Instance: h.ids.next(), Log: log, Evaluator: o.o.Evaluator, Secrets: o.o.Secrets,
		Repositories: &repositories{s, o.o.Providers}, Vault: &vault{key}, AckTimeout: c.AckTimeout, Recovery: c.Recovery, Stall: c.Stall, AnyLabels: c.AnyLabels,
	})
	if err := h.christen(ctx); err != nil {
		return nil, err
	}
	if c.Mode != ModeIndependent {
		h.relay = h.relayLink()
	}
	h.server = serverend.New(h.dispatch, serverend.Config{
		Now: now, NewID: h.ids.next, Log: log, Store: s, Open: c.AgentAuth == AuthNone, Questions: &questions{h}, LogCap: c.LogCap, Session: o.o.Session,
		Tap: h.tap(), Measured: h.fleet,
	})
	h.cache = &cache.Cache{Blobs: blobs, Links: h.signer, Log: log, Now: now}
	h.periodic = map[string]tick{
		"seal logs":    (&logs.Sealer{Store: s, Blobs: blobs, Log: log}).Tick,
		"retention":    (&retention.Keeper{Store: s, Blobs: blobs, Log: log, Runs: c.Retention}).Tick,
		"expire cache": h.cache.Tick,
	}
	if err := h.seed(ctx); err != nil {
		return nil, err
	}
	h.sockets = &ws.Handler{Serve: h.socket}
	h.handler = h.routes()
	return h, nil
}

// run serves until ctx ends, and then stops softly.
func (h *house) run(ctx context.Context) error {
	hard, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	h.ctx = hard
	services := []Service{h.intake.Run, h.events.Run, h.cron.Run, h.dispatch.Run, h.accept}
	for what, t := range h.periodic {
		services = append(services, h.every(what, t))
	}
	if h.relay != nil {
		services = append(services, h.relay.Run, h.tellRelay)
	}
	services = append(services, func(ctx context.Context) error { return h.tracer.Run(ctx, h.store) })
	services = append(services, h.o.o.Services...)
	g, gctx := errgroup.WithContext(hard)
	for _, s := range services {
		g.Go(func() error { return s(gctx) })
	}
	h.o.house.Store(h)
	close(h.o.ready)
	select {
	case <-ctx.Done():
		h.drain(hard)
	case <-gctx.Done(): // a service failed
	}
	h.o.house.Store(nil)
	stop()
	err := g.Wait()
	h.links.Wait()
	return err
}

// drain lets the agents of this process end what they have.
func (h *house) drain(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, h.o.config.DrainTimeout)
	defer stop()
	if err := h.dispatch.Drain(ctx); err != nil {
		h.o.o.Log.Warn("jobs are still running; they go on without this orchestrator", "waited", h.o.config.DrainTimeout)
	}
}

// accept serves the agents of this process.
func (h *house) accept(ctx context.Context) error {
	for {
		conn, err := h.o.wire.Accept(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, transport.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		h.links.Add(1)
		go func() {
			defer h.links.Done()
			h.server.Serve(ctx, conn, true)
		}()
	}
}

// socket serves an agent that came over the network. Its goroutine is the
// request's, so Run waits for it here.
func (h *house) socket(conn transport.Conn, _ *http.Request) {
	h.links.Add(1)
	defer h.links.Done()
	h.server.Serve(h.ctx, conn, false)
}

// tick is something to do now and then. It says when to be called again.
type tick func(ctx context.Context, now time.Time) (next time.Time, err error)

// every makes a service of a tick.
func (h *house) every(what string, t tick) Service {
	return func(ctx context.Context) error {
		for {
			next, err := t(ctx, h.o.o.Now())
			if err != nil && ctx.Err() == nil {
				h.o.o.Log.Warn("work failed and will be tried again", "work", what, "err", err)
			}
			timer := time.NewTimer(max(time.Second, next.Sub(h.o.o.Now())))
			select {
			case <-ctx.Done():
				timer.Stop()
				return nil
			case <-timer.C:
			}
		}
	}
}

// inProcess stands in links when no agent comes over the network. No such host
// exists.
const inProcess = "http://orchestrator.invalid"

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
