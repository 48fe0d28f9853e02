package store

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Sources are where deliveries come from.
type Sources interface {
	// Put inserts or replaces by id. A name that another source has is ErrExists.
	Put(ctx context.Context, s *engine.Source) error
	// Find looks by id, then by name. Removed sources are found and listed too.
	Find(ctx context.Context, idOrName string) (*engine.Source, error)
	List(ctx context.Context) ([]engine.Source, error)
	// Delete removes the source and its registrations.
	Delete(ctx context.Context, id engine.SourceID) error
	// Register replaces the registration of a source's repository, unless that is
	// of a later time, which is an engine.ErrConflict. Registration gets it, and
	// Registrations lists those of sources that are not disabled, in a stable order
	// and without their lock files, which may be large.
	Register(ctx context.Context, r *engine.Registration) error
	Registration(ctx context.Context, id engine.SourceID, repo string) (*engine.Registration, error)
	Registrations(ctx context.Context) ([]engine.Registration, error)
	Unregister(ctx context.Context, id engine.SourceID, repo string) error
}

// Key is remembered until a time.
type Key struct {
	Key   string
	Until time.Time
}

// Received is a delivery with its payload; a nil payload is not kept.
type Received struct {
	engine.Delivery
	Payload []byte
}

// Deliveries are the event log with its payloads, and the memory of what came
// before.
type Deliveries interface {
	// First reports whether key was not seen in the time before, and remembers it
	// until then. Of several that ask at the same time, one is first.
	First(ctx context.Context, key string, now, until time.Time) (bool, error)
	// Firsts is First for many, each at its place. Of equal keys the first in line
	// is first.
	Firsts(ctx context.Context, now time.Time, keys ...Key) ([]bool, error)
	// Insert stores a delivery and its payload; a nil payload is not kept.
	Insert(ctx context.Context, d *engine.Delivery, payload []byte) error
	// InsertAll is Insert for many.
	InsertAll(ctx context.Context, ds ...Received) error
	// Save stores what became of a delivery whose status still is was; otherwise
	// ErrConflict. Of several that work through one, one gets to say so.
	Save(ctx context.Context, d *engine.Delivery, was status.Event) error
	// SaveAll is Save for many, and tells of each whether it was stored. Where Save
	// says ErrConflict it says no.
	SaveAll(ctx context.Context, was status.Event, ds ...*engine.Delivery) ([]bool, error)
	Get(ctx context.Context, id engine.DeliveryID) (*engine.Delivery, error)
	Payload(ctx context.Context, id engine.DeliveryID) ([]byte, error)
	// Open lists what was received and not worked through, oldest first.
	Open(ctx context.Context, limit int) ([]engine.Delivery, error)
	// Recent lists the log, newest first, starting before a time (zero: now).
	Recent(ctx context.Context, before time.Time, limit int) ([]engine.Delivery, error)
}

// RunFilter chooses runs of a list. Of what is empty any will do.
type RunFilter struct {
	Statuses []status.Run // one of them
	Workflow string
	Repo     string
	Since    time.Time // created then or later
	Limit    int
	Skip     int // so many of the newest are left out
}

