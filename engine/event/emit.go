package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// EmitLimit is how many events of one name workflows of one source may emit in
// any minute.
const EmitLimit = 100

// maxNames bounds what is remembered for the limit.
const maxNames = 10_000

// ErrReserved: only the house sends events of that name.
var ErrReserved = errors.New("event: the name is reserved")

// RateError tells a job that it has emitted too much.
type RateError struct{ Name string }

func (e *RateError) Error() string {
	return fmt.Sprintf("event: %q was emitted more than %d times within a minute, so it was dropped; put what belongs together into one event", e.Name, EmitLimit)
}

// Emission is an event that a job sends.
type Emission struct {
	Run     engine.RunID
	Key     string // the job's own id of the event; the same again is a duplicate
	Name    string
	Payload json.RawMessage
	Repos   []string // that are to hear it; none is all
}

// Emit takes a job's event in: workflows of the same routing key hear it.
func (r *Router) Emit(ctx context.Context, e Emission) (engine.DeliveryID, error) {
	if e.Name == intake.KindRegistered || e.Name == event.LifecycleRegistrationUpdated {
		return "", fmt.Errorf("%w: %q", ErrReserved, e.Name)
	}
	run, depth, err := r.origin(ctx, e.Run)
	if err != nil {
		return "", err
	}
	if depth+1 > intake.MaxChain {
		return "", fmt.Errorf("%w: %q would be event %d, and %d is the limit", intake.ErrChain, e.Name, depth+1, intake.MaxChain)
	}
	if !r.allow(rateKey{run.RoutingKey, e.Name}, r.Now()) {
		return "", &RateError{e.Name}
	}
	ev, err := intake.Custom(e.Name, e.Payload, intake.Origin{Repo: run.Ref.Repo, RoutingKey: run.RoutingKey})
	if err != nil {
		return "", err
	}
	ev.Key, ev.SenderUsername = string(e.Run)+"/"+e.Key, run.Sender
	return r.Intake.Submit(ctx, intake.Signal{
		Event: ev, Depth: depth + 1, Untrusted: run.Trust == intake.Untrusted, Registered: intake.Registered{RoutingKey: run.RoutingKey, Repos: e.Repos},
	})
}

func (r *Router) origin(ctx context.Context, id engine.RunID) (run *engine.Run, depth int, err error) {
	err = r.store.View(ctx, func(tx store.Tx) error {
		if run, err = tx.Runs().Get(ctx, id); err != nil {
			return err
		}
		depth, err = depthOf(ctx, tx, id)
		return err
	})
	return run, depth, err
}

// rateKey is what the limit counts.
type rateKey struct{ routingKey, name string }

// allow counts an event, unless there have been too many in the minute before.
func (r *Router) allow(k rateKey, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := func(at time.Time) bool { return now.Sub(at) >= time.Minute }
	if _, known := r.rates[k]; !known && len(r.rates) >= maxNames {
		for other, times := range r.rates {
			if old(times[len(times)-1]) {
				delete(r.rates, other)
			}
		}
		if len(r.rates) >= maxNames {
			return false
		}
	}
	times := slices.DeleteFunc(r.rates[k], old)
	if len(times) >= EmitLimit {
		r.rates[k] = times
		return false
	}
	r.rates[k] = append(times, now)
	return true
}
