package runs

import (
	"fmt"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/route"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// expand multiplies a workflow out into rows. An error is the author's: the
// answers make no plan.
func (d *decision) expand(w *lockfile.Workflow, prepared *jobspec.Prepared, carried map[string]*engine.Job) error {
	resolved, err := prepared.Resolve(w)
	if err != nil {
		return d.fail(err.Error())
	}
	p, err := plan.Build(w, resolved)
	if err != nil {
		return d.fail(err.Error())
	}
	if len(p.Pending) > 0 {
		return d.fail(fmt.Sprintf("the generator at place %d gave no jobs", p.Pending[0].Index))
	}
	made := make([]engine.Job, 0, len(p.Jobs))
	for i := range p.Jobs {
		made = append(made, d.row(w, p, i, carried[p.Jobs[i].Name]))
	}
	d.insert(made...)
	return nil
}

// row is one job of a plan as it is stored.
func (d *decision) row(w *lockfile.Workflow, p *plan.Plan, place int, carried *engine.Job) engine.Job {
	j := &p.Jobs[place]
	row := engine.Job{
		ID: engine.JobID(d.r.NewID()), Run: d.run.ID, Name: j.Name, Base: j.Base, Group: j.Group, Place: place,
		Status: status.JobPending, Spec: encode(jobspec.SpecFor(w, p, j)), CreatedAt: d.r.Now(),
	}
	if j.Lock != nil {
		row.Route = route.Of(j.Lock.RunsOn, j.Lock.ExcludeLabels)
	} else {
		row.Route = route.Of(nil, nil)
	}
	if j.ConcurrencyGroup != "" {
		row.Turn = turnKey(d.run, j.ConcurrencyGroup)
	}
	for _, e := range j.Needs {
		for _, up := range e.Upstream {
			if !slices.ContainsFunc(row.Needs, func(n engine.Need) bool { return n.Upstream == up }) {
				row.Needs = append(row.Needs, engine.Need{Upstream: up, RunOnFailure: e.RunOnFailure})
			}
		}
	}
	if carried != nil {
		row.Status, row.ByRule, row.Outputs, row.Secrets, row.Detail = carried.Status, carried.ByRule, carried.Outputs, carried.Secrets, carried.Detail
		row.NeedsSatisfied, row.ReadyAt, row.StartedAt, row.FinishedAt = true, d.r.Now(), d.r.Now(), d.r.Now()
		row.Reason = "taken over from run " + string(d.run.Parent)
	}
	return row
}

// graph is the plan as far as deciding needs it: names and edges.
func graph(jobs []engine.Job) *plan.Plan {
	p := &plan.Plan{Jobs: make([]plan.Job, 0, len(jobs))}
	for i := range jobs {
		j := plan.Job{Name: jobs[i].Name, Base: jobs[i].Base}
		for _, n := range jobs[i].Needs {
			j.Needs = append(j.Needs, plan.Edge{Need: n.Upstream, Upstream: []string{n.Upstream}, RunOnFailure: n.RunOnFailure})
		}
		p.Jobs = append(p.Jobs, j)
	}
	return p
}