// Runs are runs with their snapshots.
type Runs interface {
	Insert(ctx context.Context, r *engine.Run, s *engine.Snapshot) error
	// InsertAll is Insert for many; a run and its snapshot have the same place.
	InsertAll(ctx context.Context, rs []engine.Run, ss []engine.Snapshot) error
	Get(ctx context.Context, id engine.RunID) (*engine.Run, error)
	Snapshot(ctx context.Context, id engine.RunID) (*engine.Snapshot, error)
	// Event is that of the snapshot, without the lock file, which may be large.
	Event(ctx context.Context, id engine.RunID) ([]byte, error)
	// Plan is that of the snapshot.
	Plan(ctx context.Context, id engine.RunID) ([]byte, error)
	// Lock is Get that makes other transactions wait that want to decide about
	// the same run.
	Lock(ctx context.Context, id engine.RunID) (*engine.Run, error)
	// Save stores what can change of a run whose status still is was; otherwise
	// ErrConflict.
	Save(ctx context.Context, r *engine.Run, was status.Run) error
	// Replan replaces the plan of a run's snapshot: more of it became known.
	Replan(ctx context.Context, id engine.RunID, plan []byte) error
	// InGroup lists the unfinished runs of a concurrency group, oldest first,
	// Overdue the unfinished ones whose timeout is over, and Waiting those that
	// have waited for their group since a time or longer.
	InGroup(ctx context.Context, group string) ([]engine.Run, error)
	Overdue(ctx context.Context, now time.Time, limit int) ([]engine.Run, error)
	Waiting(ctx context.Context, since time.Time, limit int) ([]engine.Run, error)
	// Unfinished lists runs that are not terminal, oldest first, after an id
	// (empty: from the start).
	Unfinished(ctx context.Context, after engine.RunID, limit int) ([]engine.Run, error)
	// Recent lists newest first, starting before a time (zero: now).
	Recent(ctx context.Context, before time.Time, limit int) ([]engine.Run, error)
	// List lists newest first what a filter lets through. It looks at little more
	// than it gives, however many runs there are.
	List(ctx context.Context, f RunFilter) ([]engine.Run, error)
	// Of lists the runs a delivery started, and Repeats those that repeat a run.
	Of(ctx context.Context, d engine.DeliveryID) ([]engine.Run, error)
	Repeats(ctx context.Context, original engine.RunID) ([]engine.Run, error)
}

// Jobs are the jobs of runs, with what they need.
type Jobs interface {
	Insert(ctx context.Context, jobs ...engine.Job) error
	Get(ctx context.Context, id engine.JobID) (*engine.Job, error)
	// Alone is Get without what the job needs.
	Alone(ctx context.Context, id engine.JobID) (*engine.Job, error)
	// Of lists the jobs of a run in the order of the plan.
	Of(ctx context.Context, run engine.RunID) ([]engine.Job, error)
	// Save stores what can change of a job whose status still is was; otherwise
	// ErrConflict.
	Save(ctx context.Context, j *engine.Job, was status.Job) error
	// Turn lists the unfinished jobs of a concurrency group whose needs are
	// satisfied, in the order in which they became so.
	Turn(ctx context.Context, group string) ([]engine.Job, error)
	// Needs replaces what a job needs: a group became known.
	Needs(ctx context.Context, j *engine.Job) error
}

// Claim asks for work.
type Claim struct {
	Agent engine.AgentID
	// Agents are those that take part, in turn, where they are several: each
	// attempt is the next one's.
	Agents []engine.AgentID
	Routes []engine.Route // what all of them may take
	Limit  int
	Now    time.Time
	// AckDeadline is when the agent must have answered.
	AckDeadline time.Time
	// NewID makes the id of an attempt.
	NewID func() engine.AttemptID
}

// Backlog is how much waits on a route. Oldest is when the first in line came.
type Backlog struct {
	Route  engine.Route
	Count  int
	Oldest time.Time
}

