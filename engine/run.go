package engine

import (
	"time"

	"github.com/kici-dev/kici-go/lockfile/status"
)

// Run is one workflow started for one event.
type Run struct {
	ID         RunID
	Delivery   DeliveryID
	Source     SourceID
	Workflow   string
	Status     status.Run
	Ref        Ref
	Provider   string
	RoutingKey string
	Trust      string
	Sender     string
	Test       bool
	// Parent is the run this one repeats, Original the first of that line.
	Parent      RunID
	Original    RunID
	TriggeredBy string
	CancelledBy string
	Reason      string // why it failed or was cancelled
	// Group is the concurrency group the run belongs to, WaitingSince when it
	// began to wait for its turn there; zero when it has it.
	Group        string
	WaitingSince time.Time
	Timeout      time.Duration
	CreatedAt    time.Time
	StartedAt    time.Time
	FinishedAt   time.Time
}

// Snapshot is what a run was decided from, kept so that it can be explained and
// run again after the repository has moved on. All of it is JSON.
type Snapshot struct {
	Lock  []byte // the workflow's lock file, byte for byte
	Event []byte
	Plan  []byte
}

// Job is one job of a run, or one instance of a matrix.
type Job struct {
	ID    JobID
	Run   RunID
	Name  string // unique within the run: "test (18, linux)"
	Base  string // name in the lock
	Group string // of a generated job
	Place int    // in the plan, for showing
	// Turn is the concurrency group of the job: one of a group runs at a time.
	Turn   string
	Status status.Job
	ByRule bool // skipped by its own rule: its dependents run
	Route  Route
	// Spec is the job as it is dispatched, JSON; Outputs what it gave back.
	Spec    []byte
	Outputs []byte
	// Detail is the whole jobspec.Result without the outputs, JSON; Secrets are
	// secret outputs as the agent sealed them, JSON.
	Detail  []byte
	Secrets []byte
	Needs   []Need
	Reason  string
	// NeedsSatisfied and ReadyAt are set together, once nothing it needs is open.
	NeedsSatisfied bool
	ReadyAt        time.Time
	CreatedAt      time.Time
	StartedAt      time.Time
	FinishedAt     time.Time
}

// Need is one edge of the graph: what a job waits for.
type Need struct {
	Upstream     string
	RunOnFailure bool
}
