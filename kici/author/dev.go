package author

import (
	"context"

	"github.com/kici-dev/kici-go/kici/internal/dev"
)

// DevOptions say for which repository both tiers run, and how. Dir is required,
// and Event for DevOnce.
type DevOptions = dev.Options

// What a dev shows, and to whom.
type (
	DevAudience = dev.Audience
	DevReady    = dev.Ready
	DevArrival  = dev.Arrival
	DevRun      = dev.Run
	// DevTriggered is what a dev made of an event.
	DevTriggered = dev.Triggered
)

// DevCommitError is a commit of which nothing can be run: it has no lock file,
// say. Its Hint tells what to do. DevRunningError is a second dev for the same
// repository.
type (
	DevCommitError  = dev.CommitError
	DevRunningError = dev.RunningError
)

// ErrDevNotRunning: there is no dev that could be handed an event.
var ErrDevNotRunning = dev.ErrNotRunning

// DevOnce starts an orchestrator and an agent in this process, runs what one
// event of the repository starts at its commit, and returns what became of it:
// what RunLocal does with the working tree, done by the tiers that a server
// consists of. The end of ctx cancels with the workflows' hooks, closing
// DevOptions.Force after that ends everything at once. The error is a
// *RunUsageError, a *DevCommitError or a machine that does not work; a failed
// run is a result.
func DevOnce(ctx context.Context, o DevOptions, observe Observer) (*RunResult, error) {
	return dev.Once(ctx, o, observe)
}

// Dev runs both tiers for a repository until ctx ends. Commits that land on its
// branches and tags that are made are events, and so is what DevTrigger hands in.
// State is kept in the user's state folder, and survives a kill. At the end what
// runs is cancelled with its hooks, and by force once DevOptions.Force is closed;
// interrupted says that something was.
func Dev(ctx context.Context, o DevOptions, a DevAudience) (interrupted bool, err error) {
	return dev.Serve(ctx, o, a)
}

// DevTrigger hands one event to the dev that runs for a repository.
func DevTrigger(ctx context.Context, o DevOptions) (*DevTriggered, error) {
	return dev.Trigger(ctx, o)
}
