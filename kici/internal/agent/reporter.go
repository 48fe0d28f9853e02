package agent

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/kici/internal/link/sealed"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// Reporter hears what becomes of one assignment. Accepted to Finished are called
// in order, one at a time; a call that blocks slows the job down, and an error
// means that nobody will hear of it any more. The rest comes from several
// goroutines.
type Reporter interface {
	// Accepted: the job has a slot. Nothing has been started yet.
	Accepted(ctx context.Context) error
	// Started: work begins.
	Started(ctx context.Context, at time.Time) error
	// Context describes where the job runs, for who looks at it.
	Context(ctx context.Context, c Context) error
	Step(ctx context.Context, u StepUpdate) error
	Log(ctx context.Context, b LogBatch) error
	// Finished is the last call.
	Finished(ctx context.Context, f Finish) error

	// Emit sends an event of the job's own.
	Emit(ctx context.Context, e executor.Emission) (deliveryID string, err error)
	// Secrets resolves those of an environment that only the job's own code
	// could name.
	Secrets(ctx context.Context, environment string) ([]jobspec.Secret, error)
	// Cache is the store of users' caches, in the scope of this run.
	Cache() cache.Store
}

// Context is where a job runs.
type Context struct {
	At         time.Time
	Sandbox    string // "bare-metal" or "container"
	Runtime    string // what runs the TypeScript, and why when that is unusual
	WorkingDir string
	Ref, SHA   string
}

// StepUpdate is what became of a row of the job: a step, a hook, an init. All of
// it is masked.
type StepUpdate struct {
	executor.Row
	At       time.Time
	Running  bool // it began; the rest is of its end
	Status   executor.Status
	Reason   string // why it was skipped
	Duration time.Duration
	// Tolerated: it failed and the job goes on.
	Tolerated bool
	Failure   *executor.Failure
	Rules     []executor.RuleResult
	Outputs   []byte // JSON
	Bytes     int64  // of output
}

// LogBatch is some lines of one row, executor.PrepareRow for what belongs to no
// step. Chunk counts the batches of a row from 1.
type LogBatch struct {
	Row   int
	Chunk int64
	Lines []string
	At    time.Time // of the first line
}

// Finish is how a job ended.
type Finish struct {
	At      time.Time
	Result  jobspec.Result
	Secrets map[string]sealed.Value // secret outputs, by name
}
