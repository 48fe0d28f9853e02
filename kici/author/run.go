package author

import (
	"context"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/local"
)

// RunOptions say what to run and how: every flag of `kici run local` is a field
// of the same name. Dir and Event are required.
type RunOptions = local.Options

// Observer hears of what happens, while it happens; see RunEvent.
type Observer = local.Observer

// RunEvent is one of the event types below; a type switch tells which.
type RunEvent = local.Event

// Events of a run, in the order of a run's life.
type (
	RunCompiled         = local.Compiled
	RunCheckoutReady    = local.CheckoutReady
	RunDecided          = local.Decided
	RunNotice           = local.Notice
	RunWorkflowStarted  = local.WorkflowStarted
	RunPlanned          = local.Planned
	RunWaiting          = local.Waiting
	RunJobStarted       = local.JobStarted
	RunRuleEvaluated    = local.RuleEvaluated
	RunStepStarted      = local.StepStarted
	RunOutput           = local.Output
	RunEmitted          = local.Emitted
	RunStepFinished     = local.StepFinished
	RunJobFinished      = local.JobFinished
	RunWorkflowFinished = local.WorkflowFinished
	RunKept             = local.Kept
)

// Results of a run.
type (
	RunResult         = local.Result
	RunWorkflowResult = local.WorkflowResult
	RunJobResult      = local.JobResult
	RunStepResult     = executor.RowResult
	RunStep           = executor.Row
	RunRule           = executor.RuleResult
	RunFailure        = executor.Failure
	RunStatus         = executor.Status
	RunStream         = executor.Stream
	RunClass          = local.Class
	// RunUsageError is the error for a flag, a workflow or a job that does not
	// exist; commands end with status 2.
	RunUsageError = local.UsageError
)

// Statuses of workflows, jobs and steps, and classes of runs.
const (
	RunSuccess   = executor.Success
	RunFailed    = executor.Failed
	RunSkipped   = executor.Skipped
	RunCancelled = executor.Cancelled

	RunClassSuccess     = local.ClassSuccess
	RunClassFailed      = local.ClassFailed
	RunClassCompile     = local.ClassCompile
	RunClassInterrupted = local.ClassInterrupted

	RunStdout = executor.Stdout
	RunStderr = executor.Stderr

	RunRowStep = executor.RowStep
	RunRowHook = executor.RowHook
	RunRowInit = executor.RowInit
)

// RunLocal compiles the project, runs what the event starts on this machine,
// and returns what became of it. Jobs run in children of this program, so main
// must call kici.ServeChild first; see RunOptions.ChildCommand for the other
// way. The end of ctx cancels with the workflows' hooks, closing
// RunOptions.Force after that ends everything at once. The error is a
// *RunUsageError or a machine that does not work; a failed run is a result.
func RunLocal(ctx context.Context, o RunOptions, observe Observer) (*RunResult, error) {
	return local.Run(ctx, o, observe)
}
