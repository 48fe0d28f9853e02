package needs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/plan"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// build reads "a b:a c:b! d:@g g@" — b needs a, c needs b whatever happens, d
// needs group g, which has a generator.
func build(t *testing.T, text string, r plan.Resolved) *plan.Plan {
	t.Helper()
	w := &lockfile.Workflow{Name: "w"}
	for _, f := range strings.Fields(text) {
		name, needs, _ := strings.Cut(f, ":")
		var list []lockfile.Need
		for n := range strings.SplitSeq(needs, ",") {
			if n == "" {
				continue
			}
			var need lockfile.Need
			if rest, ok := strings.CutSuffix(n, "!"); ok {
				n, need.IfFailed = rest, lockfile.IfFailedRun
			}
			if group, ok := strings.CutPrefix(n, "@"); ok {
				need.Group = group
			} else {
				need.Job = n
			}
			list = append(list, need)
		}
		if group, ok := strings.CutSuffix(name, "@"); ok {
			w.Jobs = append(w.Jobs, lockfile.Job{Dynamic: &lockfile.DynamicJob{Group: group, Needs: list}})
		} else if base, ok := strings.CutSuffix(name, "*"); ok {
			w.Jobs = append(w.Jobs, lockfile.Job{Static: &lockfile.StaticJob{Name: base, Needs: list, Matrix: &lockfile.Matrix{Type: lockfile.MatrixStatic, Values: []string{"1", "2"}}}})
		} else if base, ok := strings.CutSuffix(name, "?"); ok {
			w.Jobs = append(w.Jobs, lockfile.Job{Static: &lockfile.StaticJob{Name: base, Needs: list, Matrix: &lockfile.Matrix{Type: lockfile.MatrixDynamic}}})
		} else {
			w.Jobs = append(w.Jobs, lockfile.Job{Static: &lockfile.StaticJob{Name: name, Needs: list}})
		}
	}
	p, err := plan.Build(w, r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func show(ds []Decision) string {
	var parts []string
	for _, d := range ds {
		name := d.Job
		if name == "" {
			name = fmt.Sprintf("#%d", d.Index)
		}
		s := name + "=" + string(d.Action)
		if d.Reason != "" {
			s += "(" + d.Reason + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestNext(t *testing.T) {
	t.Parallel()
	ok, failed, running := Outcome{Status: status.JobSuccess}, Outcome{Status: status.JobFailed}, Outcome{Status: status.JobRunning}
	rule := Outcome{Status: status.JobSkipped, ByRule: true}
	empty := plan.Resolved{Generated: map[int][]lockfile.StaticJob{1: {}}}
	one := plan.Resolved{Generated: map[int][]lockfile.StaticJob{1: {{Name: "x"}}}}
	cases := map[string]struct {
		graph string
		r     plan.Resolved
		o     Outcomes
		opt   Options
		want  string
	}{
		"roots":                   {"a b c:a", plan.Resolved{}, nil, Options{}, "a=start b=start c=wait(a)"},
		"pending counts not":      {"a", plan.Resolved{}, Outcomes{"a": {Status: status.JobPending}}, Options{}, "a=start"},
		"upstream running":        {"a b:a", plan.Resolved{}, Outcomes{"a": running}, Options{}, "b=wait(a)"},
		"upstream done":           {"a b:a", plan.Resolved{}, Outcomes{"a": ok}, Options{}, "b=start"},
		"upstream failed":         {"a b:a", plan.Resolved{}, Outcomes{"a": failed}, Options{}, "b=skip(upstream_failed: a)"},
		"cascade":                 {"a b:a c:b d:c!", plan.Resolved{}, Outcomes{"a": failed}, Options{}, "b=skip(upstream_failed: a) c=skip(upstream_failed: b) d=start"},
		"cascade backwards":       {"c:b b:a a", plan.Resolved{}, Outcomes{"a": failed}, Options{}, "c=skip(upstream_failed: b) b=skip(upstream_failed: a)"},
		"run anyway":              {"a b:a!", plan.Resolved{}, Outcomes{"a": failed}, Options{}, "b=start"},
		"run anyway waits":        {"a b:a!", plan.Resolved{}, Outcomes{"a": running}, Options{}, "b=wait(a)"},
		"rule skipped":            {"a b:a", plan.Resolved{}, Outcomes{"a": rule}, Options{}, "b=start"},
		"need skipped":            {"a b:a", plan.Resolved{}, Outcomes{"a": {Status: status.JobSkipped}}, Options{}, "b=skip(upstream_failed: a)"},
		"timed out":               {"a b:a", plan.Resolved{}, Outcomes{"a": {Status: status.JobTimedOut}}, Options{}, "b=skip(upstream_failed: a)"},
		"dropped":                 {"a b:a", plan.Resolved{}, Outcomes{"a": {Status: status.JobDropped}}, Options{}, "b=skip(upstream_failed: a)"},
		"cancelled job":           {"a b:a", plan.Resolved{}, Outcomes{"a": {Status: status.JobCancelled}}, Options{}, "b=skip(upstream_failed: a)"},
		"failure beats wait":      {"a b c:a,b", plan.Resolved{}, Outcomes{"a": running, "b": failed}, Options{}, "c=skip(upstream_failed: b)"},
		"matrix waits":            {"a* b:a", plan.Resolved{}, Outcomes{"a (1)": ok, "a (2)": running}, Options{}, "b=wait(a (2))"},
		"matrix fails":            {"a* b:a", plan.Resolved{}, Outcomes{"a (1)": ok, "a (2)": failed}, Options{}, "b=skip(upstream_failed: a (2))"},
		"matrix done":             {"a* b:a", plan.Resolved{}, Outcomes{"a (1)": ok, "a (2)": ok}, Options{}, "b=start"},
		"unresolved matrix":       {"a b?:a c:b", plan.Resolved{}, Outcomes{"a": ok}, Options{}, "b=resolve c=wait(b)"},
		"open group":              {"a g@ b:@g", plan.Resolved{}, Outcomes{"a": ok}, Options{}, "b=wait(__group:g) #1=resolve"},
		"generator waits":         {"a g@:a", plan.Resolved{}, Outcomes{"a": running}, Options{}, "#1=wait(a)"},
		"generator skips":         {"a g@:a", plan.Resolved{}, Outcomes{"a": failed}, Options{}, "#1=skip(upstream_failed: a)"},
		"generator skip cascades": {"a g@:a b:@g c:@g!", plan.Resolved{}, Outcomes{"a": failed}, Options{}, "b=skip(upstream_failed: __group:g) c=start #1=skip(upstream_failed: a)"},
		"generator failed":        {"a g@ b:@g c:@g!", plan.Resolved{}, Outcomes{"a": ok, "__group:g": failed}, Options{}, "b=skip(upstream_failed: __group:g) c=start"},
		"empty group":             {"a g@ b:@g", empty, Outcomes{"a": ok}, Options{}, "b=start"},
		"group member":            {"a g@ b:@g", one, Outcomes{"a": ok}, Options{}, "x=start b=wait(x)"},
		"group member failed":     {"a g@ b:@g c:@g!", one, Outcomes{"a": ok, "x": failed}, Options{}, "b=skip(upstream_failed: x) c=start"},
		"run cancelled":           {"a b:a c", plan.Resolved{}, Outcomes{"a": running}, Options{Cancelled: true}, "b=cancel(run_cancelled) c=cancel(run_cancelled)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := show(Next(build(t, c.graph, c.r), c.o, c.opt)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Whatever the graph and whatever fails, following the decisions ends, decides
// about every job, and never starts one before what it needs is over.
func TestEveryRunEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var graph []string
		for i := range 2 + r.IntN(12) {
			var needs []string
			for up := range i {
				if r.IntN(3) == 0 {
					needs = append(needs, fmt.Sprintf("j%d%s", up, []string{"", "!"}[r.IntN(2)]))
				}
			}
			graph = append(graph, fmt.Sprintf("j%d:%s", i, strings.Join(needs, ",")))
		}
		p := build(t, strings.Join(graph, " "), plan.Resolved{})
		outcomes := Outcomes{}
		for round := 0; len(outcomes) < len(p.Jobs); round++ {
			if round > len(p.Jobs) {
				t.Fatalf("seed %d: no end: %v", seed, graph)
			}
			ds := Next(p, outcomes, Options{})
			if Stuck(ds, 0) {
				t.Fatalf("seed %d: stuck: %s", seed, show(ds))
			}
			for _, d := range ds {
				switch d.Action {
				case Skip:
					outcomes[d.Job] = Outcome{Status: status.JobSkipped}
				case Start:
					for _, e := range p.Find(d.Job).Needs {
						for _, up := range e.Upstream {
							if !outcomes[up].Status.Terminal() {
								t.Fatalf("seed %d: %s started before %s ended", seed, d.Job, up)
							}
						}
					}
					outcomes[d.Job] = Outcome{Status: []status.Job{status.JobSuccess, status.JobFailed, status.JobCancelled}[r.IntN(3)]}
				}
			}
		}
	}
}

func BenchmarkNextThousandJobs(b *testing.B) {
	w := &lockfile.Workflow{}
	for i := range 1000 {
		j := &lockfile.StaticJob{Name: fmt.Sprint(i)}
		if i > 0 {
			j.Needs = []lockfile.Need{{Job: fmt.Sprint(i / 2)}}
		}
		if i == 1 {
			j.Needs = []lockfile.Need{{Job: "0"}}
		}
		w.Jobs = append(w.Jobs, lockfile.Job{Static: j})
	}
	p, err := plan.Build(w, plan.Resolved{})
	if err != nil {
		b.Fatal(err)
	}
	o := Outcomes{"0": {Status: status.JobFailed}}
	for b.Loop() {
		Next(p, o, Options{})
	}
}
