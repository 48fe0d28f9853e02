package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/store"
)

// Config is what the room is given.
type Config struct {
	Now      func() time.Time
	Log      *slog.Logger
	Registry *registry.Registry
	Intake   Intake
}

// Intake is where events go; *intake.Intake is one.
type Intake interface {
	Submit(ctx context.Context, s intake.Signal) (engine.DeliveryID, error)
	SubmitTx(ctx context.Context, tx store.Tx, s intake.Signal) (intake.Receipt, error)
	Offer(rs ...intake.Receipt)
}

// Router acts on the outbox. Tick is for one caller at a time, Emit for many.
type Router struct {
	store store.Store
	Config
	log   *slog.Logger
	later map[int64]*failure // events that could not be handed over

	mu    sync.Mutex // guards rates
	rates map[rateKey][]time.Time
}

const (
	// page is how many events are looked at together, handful how many are handed
	// over in one transaction.
	page    = 500
	handful = 50
	// gather lets events come together when they come all the time.
	gather = 20 * time.Millisecond
)

// New makes the room.
func New(s store.Store, c Config) *Router {
	return &Router{store: s, Config: c, log: c.Log.With("room", "event"), later: map[int64]*failure{}, rates: map[rateKey][]time.Time{}}
}

// Run acts on the outbox, while this process leads, until ctx ends.
func (r *Router) Run(ctx context.Context) error {
	store.WhileLeading(ctx, r.store, "events", func(err error) {
		r.log.Error("acting on events failed and will be tried again", "err", err)
	}, r.lead)
	return nil
}

func (r *Router) lead(ctx context.Context, s store.Session) error {
	l := r.store.Listen(store.TopicEvents)
	defer l.Close()
	for {
		more, err := r.Tick(ctx, r.Now())
		if err != nil {
			return err
		}
		select {
		case <-s.Lost():
			return store.ErrLost
		default:
		}
		if more {
			continue
		}
		if !pause(ctx, gather) {
			return nil
		}
		if _, err := l.Wait(ctx); err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// due is a signal and the event it is made of.
type due struct {
	seq    int64
	signal intake.Signal
}

// Tick acts on one page of what is pending. more says that there is more.
func (r *Router) Tick(ctx context.Context, now time.Time) (more bool, err error) {
	limit := page + len(r.later)
	var pending []engine.Event
	if err := r.store.View(ctx, func(tx store.Tx) (err error) {
		pending, err = tx.Events().Pending(ctx, limit)
		return err
	}); err != nil || len(pending) == 0 {
		return false, err
	}
	r.forget(pending)
	p, err := r.sort(ctx, pending, now)
	if err != nil {
		return false, err
	}
	if len(p.idle)+len(p.broken) > 0 {
		if err := r.store.Tx(ctx, func(tx store.Tx) error {
			for seq, why := range p.broken {
				if err := tx.Events().Bury(ctx, seq, why); err != nil {
					return err
				}
			}
			return tx.Events().Done(ctx, p.idle...)
		}); err != nil {
			return false, err
		}
	}
	for ds := range slices.Chunk(p.heard, handful) {
		if err := r.hand(ctx, now, ds); err != nil {
			return false, err
		}
	}
	return len(pending) == limit, nil
}

// piles are what becomes of pending events: those that somebody hears, those that
// nobody does, and those that cannot be understood, with the reason.
type piles struct {
	heard  []due
	idle   []int64
	broken map[int64]string
}

func (r *Router) sort(ctx context.Context, pending []engine.Event, now time.Time) (p piles, err error) {
	ls, err := r.Registry.Listeners(ctx)
	if err != nil {
		return p, err
	}
	a := audienceOf(ls)
	err = r.store.View(ctx, func(tx store.Tx) error {
		p = piles{broken: map[int64]string{}}
		for k := range pending {
			e := &pending[k]
			if f := r.later[e.Seq]; f != nil && now.Before(f.again) {
				continue
			}
			s, err := a.signal(ctx, tx, e)
			switch {
			case errors.Is(err, engine.ErrNotFound): // its run has been removed
				s = nil
			case errors.Is(err, errBroken):
				r.log.Error("an event was given up", "kind", e.Kind, "seq", e.Seq, "err", err)
				p.broken[e.Seq] = err.Error()
				continue
			case err != nil:
				return fmt.Errorf("event: %s %d: %w", e.Kind, e.Seq, err)
			}
			if s != nil && s.Depth > intake.MaxChain {
				r.log.Warn("a chain of events is cut", "event", s.Name, "run", e.Run, "limit", intake.MaxChain)
				s = nil
			}
			if s == nil {
				p.idle = append(p.idle, e.Seq)
				continue
			}
			p.heard = append(p.heard, due{e.Seq, *s})
		}
		return nil
	})
	return p, err
}

// hand gives signals to intake and confirms their events, together; and each by
// itself when they cannot be together.
func (r *Router) hand(ctx context.Context, now time.Time, ds []due) error {
	receipts := make([]intake.Receipt, len(ds))
	err := r.store.Tx(ctx, func(tx store.Tx) error {
		seqs := make([]int64, len(ds))
		for k := range ds {
			var err error
			if receipts[k], err = r.Intake.SubmitTx(ctx, tx, ds[k].signal); err != nil {
				return err
			}
			seqs[k] = ds[k].seq
		}
		return tx.Events().Done(ctx, seqs...)
	})
	switch {
	case err == nil:
		r.Intake.Offer(receipts...)
		for k := range ds {
			delete(r.later, ds[k].seq)
		}
		return nil
	case ctx.Err() != nil:
		return err
	case len(ds) == 1:
		return r.failed(ctx, now, &ds[0], err)
	}
	for k := range ds {
		if err := r.hand(ctx, now, ds[k:k+1]); err != nil {
			return err
		}
	}
	return nil
}
