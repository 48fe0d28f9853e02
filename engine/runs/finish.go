package runs

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/state"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// finish ends the attempt and its job.
func (p *reporting) finish(f *Finished) error {
	p.over()
	p.d.decide = true
	res := f.Result
	p.job.Outputs = res.Outputs
	p.job.Secrets = f.Secrets
	res.Outputs = nil
	prepared := res.Prepared
	res.Prepared = nil
	p.job.Detail = encode(res)
	if err := p.start(); err != nil {
		return err
	}
	how := status.QueueCompleted
	if res.Status == jobspec.Failed {
		how = status.QueueFailed
	}
	if err := p.d.tx.Queue().End(p.d.ctx, p.token, how, res.Reason, p.d.r.Now()); err != nil {
		return err
	}
	if err := p.settle(&res); err != nil {
		return err
	}
	if p.job.Place < 0 && p.job.Status == status.JobSuccess {
		return p.d.prepared(prepared)
	}
	return nil
}

// settle says how the job ended.
func (p *reporting) settle(res *jobspec.Result) error {
	cancelling := p.job.Status == status.JobCancelling
	switch {
	case res.Status == jobspec.Failed:
		p.job.Outputs, p.job.Secrets = nil, nil
		return p.d.end(p.job, res.Reason, state.Fail)
	case cancelling:
		return p.d.end(p.job, first(res.Reason, p.attempt.Cancel), state.Complete)
	case res.Status == jobspec.Cancelled:
		return p.d.end(p.job, res.Reason, state.Cancel)
	case res.Status == jobspec.Skipped:
		p.job.ByRule = true
		return p.d.end(p.job, res.Reason, state.Skip)
	case res.Status == jobspec.Success:
		return p.d.end(p.job, res.Reason, state.Succeed)
	}
	return p.d.end(p.job, "the agent reported the unknown status "+string(res.Status), state.Fail)
}

// prepared turns the answers of the author's code into the plan.
func (d *decision) prepared(answer *jobspec.Prepared) error {
	if d.run.Status == status.RunCancelling {
		return nil
	}
	if answer == nil {
		return d.fail("the prepare phase gave no answer")
	}
	if answer.Skipped {
		d.run.Reason = first(d.run.Reason, "a rule of the workflow said no")
		if err := d.moveRun(d.ending(state.Skip)...); err != nil {
			return err
		}
		return d.finished()
	}
	s, err := d.tx.Runs().Snapshot(d.ctx, d.run.ID)
	if err != nil {
		return err
	}
	w, err := find(s, d.run.Workflow)
	if err != nil {
		return err
	}
	p, err := PlanOf(s)
	if err != nil {
		return err
	}
	p.Prepared = answer
	if err := d.tx.Runs().Replan(d.ctx, d.run.ID, encode(p)); err != nil {
		return err
	}
	if err := d.expand(w, p.whole(answer), nil); err != nil {
		return err
	}
	if w.Concurrency != nil && w.Concurrency.HasGroup && !d.run.Status.Terminal() {
		return d.enterGroup(w, answer.Group)
	}
	return nil
}

// failedStep is the first step that failed, as the agent told it.
func failedStep(j *engine.Job) string {
	var res jobspec.Result
	if json.Unmarshal(j.Detail, &res) != nil {
		return ""
	}
	return res.FailedStep
}

func sortedRuns(m map[engine.RunID]*decision) []engine.RunID { return slices.Sorted(maps.Keys(m)) }

func sortedTokens(m map[engine.Token]*reporting) []engine.Token {
	return slices.SortedFunc(maps.Keys(m), func(a, b engine.Token) int {
		return cmp.Or(cmp.Compare(a.Job, b.Job), cmp.Compare(a.Fence, b.Fence))
	})
}
