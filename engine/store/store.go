package store

import (
	"context"
	"errors"
	"time"
)

// Store remembers. It is safe for concurrent use.
type Store interface {
	// Tx runs fn in a transaction and returns when it is durable. An error or
	// panic of fn leaves nothing behind. fn may be called more than once.
	Tx(ctx context.Context, fn func(Tx) error) error
	// View runs fn on a state that does not change meanwhile. Writing fails.
	View(ctx context.Context, fn func(Tx) error) error
	// Listen wakes on topics. The caller closes the listener.
	Listen(topics ...string) Listener
	// Lead waits until this process leads under that name; see Session.
	Lead(ctx context.Context, name string) (Session, error)
	// Migrate brings the schema up to date. Stores that open together take turns.
	Migrate(ctx context.Context, now time.Time) error
	// Schema tells how far the schema is. It changes nothing.
	Schema(ctx context.Context) (Schema, error)
	Close() error
}

// Schema is how far a database is, and how far this release brings it.
type Schema struct {
	Version int      // 0: there is none yet
	Latest  int      // below Version when a later release migrated it
	Missing []string // names of the migrations in between, in order
}

// Tx is a transaction: the aggregates, and what is to be woken afterwards. It is
// used by one goroutine and not after its function has returned.
type Tx interface {
	Sources() Sources
	Deliveries() Deliveries
	Runs() Runs
	Jobs() Jobs
	Queue() Queue
	Steps() Steps
	Agents() Agents
	Logs() Logs
	Events() Events
	Schedules() Schedules
	Retention() Retention
	Relay() Relay
	Keys() Keys
	Facts() Facts
	// Notify wakes the listeners of a topic after the commit.
	Notify(topic string)
}

// Topics that rooms of the engine wake each other by.
const (
	TopicDeliveries = "deliveries"
	TopicQueue      = "queue"
	TopicRuns       = "runs"
	TopicEvents     = "events" // somebody is to act on one
	TopicDrains     = "drains"
)

// PollInterval bounds what a lost wake-up costs.
const PollInterval = time.Second

// Listener wakes when one of its topics was notified, or a second has passed.
type Listener interface {
	// Wait returns true when woken and false when it is merely time to look; the
	// error is the cause of ctx's end. Notifications that arrive while nobody
	// waits count: the next Wait returns at once, one time.
	Wait(ctx context.Context) (woken bool, err error)
	Close()
}

// Session is leadership: held by one process at a time, until it is closed or
// lost. On Postgres it is a lock of a connection, so that a leader that dies, or
// is cut off, is followed by another; SQLite's one process always leads.
type Session interface {
	Lost() <-chan struct{}
	Close() error
}

// ErrNewerSchema says that a later release has migrated this database.
var ErrNewerSchema = errors.New("store: the database was migrated by a newer release")

// ErrOldSchema says that a database lacks migrations, and that nobody is allowed
// to run them by the way.
var ErrOldSchema = errors.New("store: the database lacks migrations")

// ErrLocked says that another process uses the data directory.
var ErrLocked = errors.New("store: the data directory is in use by another process")

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("store: closed")

// ErrReadOnly says that a View tried to write.
var ErrReadOnly = errors.New("store: a view cannot write")
