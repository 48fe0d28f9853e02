package local

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/grouplock"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// jobGroups is what the lock files of jobs' groups have in the place of a
// workflow's name: such a group reaches across workflows.
const jobGroups = "concurrencyGroup"

// everyGroup adds the functions that the lock file holds to what the author's
// code is asked. An orchestrator evaluates those itself; here the code is ours.
func everyGroup(w *lockfile.Workflow, want *jobspec.Prepare) *jobspec.Prepare {
	for i := range w.Jobs {
		j := w.Jobs[i].Static
		if j == nil || j.ConcurrencyGroup == nil || j.ConcurrencyGroup.Inline == nil {
			continue
		}
		if want == nil {
			want = &jobspec.Prepare{}
		}
		want.Groups = append(want.Groups, i)
	}
	if want != nil {
		slices.Sort(want.Groups)
	}
	return want
}

// turn waits for the workflow's concurrency group.
func (f *flow) turn(ctx context.Context, p *executor.Prepared) (*grouplock.Lock, bool) {
	c := f.lock.Concurrency
	if c == nil || !c.HasGroup {
		return nil, true
	}
	f.result.Group = p.Group
	o := grouplock.Options{
		Workflow: f.lock.Name, Group: p.Group, Max: 1,
		CancelInProgress: c.CancelInProgress == nil || *c.CancelInProgress,
		Waiting:          func(w grouplock.Wait) { f.run.observe(Waiting{Workflow: f.lock.Name, Group: p.Group, Wait: w}) },
	}
	if c.Max != nil {
		o.Max = int(*c.Max)
	}
	lock, failure := f.run.acquire(ctx, o)
	if failure != nil {
		f.fail(failure)
	}
	return lock, failure == nil
}

// jobTurn waits for the job's concurrency group: jobs of other runs of this
// user. Those of this run the scheduler keeps apart.
func (f *flow) jobTurn(ctx context.Context, job *plan.Job) (*grouplock.Lock, *executor.Failure) {
	group := job.ConcurrencyGroup
	if group == "" {
		return nil, nil
	}
	return f.run.acquire(ctx, grouplock.Options{
		Workflow: jobGroups, Group: group, Max: 1,
		Waiting: func(w grouplock.Wait) {
			f.run.observe(Waiting{Workflow: f.lock.Name, Job: job.Name, Group: group, Wait: w})
		},
	})
}

func (r *run) acquire(ctx context.Context, o grouplock.Options) (*grouplock.Lock, *executor.Failure) {
	o.Dir = r.lockDir()
	if n, err := strconv.Atoi(lookup(r.o.Environ, "KICI_LOCAL_LOCK_KILL_GRACE_MS")); err == nil && n > 0 {
		o.KillGrace = time.Duration(n) * time.Millisecond
	}
	lock, err := grouplock.Acquire(ctx, o)
	switch {
	case err == nil:
		return lock, nil
	case ctx.Err() != nil:
		return nil, &executor.Failure{Kind: executor.Interrupted, Message: context.Cause(ctx).Error()}
	default:
		return nil, executor.Broken(err.Error())
	}
}

func (f *flow) release(lock *grouplock.Lock) {
	if lock == nil {
		return
	}
	if err := lock.Release(); err != nil {
		f.run.observe(Notice{Text: err.Error()})
	}
}

func (r *run) lockDir() string {
	if dir := lookup(r.o.Environ, "XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "kici-local-locks")
	}
	return filepath.Join(os.TempDir(), "kici-local-locks-"+strconv.Itoa(os.Getuid()))
}
