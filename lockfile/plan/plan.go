package plan

import (
	"fmt"

	"github.com/kici-dev/kici-go/lockfile"
)

// MaxGenerated bounds the jobs one generator may make.
const MaxGenerated = 100

// Plan is a workflow ready to run, as far as it is known.
type Plan struct {
	Workflow *lockfile.Workflow
	Jobs     []Job       // in the order of the lock, instances in matrix order
	Pending  []Generator // generators whose jobs are not known yet
}

// Job is one job, or one instance of a matrix.
type Job struct {
	Name   string      // unique: "test (18, linux)"
	Base   string      // name in the lock: "test"
	Matrix Combination // nil without a matrix
	// Index is the place in the workflow's jobs array, of the job or of the
	// generator that made it.
	Index     int
	Group     string // of a generated job
	Generated bool
	// Unresolved is set while the matrix is a function nobody has called yet:
	// the job stands for instances to come and cannot start.
	Unresolved bool
	Needs      []Edge
	// ConcurrencyGroup is the group whose turn the job waits for; empty when it
	// has none, or when it is a function nobody has called yet.
	ConcurrencyGroup string
	Lock             *lockfile.StaticJob
}

// Generator is a function that makes jobs.
type Generator struct {
	Index int
	Group string
	Needs []Edge
	Lock  *lockfile.DynamicJob
}

// Edge is one need of a job with everything it waits for.
type Edge struct {
	Need string // as the author wrote it; for groups GroupNode
	// RunOnFailure: the job runs whatever became of the ones it waits for.
	RunOnFailure bool
	Upstream     []string // names of jobs; all of them count
	// Open is set while the group may still grow. A group that turned out empty
	// is closed and has no Upstream: it is satisfied.
	Open bool
}

// Resolved is what became known at run time.
type Resolved struct {
	// Matrices holds the values of dynamic matrices, by job name in the lock.
	Matrices map[string]*lockfile.Matrix
	// Generated holds the jobs of generators, by index in the jobs array. A key
	// with no jobs says that the generator made none.
	Generated map[int][]lockfile.StaticJob
	// Groups holds the concurrency groups that functions named, by index in the
	// jobs array.
	Groups map[int]string
}

// Build makes the plan of a workflow.
func Build(w *lockfile.Workflow, r Resolved) (*Plan, error) {
	b := &builder{plan: &Plan{Workflow: w}, resolved: r, instances: map[string][]string{},
		groups: map[string][]string{}, openGroups: map[string]bool{}, names: map[string]bool{}}
	for i := range w.Jobs {
		if err := b.entry(i, &w.Jobs[i]); err != nil {
			return nil, err
		}
	}
	if err := b.connect(); err != nil {
		return nil, err
	}
	return b.plan, nil
}

type builder struct {
	plan       *Plan
	resolved   Resolved
	instances  map[string][]string // names of the instances of a job
	groups     map[string][]string // names of the jobs of a group
	openGroups map[string]bool
	names      map[string]bool
}

func (b *builder) entry(i int, j *lockfile.Job) error {
	if j.Static != nil {
		return b.add(Job{Base: j.Static.Name, Index: i, Lock: j.Static, ConcurrencyGroup: b.resolved.Groups[i]})
	}
	d := j.Dynamic
	if d == nil {
		return fmt.Errorf("plan: job %d of workflow %q is neither static nor dynamic", i, b.plan.Workflow.Name)
	}
	if d.Group != "" && b.groups[d.Group] == nil {
		b.groups[d.Group] = []string{}
	}
	made, known := b.resolved.Generated[i]
	if !known {
		b.plan.Pending = append(b.plan.Pending, Generator{Index: i, Group: d.Group, Lock: d})
		if d.Group != "" {
			b.openGroups[d.Group] = true
		}
		return nil
	}
	if len(made) > MaxGenerated {
		return fmt.Errorf("plan: generator %d of workflow %q made %d jobs, more than %d", i, b.plan.Workflow.Name, len(made), MaxGenerated)
	}
	for k := range made {
		if err := b.add(Job{Base: made[k].Name, Index: i, Group: d.Group, Generated: true, Lock: &made[k]}); err != nil {
			return err
		}
	}
	return nil
}

