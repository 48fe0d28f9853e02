package engine

import (
	"time"

	"github.com/kici-dev/kici-go/lockfile/status"
)

// Source is where deliveries come from: a webhook endpoint, a forge, a
// repository on disk.
type Source struct {
	ID         SourceID
	Name       string // unique; part of the webhook's path
	Kind       string // provider or preset: "forgejo", "generic", "local"
	RoutingKey string
	// Config is JSON of the provider. Secrets in it are sealed before they come here.
	Config    []byte
	Enabled   bool
	CreatedAt time.Time
	UpdatedAt time.Time
	// DeletedAt is when it was removed. Until somebody purges it, it is disabled and
	// can come back; its name is free for others.
	DeletedAt time.Time
}

// Delivery is one inbound event and what became of it: a row of the event log.
type Delivery struct {
	ID         DeliveryID
	Source     SourceID
	Key        string // the sender's own delivery id
	RoutingKey string
	Provider   string
	Event      string
	Action     string
	Ref        Ref
	Status     status.Event
	// Headers is JSON of what was said besides the body, credentials taken out.
	Headers []byte
	// PayloadSize and PayloadHash describe the body even where it is not kept;
	// PayloadOmitted then says why.
	PayloadSize    int64
	PayloadHash    string
	PayloadOmitted string
	Matched        int // workflows that matched
	Error          string
	Trace          []byte // JSON of engine/trigger's decisions
	ReceivedAt     time.Time
	ProcessedAt    time.Time // zero until it has been worked through
}

// Registration is a lock file whose workflows listen to events that come from no
// commit: that of the last push to a repository's default branch.
type Registration struct {
	Source     SourceID
	Ref        Ref
	Provider   string
	RoutingKey string
	Lock       []byte
	// UpdatedAt is when the delivery came in that said so: deliveries are worked
	// through side by side, and the latest has the last word.
	UpdatedAt time.Time
}

// Event announces a change of state. It commits together with the change.
type Event struct {
	Seq  int64 // given by the store, rising within a run
	Run  RunID // empty for what belongs to none
	Job  JobID
	Kind string // "run.started", "job.finished", …
	Data []byte // JSON
	At   time.Time
	// Pending: somebody is still to act on it. Most events only tell.
	Pending bool
}

// DeadEvent is an event that nobody could act on, and why.
type DeadEvent struct {
	Event
	Reason string
}
