package kici

import (
	"context"
	"io"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/kici-dev/kici-go/executor/expr"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/workflow"
)

// childGC relaxes the garbage collector of a child: it lives for one run, and
// evaluating a bundle makes much garbage in little time.
const childGC = 400

// ServeChild runs jobs or evaluates expressions for a parent process when args
// say that this process is a child; handled is false otherwise, and nothing has happened. It must be the
// first call of main, with the program's real standard streams: whatever else
// main does would be done by every child as well. It returns when the parent
// closes stdin, when it ends, or on SIGTERM; the program should exit then.
func ServeChild(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) (handled bool, err error) {
	if expr.IsWorker(args) {
		return true, expr.Serve(stdin, stdout)
	}
	if !runner.IsChild(args) {
		return false, nil
	}
	debug.SetGCPercent(childGC)
	// TERM comes when the parent dies. It has to be caught: a child that dies
	// of it leaves behind what its steps have started.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	return true, serveJobs(ctx, stdin, stdout)
}

// serveJobs runs jobs whose commands cannot hide from their end.
func serveJobs(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	family, err := proc.Adopt()
	if err != nil {
		return err
	}
	reapCtx, stop := context.WithCancel(context.WithoutCancel(ctx)) // jobs end after ctx
	var reaping sync.WaitGroup
	defer reaping.Wait()
	defer stop()
	reaping.Go(func() { family.Run(reapCtx) })
	engine := workflow.New(workflow.Options{Processes: func(cookie string) workflow.Processes { return family.Open(cookie) }})
	return runner.Serve(ctx, engine, stdin, stdout)
}
