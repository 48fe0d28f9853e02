package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"github.com/kici-dev/kici-go/executor"
)

// InProcess returns a runner without children: the engine is called directly.
// Jobs then share a process, which tests of step semantics want and nobody
// else should: a job can end it.
func InProcess(engine executor.Runner) executor.Runner { return inProcess{engine} }

type inProcess struct{ engine executor.Runner }

// Run gives the job what a pool would give it: a cookie of its own.
func (p inProcess) Run(ctx context.Context, t executor.Task) *executor.Result {
	if ctx.Err() != nil {
		return &executor.Result{Status: executor.Cancelled, Reason: context.Cause(ctx).Error()}
	}
	if t.Container != nil {
		// Running on the host what asked for a box would be a lie with effects.
		text := "runner: the job asks for the container " + t.Container.Image + ", and this process starts none"
		return &executor.Result{Status: executor.Failed, Reason: text, Failure: executor.Broken(text)}
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return &executor.Result{Status: executor.Failed, Reason: err.Error(), Failure: executor.Broken(err.Error())}
	}
	job := *t.Job
	job.Cookie = hex.EncodeToString(id[:])
	t.Job = &job
	return p.engine.Run(ctx, t)
}
