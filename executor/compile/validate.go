package compile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// checker validates described workflows; every check adds to the report and
// goes on, so that authors see everything at once.
type checker struct {
	report  *report
	sources *sources
}

// problem is a diagnostic of one workflow at one place.
func (c *checker) problem(f *flow, at place, code Code, hint, format string, args ...any) {
	c.report.add(Diagnostic{
		Code: code, Severity: severityOf(code), File: orFile(at.file, f.file), Line: at.line, Column: at.column, Length: at.length,
		Message: fmt.Sprintf(format, args...), Hint: hint, Workflow: f.Lock.Name,
	})
}

func orFile(file, fallback string) string {
	if file == "" {
		return fallback
	}
	return file
}

func severityOf(code Code) Severity {
	if strings.HasPrefix(string(code), "W") {
		return Warning
	}
	return Error
}

func (c *checker) all(flows []flow) {
	c.duplicateFlows(flows)
	for i := range flows {
		c.flow(&flows[i])
	}
}

// duplicateFlows: names address workflows everywhere, so they are unique.
func (c *checker) duplicateFlows(flows []flow) {
	first := map[string]*flow{}
	for i := range flows {
		f := &flows[i]
		before, taken := first[f.Lock.Name]
		if !taken {
			first[f.Lock.Name] = f
			continue
		}
		d := Diagnostic{
			Code: DuplicateFlow, File: f.file, Workflow: f.Lock.Name,
			Message: fmt.Sprintf("the workflow name %q is already taken by %s of %s", f.Lock.Name, before.Export, before.file),
			Hint:    "rename one of them",
		}
		at := c.sources.name(f.place)
		if before.file == f.file && before.ID == f.ID {
			d.Message = fmt.Sprintf("the workflow %q is exported twice, as %s and as %s", f.Lock.Name, before.Export, f.Export)
			d.Hint = "keep one of the two exports"
		} else if at.file != "" {
			other := c.sources.name(before.place)
			d.Notes = []Note{{File: orFile(other.file, before.file), Line: other.line, Column: other.column, Text: "the other one"}}
		}
		d.File, d.Line, d.Column, d.Length = orFile(at.file, f.file), at.line, at.column, at.length
		c.report.add(d)
	}
}

func (c *checker) flow(f *flow) {
	if strings.TrimSpace(f.Lock.Name) == "" {
		c.problem(f, c.sources.name(f.place), EmptyName, "give the workflow a name", "the workflow's name is empty")
	}
	if len(f.Jobs) == 0 {
		c.problem(f, c.sources.field(f.place, "jobs"), NoJobs, "add a job", "the workflow %q has no jobs, so its runs do nothing", f.Lock.Name)
	}
	c.duration(f, f.place, "timeout", f.Lock.Timeout, 1)
	c.triggers(f)
	for i := range f.Jobs {
		if f.Jobs[i].Lock.Static != nil {
			c.job(f, &f.Jobs[i])
		}
	}
	c.needs(f)
}

// maxDelay is what timers can count: 2³¹−1 milliseconds, almost 25 days.
const maxDelay = math.MaxInt32

// duration checks a number of milliseconds, or of larger units.
func (c *checker) duration(f *flow, owner place, name string, v *float64, unit float64) {
	if v == nil {
		return
	}
	at := c.sources.field(owner, name)
	// Negative and broken numbers have been refused by the factory.
	if *v*unit > maxDelay {
		c.problem(f, at, BadDuration, "leave it out when there is to be no limit",
			"%s: %.0f is too long, the most is %.0f (almost 25 days)", name, *v, math.Floor(maxDelay/unit))
	}
}

func (c *checker) job(f *flow, t *task) {
	j := t.Lock.Static
	if t.Named && strings.TrimSpace(j.Name) == "" {
		c.problem(f, c.sources.name(t.place), EmptyName, "give the job a name, or leave the argument out", "the job's name is empty")
	}
	if !t.Label {
		c.problem(f, t.place, NoRunsOn, "write runsOn: 'default' to say so",
			"job %q does not say where it runs (runsOn); it gets the label \"default\"", j.Name)
	}
	c.labels(f, t)
	c.duration(f, t.place, "timeout", j.Timeout, 1)
	c.duration(f, t.place, "gracePeriod", j.GracePeriod, 1000)
	c.matrix(f, t)
	c.steps(f, t)
}

func (c *checker) labels(f *flow, t *task) {
	j := t.Lock.Static
	at := c.sources.field(t.place, "runsOn")
	if t.Label && len(j.RunsOn) == 0 {
		c.problem(f, at, BadLabels, "name at least one label", "job %q: runsOn has no labels, so no agent is meant", j.Name)
	}
	for _, label := range j.ExcludeLabels {
		if slices.Contains(j.RunsOn, label) {
			c.problem(f, at, BadLabels, "remove it from one of the two",
				"job %q: the label %q is both required and excluded, so no agent can match", j.Name, label)
		}
	}
}

func (c *checker) steps(f *flow, t *task) {
	seen := map[string]bool{}
	for i, s := range t.Lock.Static.Steps {
		at := t.step(c.sources, i)
		c.duration(f, at, "timeout", s.Timeout, 1)
		if seen[s.Name] {
			c.problem(f, c.sources.name(at), DuplicateStep, "logs and outputs are easier to tell apart when names differ",
				"job %q has two steps named %q", t.Lock.Static.Name, s.Name)
		}
		seen[s.Name] = true
	}
}

// maxInstances is how many jobs one matrix may make.
const maxInstances = 256

// matrix checks the static size as published: the product of the dimensions
// plus include; exclude does not count.
func (c *checker) matrix(f *flow, t *task) {
	j := t.Lock.Static
	if j.Matrix == nil || j.Matrix.Type != lockfile.MatrixStatic {
		return
	}
	at := c.sources.field(t.place, "matrix")
	size := len(j.Matrix.Values)
	if j.Matrix.Values == nil {
		size = c.dimensions(f, t, at)
	} else if size == 0 && len(j.Include) == 0 {
		c.problem(f, at, BadMatrix, "add values, or remove the matrix", "job %q: the matrix is empty, so no job would run", j.Name)
	}
	if total := size + len(j.Include); total > maxInstances {
		c.problem(f, at, MatrixTooLarge, fmt.Sprintf("the most is %d; exclude does not count", maxInstances),
			"job %q: the matrix makes %d jobs", j.Name, total)
	}
}

func (c *checker) dimensions(f *flow, t *task, at place) int {
	j := t.Lock.Static
	size := 1
	for name, values := range j.Matrix.Dimensions.All() {
		if len(values) == 0 {
			c.problem(f, c.sources.field(t.place, "matrix."+name), BadMatrix, "add values, or remove the dimension",
				"job %q: the matrix dimension %q is empty, so no job would run", j.Name, name)
		}
		size = min(size*len(values), math.MaxInt32)
	}
	if len(j.Matrix.Dimensions) == 0 {
		size = 0
		if len(j.Include) == 0 {
			c.problem(f, at, BadMatrix, "add a dimension, or remove the matrix", "job %q: the matrix is empty, so no job would run", j.Name)
		}
	}
	return size
}
