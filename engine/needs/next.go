package needs

import (
	"github.com/kici-dev/kici-go/lockfile/plan"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Outcome is what is known of a job that has left the pending state.
type Outcome struct {
	Status status.Job
	// ByRule marks a skipped job whose own rule said no; its dependents run.
	ByRule bool
}

// Outcomes maps names of jobs to outcomes; a job that is missing or pending has
// not been decided about. A generator that did not succeed is reported under
// plan.GroupNode of its group.
type Outcomes map[string]Outcome

// Action is what to do with an undecided job.
type Action string

// Actions.
const (
	Start   Action = "start"
	Skip    Action = "skip"
	Cancel  Action = "cancel"
	Wait    Action = "wait"
	Resolve Action = "resolve" // needs are met, but the matrix has to be computed first
)

// Decision is about one undecided job or generator.
type Decision struct {
	Job    string // full name; empty for a generator
	Index  int    // of a generator: its place in the jobs array
	Action Action
	// Reason says why a job is skipped: "upstream_failed: build". For a waiting
	// one it is the name of what it waits for.
	Reason string
}

// Options modify the rules for a whole run.
type Options struct {
	// Cancelled: the run is being cancelled; nothing starts any more.
	Cancelled bool
}

// Next decides about every job of the plan that is still undecided, in plan
// order, followed by the generators whose jobs are not known. Skipping cascades:
// a job whose need is skipped by this very call is skipped too.
func Next(p *plan.Plan, outcomes Outcomes, o Options) []Decision {
	s := &scheduler{plan: p, outcomes: outcomes, decided: map[string]Decision{}, options: o}
	var out []Decision
	for i := range p.Jobs {
		j := &p.Jobs[i]
		if s.undecided(j.Name) {
			out = append(out, s.job(j))
		}
	}
	for _, g := range p.Pending {
		if g.Group != "" && !s.undecided(plan.GroupNode(g.Group)) {
			continue
		}
		d := s.judge(g.Needs)
		d.Index = g.Index
		if d.Action == Start {
			d.Action = Resolve
		}
		out = append(out, d)
	}
	return out
}

// Stuck reports jobs that wait although everything they wait for is over: it
// cannot happen, and a caller that sees it has lost an outcome.
func Stuck(decisions []Decision, running int) bool {
	for _, d := range decisions {
		if d.Action != Wait {
			return false
		}
	}
	return len(decisions) > 0 && running == 0
}

type scheduler struct {
	plan     *plan.Plan
	outcomes Outcomes
	decided  map[string]Decision
	options  Options
}

func (s *scheduler) undecided(name string) bool {
	o, known := s.outcomes[name]
	return !known || o.Status == status.JobPending || o.Status == ""
}

func (s *scheduler) job(j *plan.Job) Decision {
	if d, ok := s.decided[j.Name]; ok {
		return d
	}
	d := s.judge(j.Needs)
	d.Job = j.Name
	if d.Action == Start && j.Unresolved {
		d.Action = Resolve
	}
	s.decided[j.Name] = d
	return d
}

// judge weighs all needs: one that forbids outweighs one that is open.
func (s *scheduler) judge(edges []plan.Edge) Decision {
	if s.options.Cancelled {
		return Decision{Action: Cancel, Reason: "run_cancelled"}
	}
	verdict := Decision{Action: Start}
	for _, e := range edges {
		if e.Open {
			switch s.group(e) {
			case Skip:
				return Decision{Action: Skip, Reason: "upstream_failed: " + e.Need}
			case Wait:
				if verdict.Action == Start {
					verdict = Decision{Action: Wait, Reason: e.Need}
				}
			}
		}
		for _, up := range e.Upstream {
			switch s.upstream(up, e.RunOnFailure) {
			case Skip:
				return Decision{Action: Skip, Reason: "upstream_failed: " + up}
			case Wait:
				if verdict.Action == Start {
					verdict = Decision{Action: Wait, Reason: up}
				}
			}
		}
	}
	return verdict
}

// group says what a group that may still grow means. A generator that failed, or
// that will never run, takes the jobs that need its group along.
func (s *scheduler) group(e plan.Edge) Action {
	if o, known := s.outcomes[e.Need]; known && o.Status.Terminal() {
		return s.upstream(e.Need, e.RunOnFailure)
	}
	for _, g := range s.plan.Pending {
		if plan.GroupNode(g.Group) == e.Need && s.judge(g.Needs).Action == Skip {
			if e.RunOnFailure {
				return Start
			}
			return Skip
		}
	}
	return Wait
}

// upstream says what one needed job means for the job that needs it.
func (s *scheduler) upstream(name string, runOnFailure bool) Action {
	o, known := s.outcomes[name]
	if !known || s.undecided(name) {
		j := s.plan.Find(name)
		if j == nil { // not part of this plan (a single job was asked for)
			return Start
		}
		if s.job(j).Action != Skip {
			return Wait
		}
		o = Outcome{Status: status.JobSkipped}
	}
	switch {
	case !o.Status.Terminal():
		return Wait
	case runOnFailure || o.Status == status.JobSuccess || o.Status == status.JobSkipped && o.ByRule:
		return Start
	}
	return Skip
}