// add places a job, or all instances of it.
func (b *builder) add(j Job) error {
	if b.instances[j.Base] != nil {
		return fmt.Errorf("plan: two jobs are called %q", j.Base)
	}
	b.instances[j.Base] = []string{}
	if t := j.Lock.ConcurrencyGroup; t != nil && t.Inline == nil {
		j.ConcurrencyGroup = t.Literal
	}
	m := j.Lock.Matrix
	if m != nil && m.Type == lockfile.MatrixDynamic {
		m = b.resolved.Matrices[j.Base]
		j.Unresolved = m == nil
	}
	if m == nil {
		return b.place(j)
	}
	all, err := Expand(m, j.Lock.Include, j.Lock.Exclude)
	if err != nil {
		return fmt.Errorf("plan: job %q: %w", j.Base, err)
	}
	for _, c := range all {
		j.Matrix = c
		if err := b.place(j); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) place(j Job) error {
	j.Name = InstanceName(j.Base, j.Matrix)
	if b.names[j.Name] {
		return fmt.Errorf("plan: two jobs are called %q", j.Name)
	}
	b.names[j.Name] = true
	b.instances[j.Base] = append(b.instances[j.Base], j.Name)
	if j.Group != "" {
		b.groups[j.Group] = append(b.groups[j.Group], j.Name)
	}
	b.plan.Jobs = append(b.plan.Jobs, j)
	return nil
}

// connect resolves needs, then proves that the whole graph can be run.
func (b *builder) connect() error {
	var nodes []Node
	for i := range b.plan.Jobs {
		j := &b.plan.Jobs[i]
		var err error
		if j.Needs, err = b.edges(j.Base, j.Lock.Needs); err != nil {
			return err
		}
		n := Node{ID: j.Name}
		for _, e := range j.Needs {
			n.Needs = append(n.Needs, e.Upstream...)
		}
		nodes = append(nodes, n)
	}
	for i := range b.plan.Pending {
		g := &b.plan.Pending[i]
		var err error
		if g.Needs, err = b.edges(GroupNode(g.Group), g.Lock.Needs); err != nil {
			return err
		}
	}
	_, err := Order(nodes)
	return err
}

func (b *builder) edges(who string, needs []lockfile.Need) ([]Edge, error) {
	var edges []Edge
	for _, n := range needs {
		e := Edge{Need: n.Job, RunOnFailure: n.IfFailed == lockfile.IfFailedRun}
		known := false
		if n.Group != "" {
			e.Need = GroupNode(n.Group)
			e.Upstream, known = b.groups[n.Group]
			e.Open = b.openGroups[n.Group]
		} else {
			e.Upstream, known = b.instances[n.Job]
		}
		if !known {
			return nil, &GraphError{Kind: MissingDependency, Node: who, Need: e.Need}
		}
		edges = append(edges, e)
	}
	return edges, nil
}

// Find returns the job of that full name, or nil.
func (p *Plan) Find(name string) *Job {
	for i := range p.Jobs {
		if p.Jobs[i].Name == name {
			return &p.Jobs[i]
		}
	}
	return nil
}

// Only returns the plan of one job and everything it needs, directly or not;
// nil when there is no job of that full name.
func (p *Plan) Only(name string) *Plan {
	if p.Find(name) == nil {
		return nil
	}
	keep := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if keep[name] {
			return
		}
		keep[name] = true
		for _, e := range p.Find(name).Needs {
			for _, up := range e.Upstream {
				visit(up)
			}
		}
	}
	visit(name)
	out := &Plan{Workflow: p.Workflow, Pending: p.Pending}
	for _, j := range p.Jobs {
		if keep[j.Name] {
			out.Jobs = append(out.Jobs, j)
		}
	}
	return out
}
