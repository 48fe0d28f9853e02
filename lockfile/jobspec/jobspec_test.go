package jobspec_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

func static(j lockfile.StaticJob) lockfile.Job { return lockfile.Job{Static: &j} }

// workflow has every kind of entry: a plain job, one with a matrix function, a
// generator, and one that needs them all.
func workflow() *lockfile.Workflow {
	return &lockfile.Workflow{
		Name: "ci", ContentHash: "abc", Source: lockfile.Source{File: ".kici/workflows/ci.ts", Export: "#default"},
		ResolvedHashFiles: []string{"go.sum"},
		Jobs: []lockfile.Job{
			static(lockfile.StaticJob{Name: "lint"}),
			static(lockfile.StaticJob{Name: "test", Needs: []lockfile.Need{{Job: "lint"}}, Matrix: &lockfile.Matrix{Type: lockfile.MatrixDynamic}}),
			{Dynamic: &lockfile.DynamicJob{Group: "gen"}},
			static(lockfile.StaticJob{Name: "ship", Needs: []lockfile.Need{{Job: "test"}, {Group: "gen"}}}),
		},
	}
}

func prepared() *jobspec.Prepared {
	return &jobspec.Prepared{
		Matrices: map[int]json.RawMessage{1: json.RawMessage(` ["b","a"]`)},
		Generators: map[int][]jobspec.Generated{2: {
			{Name: "one", RunsOn: "linux,gpu", Timeout: 1500, Needs: []jobspec.GeneratedNeed{{Job: "lint", IfFailed: lockfile.IfFailedRun}}},
			{Name: "two", RunsOn: "linux", Matrix: json.RawMessage(`{"os":["l","m"],"n":["1"]}`)},
		}},
	}
}

func built(t *testing.T) (*lockfile.Workflow, *plan.Plan) {
	t.Helper()
	w := workflow()
	r, err := prepared().Resolve(w)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Build(w, r)
	if err != nil {
		t.Fatal(err)
	}
	return w, p
}