// Queue is the dispatch queue and the attempts made from it.
type Queue interface {
	Enqueue(ctx context.Context, entries ...engine.Entry) error
	Get(ctx context.Context, job engine.JobID) (*engine.Entry, error)
	// Backlog counts up to most jobs of each route: it costs the same however long
	// the line is.
	Backlog(ctx context.Context, now time.Time, most int) ([]Backlog, error)
	// Claim takes the oldest waiting jobs of the routes, each for one caller only,
	// with a fence above all before.
	Claim(ctx context.Context, c Claim) ([]engine.Attempt, error)
	// Check gives the attempt of a token that may write, or ErrStale. Until the
	// transaction ends the job is not given out again.
	Check(ctx context.Context, t engine.Token) (*engine.Attempt, error)
	// Save stores what can change of an attempt that may write.
	Save(ctx context.Context, a *engine.Attempt) error
	// Alive notes signs of life; stale tokens are passed over.
	Alive(ctx context.Context, now time.Time, tokens ...engine.Token) error
	// End closes the attempt and the entry: completed, failed, cancelled.
	End(ctx context.Context, t engine.Token, how status.Queue, reason string, now time.Time) error
	// Requeue closes the attempt and offers the job again from a time on. A try
	// that does not count (the agent was busy) is taken back.
	Requeue(ctx context.Context, t engine.Token, reason string, now, from time.Time, counts bool) error
	// Drop takes a job that nobody has out of the queue; ErrConflict if somebody has.
	Drop(ctx context.Context, job engine.JobID, how status.Queue, reason string) error
	// Expired lists waiting entries whose time is over.
	Expired(ctx context.Context, now time.Time, limit int) ([]engine.Entry, error)
	// Unacked lists open attempts past their deadline without an answer, Silent
	// those without a sign of life since a time, Held those an agent has.
	Unacked(ctx context.Context, now time.Time, limit int) ([]engine.Attempt, error)
	Silent(ctx context.Context, since time.Time, limit int) ([]engine.Attempt, error)
	Held(ctx context.Context, agent engine.AgentID) ([]engine.Attempt, error)
	// Attempt is one of them, open or ended; Attempts lists all of a job, first to
	// last.
	Attempt(ctx context.Context, id engine.AttemptID) (*engine.Attempt, error)
	Attempts(ctx context.Context, job engine.JobID) ([]engine.Attempt, error)
}

// Steps are the steps of attempts.
type Steps interface {
	// Put inserts or replaces by attempt, index and kind, each once in a call.
	Put(ctx context.Context, steps ...engine.Step) error
	Of(ctx context.Context, attempt engine.AttemptID) ([]engine.Step, error)
}

// Agents are the machines and the tokens that let them in.
type Agents interface {
	Put(ctx context.Context, a *engine.Agent) error
	Get(ctx context.Context, id engine.AgentID) (*engine.Agent, error)
	List(ctx context.Context) ([]engine.Agent, error)
	// Gone notes the end of a connection, unless there is a later one.
	Gone(ctx context.Context, id engine.AgentID, generation int64, now time.Time) error

	AddToken(ctx context.Context, t *engine.AgentToken) error
	// Token finds by hash; whether it is Valid the caller asks.
	Token(ctx context.Context, hash []byte) (*engine.AgentToken, error)
	Tokens(ctx context.Context) ([]engine.AgentToken, error)
	UseToken(ctx context.Context, id engine.TokenID, now time.Time) error
	RevokeToken(ctx context.Context, id engine.TokenID, now time.Time) error

	// Drain notes that an agent is to take no more jobs, from the first time it was
	// said, Undrain that it may again, and Drains lists them.
	Drain(ctx context.Context, id engine.AgentID, now time.Time) error
	Undrain(ctx context.Context, id engine.AgentID) error
	Drains(ctx context.Context) ([]engine.Drain, error)
}

// Keys are those of authors. Unknown ids are ErrNotFound.
type Keys interface {
	Add(ctx context.Context, k *engine.APIKey) error
	// Find looks by hash; whether it is Valid the caller asks.
	Find(ctx context.Context, hash []byte) (*engine.APIKey, error)
	List(ctx context.Context) ([]engine.APIKey, error)
	Use(ctx context.Context, id engine.APIKeyID, now time.Time) error
	// Route replaces the patterns of what a key may see.
	Route(ctx context.Context, id engine.APIKeyID, patterns []string) error
	Revoke(ctx context.Context, id engine.APIKeyID, now time.Time) error
}

// Facts are what a deployment knows of itself, such as its name.
type Facts interface {
	// Get gives ErrNotFound for what was never put, or put as nothing.
	Get(ctx context.Context, name string) (string, error)
	Put(ctx context.Context, name, value string) error
}

// Loose is a step of an ended attempt whose log has chunks in the store.
type Loose struct {
	Ended   time.Time // the attempt
	Attempt engine.AttemptID
	Step    int
	Stored  int64 // bytes of the chunks
}

