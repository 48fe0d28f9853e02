package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// task is a delivery on its way through the stages.
type task struct {
	d      *engine.Delivery
	source *engine.Source // nil for events that come from nowhere
	p      provider.Provider
	body   []byte
	events []provider.Event // what it says, once that is known
	depth  int
	doubt  bool // the event was caused by code that is not trusted
	only   string
	among  Registered
	// schedule is the one that fired.
	schedule *Schedule
	// inside, path and proofs are what came with a webhook besides its body.
	header http.Header
	inside bool
	path   string
	proofs proofs
}

// tries and pause bound how long a repository's host is waited for.
const tries = 3

// pause before the next try: 1 s, 5 s.
func pause(try int) time.Duration { return time.Duration(1+4*(try-1)) * time.Second }

// Process works through one delivery; one that has been worked through, or is
// being worked through here, is left alone.
func (i *Intake) Process(ctx context.Context, id engine.DeliveryID) error {
	return i.process(ctx, offered{id: id})
}

func (i *Intake) process(ctx context.Context, o offered) (err error) {
	id, t := o.id, o.task
	if !i.claim(id) {
		return nil
	}
	defer i.unclaim(id)
	if t == nil {
		if t, err = i.load(ctx, id); err != nil || t == nil {
			return err
		}
	}
	for try := 1; ; try++ {
		err = i.decide(ctx, t)
		if err == nil || ctx.Err() != nil || !errors.Is(err, provider.ErrUnavailable) || try == tries {
			break
		}
		i.log.Warn("the repository's host does not answer; trying again", "delivery", id, "try", try, "err", err)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause(try)):
		}
	}
	switch {
	case errors.Is(err, engine.ErrConflict): // somebody else was first
		return nil
	case err == nil || ctx.Err() != nil:
		return err
	}
	var v *verdictError
	if !errors.As(err, &v) {
		if !answers(err) {
			return err // the store: the sweep will try again
		}
		v = &verdictError{status.EventFailed, err}
	}
	return i.conclude(ctx, t, v)
}

// answers tells an answer about the delivery from a failure of this process.
func answers(err error) bool {
	for _, e := range []error{provider.ErrMalformed, provider.ErrMisconfigured, provider.ErrNoLockfile, provider.ErrNoRepository,
		provider.ErrNoCommit, provider.ErrDenied, provider.ErrTooLarge, provider.ErrUnavailable, provider.ErrSignature, provider.ErrForbidden} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// verdictError is a delivery that starts nothing, and why.
type verdictError struct {
	status status.Event
	err    error
}

func (e *verdictError) Error() string { return e.err.Error() }
func (e *verdictError) Unwrap() error { return e.err }

// conclude writes down that nothing came of a delivery.
func (i *Intake) conclude(ctx context.Context, t *task, v *verdictError) error {
	d := *t.d
	describe(&d, t.events)
	d.Status, d.Error, d.ProcessedAt = v.status, v.Error(), i.Now()
	err := i.store.Tx(ctx, func(tx store.Tx) error {
		tx.Notify(store.TopicDeliveries)
		return tx.Deliveries().Save(ctx, &d, status.EventReceived)
	})
	if errors.Is(err, engine.ErrConflict) {
		return nil
	}
	return err
}

func (i *Intake) load(ctx context.Context, id engine.DeliveryID) (*task, error) {
	t := &task{}
	err := i.store.View(ctx, func(tx store.Tx) (err error) {
		if t.d, err = tx.Deliveries().Get(ctx, id); err != nil || t.d.Status != status.EventReceived {
			return err
		}
		if t.body, err = tx.Deliveries().Payload(ctx, id); err != nil {
			return err
		}
		if t.d.Source == "" {
			return nil
		}
		t.source, err = tx.Sources().Find(ctx, string(t.d.Source))
		return err
	})
	switch {
	case errors.Is(err, engine.ErrNotFound) && t.d != nil:
		return nil, i.conclude(ctx, t, &verdictError{status.EventFailed, errors.New("the source or the payload has been removed")})
	case errors.Is(err, engine.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case t.d.Status != status.EventReceived:
		return nil, nil
	}
	if t.source != nil {
		if t.p, err = i.provider(t.source); err != nil {
			return nil, i.conclude(ctx, t, &verdictError{status.EventFailed, err})
		}
	}
	return t, nil
}

// decide takes the delivery through the stages.
func (i *Intake) decide(ctx context.Context, t *task) error {
	events, err := i.normalize(ctx, t)
	if err != nil {
		return err
	}
	t.events = events
	all, err := i.across(ctx, t, events)
	if err != nil {
		return err
	}
	for k := range events {
		found, err := i.match(ctx, t, &events[k])
		var v *verdictError
		if errors.As(err, &v) && len(all) > 0 { // others listen to a repository that has no workflows
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	for m := range all {
		if err := i.group(ctx, &all[m]); err != nil {
			return err
		}
	}
	return i.start(ctx, t, events, all)
}

// normalize makes events of what was stored.
func (i *Intake) normalize(ctx context.Context, t *task) ([]provider.Event, error) {
	if t.d.Provider == Internal {
		var s Signal
		if err := json.Unmarshal(t.body, &s); err != nil {
			return nil, fmt.Errorf("%w: stored signal: %w", provider.ErrMalformed, err)
		}
		t.depth, t.only, t.among, t.schedule, t.doubt, t.inside = s.Depth, s.Only, s.Registered, s.Schedule, s.Untrusted, true
		return []provider.Event{s.Event}, nil
	}
	var h headers
	if err := json.Unmarshal(t.d.Headers, &h); err != nil {
		return nil, fmt.Errorf("%w: stored headers: %w", provider.ErrMalformed, err)
	}
	t.header, t.inside, t.path, t.proofs = h.Header, h.Inside, h.Path, h.Proofs
	return t.p.Normalize(ctx, &provider.Inbound{Source: t.source, Header: h.Header, Body: t.body, Path: h.Path})
}
