package jobspec

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// SpecFor is one job of the plan p of w as it is stored and sent. The plan has
// to be the whole one: siblings that were cut away would be missing.
func SpecFor(w *lockfile.Workflow, p *plan.Plan, job *plan.Job) Spec {
	s := Spec{
		Kind: KindJob, Workflow: w.Name, Source: w.Source, ContentHash: w.ContentHash, HashFiles: w.ResolvedHashFiles,
		Name: job.Name, Base: job.Base, Group: job.Group, Index: job.Index, Generated: job.Generated,
		Matrix: job.Matrix, Needs: needed(p, job), Lock: job.Lock,
	}
	if job.Generated {
		s.Siblings = siblings(p, job.Index)
	}
	return s
}

// siblings are the names that the generator at that entry gave, once each.
func siblings(p *plan.Plan, index int) []string {
	var out []string
	for i := range p.Jobs {
		if j := &p.Jobs[i]; j.Generated && j.Index == index && !slices.Contains(out, j.Base) {
			out = append(out, j.Base)
		}
	}
	return out
}

// needed are the base names of what a job needs directly, in order.
func needed(p *plan.Plan, job *plan.Job) []string {
	var out []string
	for _, edge := range job.Needs {
		for _, name := range edge.Upstream {
			base := name
			if up := p.Find(name); up != nil {
				base = up.Base
			}
			if !slices.Contains(out, base) {
				out = append(out, base)
			}
		}
	}
	return out
}

// Upstream are the outputs that a job may read: of everything it needs,
// directly or not. Instances of a matrix also appear joined, under the name of
// their job. Jobs that gave nothing are missing from outputs and from the
// result.
func Upstream(p *plan.Plan, job *plan.Job, outputs map[string]json.RawMessage) map[string]json.RawMessage {
	u := upstream{plan: p, outputs: outputs, seen: map[string]bool{}, out: map[string]json.RawMessage{}, joined: map[string]map[string]json.RawMessage{}}
	u.visit(job)
	for base, by := range u.joined {
		if raw, err := joinMatrix(by); err == nil {
			u.out[base] = raw
		}
	}
	return u.out
}

type upstream struct {
	plan    *plan.Plan
	outputs map[string]json.RawMessage
	seen    map[string]bool
	out     map[string]json.RawMessage
	joined  map[string]map[string]json.RawMessage // by job, then by suffix
}

func (u *upstream) visit(j *plan.Job) {
	for _, edge := range j.Needs {
		for _, name := range edge.Upstream {
			up := u.plan.Find(name)
			if up == nil || u.seen[name] {
				continue
			}
			u.seen[name] = true
			u.take(up)
			u.visit(up)
		}
	}
}

func (u *upstream) take(up *plan.Job) {
	raw, ok := u.outputs[up.Name]
	if !ok {
		return
	}
	u.out[up.Name] = raw
	if len(up.Matrix) == 0 {
		return
	}
	if u.joined[up.Base] == nil {
		u.joined[up.Base] = map[string]json.RawMessage{}
	}
	u.joined[up.Base][plan.Suffix(up.Matrix)] = raw
}

// joinMatrix is {byMatrix, merged}; in merged the later suffix wins a key.
func joinMatrix(by map[string]json.RawMessage) (json.RawMessage, error) {
	merged := map[string]json.RawMessage{}
	for _, suffix := range slices.Sorted(maps.Keys(by)) {
		var fields map[string]json.RawMessage
		if json.Unmarshal(by[suffix], &fields) == nil {
			maps.Copy(merged, fields)
		}
	}
	return json.Marshal(map[string]any{"byMatrix": by, "merged": merged})
}
