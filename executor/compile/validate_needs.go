package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/lockfile/event"
)

// needs checks names, groups, and the graph they make.
func (c *checker) needs(f *flow) {
	jobs := map[string]*task{}
	groups := map[string]bool{}
	var order []string
	for i := range f.Jobs {
		t := &f.Jobs[i]
		if d := t.Lock.Dynamic; d != nil {
			groups[d.Group] = groups[d.Group] || d.Group != ""
			continue
		}
		name := t.Lock.Static.Name
		if other, taken := jobs[name]; taken {
			c.duplicateJob(f, other, t)
			continue
		}
		jobs[name] = t
		order = append(order, name)
	}
	edges := map[string][]string{}
	for _, name := range order {
		edges[name] = c.needsOf(f, jobs[name], jobs, groups)
	}
	c.cycle(f, order, edges, jobs)
}

func (c *checker) duplicateJob(f *flow, first, second *task) {
	at, other := c.sources.name(second.place), c.sources.name(first.place)
	c.report.add(Diagnostic{
		Code: DuplicateJob, File: orFile(at.file, f.file), Line: at.line, Column: at.column, Length: at.length, Workflow: f.Lock.Name,
		Message: fmt.Sprintf("workflow %q has two jobs named %q", f.Lock.Name, second.Lock.Static.Name),
		Hint:    "rename one of them",
		Notes:   []Note{{File: orFile(other.file, f.file), Line: other.line, Column: other.column, Text: "the other one"}},
	})
}

// needsOf reports bad needs and returns the sound ones, as edges.
func (c *checker) needsOf(f *flow, t *task, jobs map[string]*task, groups map[string]bool) []string {
	j := t.Lock.Static
	var edges []string
	for i, need := range j.Needs {
		at := c.sources.field(t.place, fmt.Sprintf("needs[%d]", i))
		switch {
		case need.Group != "":
			if !groups[need.Group] {
				c.problem(f, at, UnknownNeed, fmt.Sprintf("generate it with dynamicJob('%s', …)", need.Group),
					"job %q needs the group %q, which no dynamicJob() of the workflow makes", j.Name, need.Group)
			}
		case need.Job == j.Name:
			c.problem(f, at, SelfNeed, "remove the entry", "job %q needs itself", j.Name)
		case jobs[need.Job] == nil:
			c.problem(f, at, UnknownNeed, c.needHint(need.Job, jobs, groups),
				"job %q needs %q, which is no job of workflow %q", j.Name, need.Job, f.Lock.Name)
		default:
			if !slices.Contains(edges, need.Job) {
				edges = append(edges, need.Job)
			}
		}
	}
	return edges
}

func (c *checker) needHint(name string, jobs map[string]*task, groups map[string]bool) string {
	if groups[name] {
		return fmt.Sprintf("%q is a group: write dynamicGroup('%s')", name, name)
	}
	names := make([]string, 0, len(jobs))
	for n := range jobs {
		names = append(names, n)
	}
	slices.Sort(names)
	if near := event.Nearest(name, names); len(near) > 0 {
		return fmt.Sprintf("did you mean %q?", near[0])
	}
	return "add the job to the workflow's jobs; jobs made by a function are needed by their group, with dynamicGroup()"
}

// cycle removes jobs whose needs are met until none is left; what stays is the
// cycle and whatever hangs behind it.
func (c *checker) cycle(f *flow, order []string, edges map[string][]string, jobs map[string]*task) {
	done := map[string]bool{}
	for progress := true; progress; {
		progress = false
		for _, name := range order {
			if !done[name] && !slices.ContainsFunc(edges[name], func(n string) bool { return !done[n] }) {
				done[name], progress = true, true
			}
		}
	}
	stuck := slices.DeleteFunc(slices.Clone(order), func(n string) bool { return done[n] })
	if len(stuck) == 0 {
		return
	}
	path := walkCycle(stuck[0], edges, done)
	c.problem(f, c.sources.field(jobs[path[0]].place, "needs"), NeedsCycle, "remove one of the needs",
		"the jobs of workflow %q wait for each other: %s", f.Lock.Name, strings.Join(append(path, path[0]), " -> "))
}

// walkCycle follows unmet needs until a job comes up twice: that is the cycle
// itself, without the jobs that merely wait behind it.
func walkCycle(from string, edges map[string][]string, done map[string]bool) []string {
	var path []string
	for at := from; ; {
		if i := slices.Index(path, at); i >= 0 {
			return path[i:]
		}
		path = append(path, at)
		next := slices.IndexFunc(edges[at], func(n string) bool { return !done[n] })
		at = edges[at][next]
	}
}
