package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Config is what the room needs to be given.
type Config struct {
	Now   func() time.Time
	NewID func() string // unique in the deployment
	// QueueTimeout bounds how long a job waits for an agent; zero is forever.
	QueueTimeout time.Duration
	// GroupTimeout bounds how long a run waits for its concurrency group; zero is
	// an hour.
	GroupTimeout time.Duration
	// Log hears of runs that begin and end; nil is silence. It is told within the
	// transaction, so one that has to be repeated says it twice.
	Log *slog.Logger
}

// Runs decides about runs. It is safe for concurrent use.
type Runs struct {
	store store.Store
	Config
}

// defaultGroupTimeout is KICI_CONCURRENCY_WAIT_TIMEOUT_MS's.
const defaultGroupTimeout = time.Hour

// New makes the room.
func New(s store.Store, c Config) *Runs {
	if c.GroupTimeout <= 0 {
		c.GroupTimeout = defaultGroupTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Log = c.Log.With("room", "runs")
	return &Runs{store: s, Config: c}
}

// TopicCancel wakes those who hold agents when an attempt is to end.
const TopicCancel = "cancel"

// What callers branch on.
var (
	// ErrFinished: the run is over, so there is nothing to cancel.
	ErrFinished = errors.New("the run is over")
	// ErrUnfinished: only a run that is over can be run again.
	ErrUnfinished = errors.New("the run is not over")
	// ErrTooSoon: the same run was run again a moment ago.
	ErrTooSoon = errors.New("the run was run again a moment ago")
)

// Pseudo-jobs around the jobs of the author.
const (
	InitPrefix    = "__init__"
	FinallyPrefix = "__finally__"
)

// event is one announcement.
func (r *Runs) event(run engine.RunID, job engine.JobID, kind string, data any) engine.Event {
	return engine.Event{Run: run, Job: job, Kind: kind, Data: encode(data), At: r.Now(), Pending: kind == KindRunFinished || kind == KindJobFinished}
}

// Advance starts what may start now. It is always safe to call: it decides from
// what is stored.
func (r *Runs) Advance(ctx context.Context, id engine.RunID) error {
	return r.store.Tx(ctx, func(tx store.Tx) error {
		d, err := r.open(ctx, tx, id)
		if err != nil {
			return err
		}
		return d.advance()
	})
}

// Recover advances every run that is not over, which continues what a crash
// may have cut short between two transactions. One that cannot be advanced does
// not keep the others from it; the error is about all of these.
func (r *Runs) Recover(ctx context.Context) error {
	var failed []error
	err := r.eachUnfinished(ctx, func(run *engine.Run) error {
		if err := r.Advance(ctx, run.ID); err != nil && !errors.Is(err, engine.ErrNotFound) {
			failed = append(failed, fmt.Errorf("runs: recover %s: %w", run.ID, err))
		}
		return context.Cause(ctx)
	})
	return errors.Join(append(failed, err)...)
}

// eachUnfinished goes through the runs that are not over, in pages, outside of
// any transaction.
func (r *Runs) eachUnfinished(ctx context.Context, fn func(*engine.Run) error) error {
	var after engine.RunID
	for {
		var page []engine.Run
		err := r.store.View(ctx, func(tx store.Tx) (err error) {
			page, err = tx.Runs().Unfinished(ctx, after, recoverPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if err := fn(&page[i]); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}

const recoverPage = 500