// Logs are the log chunks of steps, and where those lie that were sealed.
type Logs interface {
	// Append stores chunks. Whoever appends to an attempt has it by Queue.Check, so
	// that there is one at a time; two that append the same line are ErrExists.
	Append(ctx context.Context, chunks ...engine.Chunk) error
	// End is where a step's log has got to, sealed or not.
	End(ctx context.Context, a engine.AttemptID, step int) (engine.LogEnd, error)
	// Steps lists what the steps of an attempt have logged, by step.
	Steps(ctx context.Context, a engine.AttemptID) ([]engine.StepLog, error)
	// Read gives chunks in order, from the one that holds a line.
	Read(ctx context.Context, a engine.AttemptID, step int, line int64, limit int) ([]engine.Chunk, error)
	// After gives chunks of all steps in the order they arrived, after a place.
	After(ctx context.Context, a engine.AttemptID, place int64, limit int) ([]engine.Chunk, error)
	// Seal remembers the blob and drops the chunks it holds. was is the blob of the
	// seal that it replaces, empty for none; when that is no longer true the error
	// is ErrConflict.
	Seal(ctx context.Context, s *engine.Seal, was string) error
	// Sealed lists the seals of an attempt by step.
	Sealed(ctx context.Context, a engine.AttemptID) ([]engine.Seal, error)
	// Loose lists what can be sealed of attempts that ended before a time, in the
	// order of its fields, after one of them.
	Loose(ctx context.Context, after Loose, before time.Time, limit int) ([]Loose, error)
}

// Events are the outbox.
type Events interface {
	// Append gives numbers and stores; only those marked as pending have to be
	// confirmed. It locks the runs of the events, so that
	// numbers of one run become visible in their order.
	Append(ctx context.Context, events ...engine.Event) error
	// After follows one run: what came after a number.
	After(ctx context.Context, run engine.RunID, seq int64, limit int) ([]engine.Event, error)
	// Since follows all runs: what has a number above one. A number may appear after
	// a higher one of another run, for as long as a transaction takes.
	Since(ctx context.Context, seq int64, limit int) ([]engine.Event, error)
	// Last is the highest number there is.
	Last(ctx context.Context) (int64, error)
	// Pending lists what nobody has confirmed with Done, in order. Across runs a
	// number may appear after a higher one; it is never passed over.
	Pending(ctx context.Context, limit int) ([]engine.Event, error)
	Done(ctx context.Context, seqs ...int64) error
	// Bury gives an event up: it is done, and Dead lists it with the reason, after
	// a number, until Revive makes it pending again or its run is removed.
	Bury(ctx context.Context, seq int64, reason string) error
	Dead(ctx context.Context, after int64, limit int) ([]engine.DeadEvent, error)
	Revive(ctx context.Context, seq int64) error
	// Discard takes an event off the list of Dead for good.
	Discard(ctx context.Context, seq int64) error
}

// Schedules remember when each fired last.
type Schedules interface {
	Fired(ctx context.Context) (map[string]time.Time, error)
	// Fire moves a schedule on to an instant and reports whether it was not there
	// before: of several that try, one does it.
	Fire(ctx context.Context, schedule string, instant time.Time) (bool, error)
	// Forget drops schedules that are no more.
	Forget(ctx context.Context, schedules ...string) error
}

// Retention removes what is old, at most limit at a time, so that no
// transaction is long. A caller repeats until less than limit went.
type Retention interface {
	// Runs removes runs that finished before, with everything below them. Their
	// sealed blobs become garbage.
	Runs(ctx context.Context, before time.Time, limit int) (int, error)
	Deliveries(ctx context.Context, before time.Time, limit int) (int, error)
	// Keys removes what First need not remember any more.
	Keys(ctx context.Context, now time.Time, limit int) (int, error)
	// Discard notes blobs that nothing refers to any more, in the transaction that
	// makes it so; Garbage lists them, and Gone forgets those that were deleted.
	// So no crash leaves a blob that nobody knows.
	Discard(ctx context.Context, blobs ...string) error
	Garbage(ctx context.Context, limit int) ([]string, error)
	Gone(ctx context.Context, blobs ...string) error
}