func TestPrepareFor(t *testing.T) {
	t.Parallel()
	plain := &lockfile.Workflow{Jobs: []lockfile.Job{static(lockfile.StaticJob{Name: "a", Matrix: &lockfile.Matrix{Type: lockfile.MatrixStatic}})}}
	if got := jobspec.PrepareFor(plain); got != nil {
		t.Errorf("a workflow that the lock file knows completely asks for %+v", got)
	}
	w := workflow()
	w.Rules = []lockfile.RuleRef{{}}
	w.Concurrency = &lockfile.Concurrency{HasGroup: true}
	want := &jobspec.Prepare{Rules: true, Concurrency: true, Matrices: []int{1}, Generators: []int{2}}
	if got := jobspec.PrepareFor(w); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestResolveMakesThePlan(t *testing.T) {
	t.Parallel()
	_, p := built(t)
	var names []string
	for i := range p.Jobs {
		names = append(names, p.Jobs[i].Name)
	}
	if got, want := strings.Join(names, "; "), "lint; test (b); test (a); one; two (1, l); two (1, m); ship"; got != want {
		t.Errorf("jobs are %s, want %s", got, want)
	}
	if len(p.Pending) != 0 {
		t.Errorf("generators still open: %+v", p.Pending)
	}
	one := p.Find("one").Lock
	if !reflect.DeepEqual(one.RunsOn, lockfile.Labels{"linux", "gpu"}) || *one.Timeout != 1500 || one.GracePeriod != nil {
		t.Errorf("the generated job became %+v", one)
	}
	if e := p.Find("one").Needs; len(e) != 1 || !e[0].RunOnFailure {
		t.Errorf("its needs became %+v", e)
	}
}

// An answer comes out of a child that ran strangers' code.
func TestResolveRefusesWhatWasNotAsked(t *testing.T) {
	t.Parallel()
	list := json.RawMessage(`["x"]`)
	cases := map[string]struct {
		p    jobspec.Prepared
		want string
	}{
		"matrix of no entry":    {jobspec.Prepared{Matrices: map[int]json.RawMessage{9: list}}, "entry 9"},
		"matrix below zero":     {jobspec.Prepared{Matrices: map[int]json.RawMessage{-1: list}}, "entry -1"},
		"matrix of a plain job": {jobspec.Prepared{Matrices: map[int]json.RawMessage{0: list}}, "no matrix function"},
		"matrix of a generator": {jobspec.Prepared{Matrices: map[int]json.RawMessage{2: list}}, "no matrix function"},
		"group of a plain job":  {jobspec.Prepared{Groups: map[int]string{0: "g"}}, "concurrency group"},
		"group of no entry":     {jobspec.Prepared{Groups: map[int]string{4: "g"}}, "concurrency group"},
		"matrix of numbers":     {jobspec.Prepared{Matrices: map[int]json.RawMessage{1: json.RawMessage(`7`)}}, `matrix of job "test"`},
		"jobs of a plain job":   {jobspec.Prepared{Generators: map[int][]jobspec.Generated{0: nil}}, "no generator"},
		"jobs with bad matrix":  {jobspec.Prepared{Generators: map[int][]jobspec.Generated{2: {{Name: "g", Matrix: json.RawMessage(`[1]`)}}}}, `generated job "g"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.p.Resolve(workflow()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// A group may be written down, in the lock file as a function, only in the
// source as a function, or a generator's; the plan knows all of them by name.
func TestConcurrencyGroups(t *testing.T) {
	t.Parallel()
	w := &lockfile.Workflow{Jobs: []lockfile.Job{
		static(lockfile.StaticJob{Name: "literal", ConcurrencyGroup: &lockfile.Text{Literal: "a"}}),
		static(lockfile.StaticJob{Name: "inline", DynamicConcurrencyGroup: true, ConcurrencyGroup: &lockfile.Text{Inline: lockfile.NewInline("() => 'b'")}}),
		static(lockfile.StaticJob{Name: "impure", DynamicConcurrencyGroup: true}),
		{Dynamic: &lockfile.DynamicJob{}},
		static(lockfile.StaticJob{Name: "none"}),
	}}
	if got := jobspec.PrepareFor(w); got == nil || !reflect.DeepEqual(got.Groups, []int{2}) {
		t.Errorf("asked for %+v", got)
	}
	p := jobspec.Prepared{Groups: map[int]string{1: "b", 2: "c"}, Generators: map[int][]jobspec.Generated{3: {{Name: "made", ConcurrencyGroup: "d"}}}}
	r, err := p.Resolve(w)
	if err != nil {
		t.Fatal(err)
	}
	built, err := plan.Build(w, r)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"literal": "a", "inline": "b", "impure": "c", "made": "d", "none": ""} {
		if got := built.Find(name).ConcurrencyGroup; got != want {
			t.Errorf("%s: group %q, want %q", name, got, want)
		}
	}
}

func TestSpecFor(t *testing.T) {
	t.Parallel()
	w, p := built(t)
	job := p.Find("two (1, m)")
	got := jobspec.SpecFor(w, p, job)
	want := jobspec.Spec{
		Kind: jobspec.KindJob, Workflow: "ci", Source: w.Source, ContentHash: "abc", HashFiles: []string{"go.sum"},
		Name: "two (1, m)", Base: "two", Group: "gen", Index: 2, Generated: true, Siblings: []string{"one", "two"},
		Matrix: job.Matrix, Lock: job.Lock,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if ship := jobspec.SpecFor(w, p, p.Find("ship")); ship.Siblings != nil || !reflect.DeepEqual(ship.Needs, []string{"test", "one", "two"}) {
		t.Errorf("ship became %+v", ship)
	}
}

// A spec is stored with the job and read again by whoever dispatches it.
func TestSpecSurvivesJSON(t *testing.T) {
	t.Parallel()
	w, p := built(t)
	for i := range p.Jobs {
		want := jobspec.SpecFor(w, p, &p.Jobs[i])
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got jobspec.Spec
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(got)
		if err != nil || string(again) != string(raw) {
			t.Errorf("%s changed on its way (%v):\n%s\n%s", want.Name, err, raw, again)
		}
	}
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	_, p := built(t)
	outputs := map[string]json.RawMessage{
		"lint": json.RawMessage(`{"l":1}`), "test (a)": json.RawMessage(`{"v":"a","only":1}`), "test (b)": json.RawMessage(`{"v":"b"}`),
		"ship": json.RawMessage(`{"never":"its own"}`),
	}
	got := jobspec.Upstream(p, p.Find("ship"), outputs)
	want := map[string]string{
		"lint": `{"l":1}`, "test (a)": `{"v":"a","only":1}`, "test (b)": `{"v":"b"}`,
		"test": `{"byMatrix":{"a":{"v":"a","only":1},"b":{"v":"b"}},"merged":{"only":1,"v":"b"}}`,
	}
	if len(got) != len(want) {
		t.Errorf("got %d outputs, want %d: %s", len(got), len(want), got)
	}
	for name, w := range want {
		if string(got[name]) != w {
			t.Errorf("%s: got %s, want %s", name, got[name], w)
		}
	}
	if got := jobspec.Upstream(p, p.Find("one"), outputs); len(got) != 1 || got["lint"] == nil {
		t.Errorf("one needs lint alone and sees %s", got)
	}
}
