package cron

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/pattern"
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
	SubmitTx(ctx context.Context, tx store.Tx, s intake.Signal) (intake.Receipt, error)
	Offer(rs ...intake.Receipt)
}

// Scheduler fires schedules. Tick is for one caller at a time.
type Scheduler struct {
	store store.Store
	Config
	log   *slog.Logger
	known map[string]*schedule // by key; nil: to be read from the store
	// looked is when known was last brought up to date; zero: not by this leader.
	looked time.Time
}

// schedule is one that is registered.
type schedule struct {
	key        string
	of         intake.Schedule
	routingKey string
	spec       *pattern.Schedule // nil: it cannot be read, and never fires
	last, next time.Time         // instants; a zero next never comes
}

const (
	// look is how often the registry is looked at.
	look = time.Second
	// handful is how many fire in one transaction.
	handful = 100
)

// New makes the room.
func New(s store.Store, c Config) *Scheduler {
	return &Scheduler{store: s, Config: c, log: c.Log.With("room", "cron")}
}

// Run fires what is due, while this process leads, until ctx ends.
func (s *Scheduler) Run(ctx context.Context) error {
	store.WhileLeading(ctx, s.store, "cron", func(err error) {
		s.log.Error("firing schedules failed and will be tried again", "err", err)
	}, s.lead)
	return nil
}

func (s *Scheduler) lead(ctx context.Context, session store.Session) error {
	s.known, s.looked = nil, time.Time{} // somebody else may have led meanwhile
	for ctx.Err() == nil {
		next, err := s.Tick(ctx, s.Now())
		if err != nil {
			return err
		}
		select {
		case <-session.Lost():
			return store.ErrLost
		default:
		}
		pause := look
		if !next.IsZero() {
			pause = min(look, max(0, next.Sub(s.Now())))
		}
		s.wait(ctx, pause)
	}
	return nil
}

func (s *Scheduler) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Tick fires what is due now, and says when the next is; zero when none is known.
func (s *Scheduler) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	defer func() {
		if err != nil {
			s.known, s.looked = nil, time.Time{} // what was written of it is in the store
		}
	}()
	if err := s.refresh(ctx, now); err != nil {
		return time.Time{}, err
	}
	var due []*schedule
	for _, c := range s.known {
		if !c.next.IsZero() && !c.next.After(now) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, func(a, b *schedule) int { return strings.Compare(a.key, b.key) }) // two that fire at once take turns
	for some := range slices.Chunk(due, handful) {
		if err := s.fire(ctx, now, some); err != nil {
			return time.Time{}, err
		}
	}
	for _, c := range s.known {
		if !c.next.IsZero() && (next.IsZero() || c.next.Before(next)) {
			next = c.next
		}
	}
	return next, nil
}

// fire claims the last instant of each and hands its event over.
func (s *Scheduler) fire(ctx context.Context, now time.Time, due []*schedule) error {
	var receipts []intake.Receipt
	instants := make([]time.Time, len(due))
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		receipts = nil
		for k, c := range due {
			if instants[k] = latest(c.spec, c.last, now); instants[k].IsZero() {
				continue
			}
			first, err := tx.Schedules().Fire(ctx, c.key, instants[k])
			if err != nil {
				return err
			}
			if !first {
				continue
			}
			signal, err := c.signal(instants[k])
			if err != nil {
				return err
			}
			r, err := s.Intake.SubmitTx(ctx, tx, signal)
			if err != nil {
				return err
			}
			receipts = append(receipts, r)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cron: fire: %w", err)
	}
	s.Intake.Offer(receipts...)
	for k, c := range due {
		if c.next = c.spec.Next(now); !instants[k].IsZero() {
			c.last = instants[k]
		}
	}
	return nil
}

// latest is the last instant after one time and not after another; zero when
// there is none. It begins close to the end, since a schedule of every minute may
// have missed a year.
func latest(spec *pattern.Schedule, after, until time.Time) (at time.Time) {
	for back := time.Hour; ; back *= 24 {
		from := until.Add(-back)
		if from.Before(after) || back > 10*365*24*time.Hour {
			from = after
		}
		for next := spec.Next(from); !next.IsZero() && !next.After(until); next = spec.Next(next) {
			at = next
		}
		if !at.IsZero() || from.Equal(after) {
			return at
		}
	}
}

// signal is the event of one instant.
func (c *schedule) signal(at time.Time) (intake.Signal, error) {
	zone := c.of.Timezone
	if zone == "" {
		zone = "UTC"
	}
	body, err := json.Marshal(map[string]string{
		"cronExpression": c.of.Cron, "timezone": zone, "scheduledAt": at.UTC().Format("2006-01-02T15:04:05.000Z"),
	})
	if err != nil {
		return intake.Signal{}, err
	}
	of := c.of
	return intake.Signal{
		Event: provider.Event{Name: event.Schedule, Event: event.Event{
			Type: event.Schedule, Payload: body, TargetBranch: event.InternalBranch, SourceRepo: c.of.Repo,
		}},
		Registered: intake.Registered{RoutingKey: c.routingKey}, Schedule: &of,
	}, nil
}

func keyOf(source engine.SourceID, repo, workflow string, t *lockfile.Trigger) string {
	return strings.Join([]string{string(source), repo, workflow, t.CronExpression, t.Timezone}, "\n")
}
