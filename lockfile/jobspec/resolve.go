package jobspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// PrepareFor lists what the author's code has to be asked before w can be
// planned; functions that the lock file holds can be called without. It is nil for most workflows, and then no child is bothered.
func PrepareFor(w *lockfile.Workflow) *Prepare {
	want := &Prepare{Rules: len(w.Rules) > 0, Concurrency: w.Concurrency != nil && w.Concurrency.HasGroup}
	for i := range w.Jobs {
		switch j := &w.Jobs[i]; {
		case j.Dynamic != nil:
			want.Generators = append(want.Generators, i)
		case asksMatrix(j):
			want.Matrices = append(want.Matrices, i)
		}
		if asksGroup(&w.Jobs[i]) && w.Jobs[i].Static.ConcurrencyGroup == nil {
			want.Groups = append(want.Groups, i)
		}
	}
	if !want.Rules && !want.Concurrency && want.Generators == nil && want.Matrices == nil && want.Groups == nil {
		return nil
	}
	return want
}

func asksMatrix(j *lockfile.Job) bool {
	return j.Static != nil && j.Static.Matrix != nil && j.Static.Matrix.Type == lockfile.MatrixDynamic
}

func asksGroup(j *lockfile.Job) bool { return j.Static != nil && j.Static.DynamicConcurrencyGroup }

// Resolve puts what the author's code said into the shapes of the plan. The
// answer comes from a process that runs strangers' code: an entry that w does
// not have, or that is not what the answer takes it for, is an error.
func (p *Prepared) Resolve(w *lockfile.Workflow) (plan.Resolved, error) {
	out := plan.Resolved{Matrices: map[string]*lockfile.Matrix{}, Generated: map[int][]lockfile.StaticJob{}}
	for _, i := range slices.Sorted(maps.Keys(p.Matrices)) {
		if i < 0 || i >= len(w.Jobs) || !asksMatrix(&w.Jobs[i]) {
			return out, fmt.Errorf("jobspec: the answer holds a matrix for entry %d of workflow %q, which has no matrix function there", i, w.Name)
		}
		name := w.Jobs[i].Static.Name
		m, err := matrixOf(p.Matrices[i])
		if err != nil {
			return out, fmt.Errorf("jobspec: matrix of job %q: %w", name, err)
		}
		out.Matrices[name] = m
	}
	for _, i := range slices.Sorted(maps.Keys(p.Groups)) {
		if i < 0 || i >= len(w.Jobs) || !asksGroup(&w.Jobs[i]) {
			return out, fmt.Errorf("jobspec: the answer holds a concurrency group for entry %d of workflow %q, which has no function there", i, w.Name)
		}
	}
	out.Groups = p.Groups
	for _, i := range slices.Sorted(maps.Keys(p.Generators)) {
		if i < 0 || i >= len(w.Jobs) || w.Jobs[i].Dynamic == nil {
			return out, fmt.Errorf("jobspec: the answer holds jobs for entry %d of workflow %q, which is no generator", i, w.Name)
		}
		made, err := staticJobs(p.Generators[i])
		if err != nil {
			return out, err
		}
		out.Generated[i] = made
	}
	return out, nil
}

// matrixOf reads what a matrix function returned: a list or lists by name.
func matrixOf(raw json.RawMessage) (*lockfile.Matrix, error) {
	m := &lockfile.Matrix{Type: lockfile.MatrixStatic}
	var err error
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '[' {
		err = json.Unmarshal(raw, &m.Values)
	} else {
		err = json.Unmarshal(raw, &m.Dimensions)
	}
	return m, err
}

func staticJobs(all []Generated) ([]lockfile.StaticJob, error) {
	made := make([]lockfile.StaticJob, 0, len(all))
	for i := range all {
		j, err := all[i].static()
		if err != nil {
			return nil, fmt.Errorf("jobspec: generated job %q: %w", all[i].Name, err)
		}
		made = append(made, j)
	}
	return made, nil
}

// static is the job as the lock file would hold it, had its author written it
// out.
func (g *Generated) static() (lockfile.StaticJob, error) {
	j := lockfile.StaticJob{
		Type: "static", Name: g.Name, RunsOn: g.labels(), Checkout: g.Checkout,
		Include: g.Include, Exclude: g.Exclude, Timeout: positive(g.Timeout), GracePeriod: positive(g.GracePeriod),
	}
	if g.ConcurrencyGroup != "" {
		j.ConcurrencyGroup = &lockfile.Text{Literal: g.ConcurrencyGroup}
	}
	for _, n := range g.Needs {
		j.Needs = append(j.Needs, lockfile.Need{Job: n.Job, Group: n.Group, IfFailed: n.IfFailed})
	}
	if len(g.Matrix) == 0 || string(g.Matrix) == "null" {
		return j, nil
	}
	var err error
	j.Matrix, err = matrixOf(g.Matrix)
	return j, err
}

// labels takes runsOn apart again: the author's code describes it as one
// string, labels joined by commas.
func (g *Generated) labels() lockfile.Labels {
	var out lockfile.Labels
	for label := range strings.SplitSeq(g.RunsOn, ",") {
		if label = strings.TrimSpace(label); label != "" {
			out = append(out, label)
		}
	}
	return out
}

// positive is nil for what the author left out, which arrives as zero.
func positive(v float64) *float64 {
	if v > 0 {
		return &v
	}
	return nil
}

// ReadsChangedFiles tells whether some function of a workflow may look at the
// files an event changed, which are not known before somebody asks git.
func ReadsChangedFiles(w *lockfile.Workflow) bool {
	return len(w.Rules) > 0 || w.Concurrency != nil || slices.ContainsFunc(w.Jobs, func(j lockfile.Job) bool {
		if j.Static == nil {
			return true
		}
		s := j.Static
		return len(s.Rules) > 0 || s.DynamicEnv || s.DynamicEnvironment || s.Env != nil && s.Env.Inline != nil || asksMatrix(&j) ||
			slices.ContainsFunc(s.Steps, func(st lockfile.Step) bool { return st.HasRules })
	})
}
