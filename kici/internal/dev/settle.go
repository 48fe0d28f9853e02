package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// plan tells which jobs there are, once that is known.
func (f *follower) plan(ctx context.Context) error {
	if f.planned || !f.created {
		return nil
	}
	var s *engine.Snapshot
	err := f.rooms.Store.View(ctx, func(tx store.Tx) (err error) {
		s, err = tx.Runs().Snapshot(ctx, f.run)
		return err
	})
	if err != nil {
		return err
	}
	f.planned = true
	p, err := planOf(s, f.result.Name)
	if err != nil {
		return nil // the run itself says what is wrong with it
	}
	f.observe(local.Planned{Workflow: f.result.Name, Plan: p})
	return nil
}

// planOf builds the plan of a run as engine/runs did.
func planOf(s *engine.Snapshot, workflow string) (*plan.Plan, error) {
	known, err := runs.PlanOf(s)
	if err != nil {
		return nil, err
	}
	file, err := lockfile.Parse(s.Lock)
	if err != nil {
		return nil, err
	}
	for i := range file.Workflows {
		w := &file.Workflows[i]
		if w.Name != workflow {
			continue
		}
		prepared := known.Prepared
		if prepared == nil {
			prepared = &jobspec.Prepared{}
		}
		resolved, err := prepared.Resolve(w)
		if err != nil {
			return nil, err
		}
		return plan.Build(w, resolved)
	}
	return nil, errors.New("dev: the lock file has no such workflow any more")
}

// settle completes the result with what only the records hold, and tells it.
func (f *follower) settle(ctx context.Context, e *engine.Event) error {
	run, jobs, err := f.rooms.Lookup(ctx, f.run)
	if err != nil {
		return err
	}
	told := map[string]local.JobResult{}
	for _, j := range f.result.Jobs {
		told[j.Name] = j
	}
	f.result.Jobs = nil
	for i := range jobs { // in the order of the plan
		row := &jobs[i]
		j, ok := told[row.Name]
		if !ok {
			continue
		}
		var spec jobspec.Spec
		_ = json.Unmarshal(row.Spec, &spec) // engine/runs wrote it
		j.Base, j.Outputs = row.Base, row.Outputs
		if len(spec.Matrix) > 0 {
			j.Matrix = map[string]string{}
			for k, v := range spec.Matrix.All() {
				j.Matrix[k] = v
			}
		}
		f.result.Jobs = append(f.result.Jobs, j)
	}
	f.outcome(run)
	f.result.Duration, f.result.Group = e.At.Sub(run.CreatedAt), run.Group
	f.observe(local.WorkflowFinished{Result: f.result})
	return nil
}

// outcome says how the run ended, in the words of a local run.
func (f *follower) outcome(run *engine.Run) {
	r := &f.result
	r.Reason = run.Reason
	switch run.Status {
	case status.RunSuccess:
		r.Status, r.Failure = executor.Success, nil
	case status.RunSkipped:
		r.Status = executor.Skipped
	case status.RunCancelled:
		r.Status = executor.Cancelled
	default:
		r.Status = executor.Failed
	}
	if r.Reason != "" || r.Status == executor.Success {
		return
	}
	var bad []string
	for i := range r.Jobs {
		if j := &r.Jobs[i]; j.Status == executor.Failed || j.Status == executor.Cancelled || j.ByNeeds {
			bad = append(bad, j.Name)
		}
	}
	switch {
	case len(bad) > 0:
		r.Reason = fmt.Sprintf("jobs that did not succeed: %s", strings.Join(bad, ", "))
	case r.Status == executor.Skipped:
		r.Reason = "every job was skipped by a rule"
	}
}
