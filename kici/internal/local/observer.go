package local

import (
	"time"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/kici/internal/grouplock"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// Event is something that happened during a run; a type switch tells what.
type Event interface{ local() }

// Observer hears of events as they happen. Jobs run side by side, so calls
// come from several goroutines, those of one job one at a time. A call that
// blocks slows the job down.
type Observer func(Event)

// Compiled: the workflows were compiled, with or without errors.
type Compiled struct{ Result *compile.Result }

// CheckoutReady: steps will run in Path.
type CheckoutReady struct{ Path string }

// Decided: the event was matched.
type Decided struct{ Decisions []trigger.Decision }

// Notice is a sentence for a person; Debug ones only for who asked.
type Notice struct {
	Text  string
	Debug bool
}

// WorkflowStarted and WorkflowFinished enclose everything about a workflow.
type WorkflowStarted struct{ Workflow string }

// WorkflowFinished carries the outcome.
type WorkflowFinished struct{ Result WorkflowResult }

// Planned: it is known which jobs there are and what they wait for.
type Planned struct {
	Workflow string
	Plan     *plan.Plan
}

// Waiting: another run of the same concurrency group is under way, or for a job
// another job.
type Waiting struct {
	Workflow, Group string
	Job             string // empty for the group of the workflow
	Wait            grouplock.Wait
}

// JobStarted and JobFinished enclose a job. Prepare and hooks of a workflow are
// jobs named "__prepare__" and "__finally__".
type JobStarted struct{ Workflow, Job string }

// JobFinished carries the outcome, also of jobs that never started.
type JobFinished struct {
	Workflow string
	Result   JobResult
}

// RuleEvaluated: a rule of the workflow, the job or a step was asked.
type RuleEvaluated struct {
	Workflow, Job string
	Row           int // executor.PrepareRow for rules outside of steps
	Rule          executor.RuleResult
}

// StepStarted and StepFinished enclose a row: a step, a hook, an init.
type StepStarted struct {
	Workflow, Job string
	Row           executor.Row
}

// StepFinished carries the outcome of a row.
type StepFinished struct {
	Workflow, Job string
	Result        executor.RowResult
}

// Output is what a row printed, masked, cut anywhere. Data is only lent.
type Output struct {
	Workflow, Job string
	Row           int
	Stream        executor.Stream
	Data          []byte
}

// Emitted: a job sent an event of its own.
type Emitted struct {
	Workflow, Job string
	Emission      executor.Emission
	Followed      bool
}

// Kept: the checkout was not removed.
type Kept struct{ Path string }

func (Compiled) local()         {}
func (CheckoutReady) local()    {}
func (Decided) local()          {}
func (Notice) local()           {}
func (WorkflowStarted) local()  {}
func (WorkflowFinished) local() {}
func (Planned) local()          {}
func (Waiting) local()          {}
func (JobStarted) local()       {}
func (JobFinished) local()      {}
func (RuleEvaluated) local()    {}
func (StepStarted) local()      {}
func (StepFinished) local()     {}
func (Output) local()           {}
func (Emitted) local()          {}
func (Kept) local()             {}

// Class says how a run ended, for whoever turns it into an exit status.
type Class string

// Classes of a run.
const (
	ClassSuccess     Class = "success" // also when nothing matched
	ClassFailed      Class = "failed"
	ClassCompile     Class = "compile"     // the workflows do not compile
	ClassInterrupted Class = "interrupted" // the caller cancelled
)

// ExitCode is the documented exit status of the class.
func (c Class) ExitCode() int {
	switch c {
	case ClassSuccess:
		return 0
	case ClassInterrupted:
		return 130
	}
	return 1
}

// Result is the outcome of a run.
type Result struct {
	Class     Class
	Compile   *compile.Result
	Decisions []trigger.Decision
	Workflows []WorkflowResult
	Checkout  string // where it was kept; empty when it is gone
	Duration  time.Duration
}

// WorkflowResult is the outcome of a workflow.
type WorkflowResult struct {
	Name     string
	Status   executor.Status
	Reason   string
	Failure  *executor.Failure
	Duration time.Duration
	Rules    []executor.RuleResult
	Jobs     []JobResult
	Hooks    []executor.RowResult // of the workflow itself
	Group    string               // concurrency group
}

// JobResult is the outcome of a job.
type JobResult struct {
	Name   string
	Base   string
	Matrix map[string]string
	executor.Result
	// ByNeeds: skipped because of what became of another job.
	ByNeeds bool
	// Logs holds output by row, when Options.KeepLogs is set.
	Logs map[int]*Log
}

// Log is the stored output of a row.
type Log struct {
	Text      []byte
	Truncated bool
}
