package runner

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cgroup"
)

// confined runs a job in a child of its own, in a control group with the job's
// limits. It is best effort: where no group can be made the job runs without,
// as the documentation of limits on plain machines says.
func confined(ctx context.Context, t executor.Task, c Command) *executor.Result {
	var group *cgroup.Group
	result := Once(ctx, t, func(ctx context.Context, stderr io.Writer) (Process, error) {
		p, err := c.launch(ctx, stderr)
		if err != nil {
			return nil, err
		}
		group, err = confine(p.(*hostProcess).cmd.Process.Pid, t.Resources.Limits)
		if err != nil && t.Job.Debug {
			t.Host.Log(executor.PrepareRow, executor.Stderr, fmt.Appendf(nil, "the job runs without its resource limits: %v\n", err))
		}
		return p, nil
	}, c.Handshake)
	if group == nil {
		return result
	}
	// When the child itself was ended it could not say so.
	n, _ := group.Kills()
	result.OutOfMemory = result.OutOfMemory || n > 0
	if result.OutOfMemory && result.Status == executor.Failed {
		result.Explain(t.Resources.OutOfMemory())
	}
	if err := group.Close(); err != nil {
		text := fmt.Sprintf("runner: end what the job left running: %v", err)
		result.Status, result.Reason, result.Failure = executor.Failed, text, executor.Broken(text)
	}
	return result
}

// confine puts a process that has done nothing yet into a new group.
func confine(pid int, l executor.Amount) (*cgroup.Group, error) {
	g, err := cgroup.New(fmt.Sprintf("kici-job-%d", pid), cgroup.Limits{Memory: l.Memory, CPUs: l.CPUs})
	if err != nil {
		return nil, err
	}
	if err := g.Add(pid); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}
