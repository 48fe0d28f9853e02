package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/lockfile"
)

func dims(pairs ...string) *lockfile.Matrix {
	m := &lockfile.Matrix{Type: lockfile.MatrixStatic, Dimensions: lockfile.Map[[]string]{}}
	for _, p := range pairs {
		name, values, _ := strings.Cut(p, "=")
		list := []string{}
		if values != "" {
			list = strings.Split(values, ",")
		}
		m.Dimensions.Set(name, list)
	}
	return m
}

func combos(texts ...string) []Combination {
	out := []Combination{}
	for _, text := range texts {
		c := Combination{}
		for _, pair := range strings.Fields(text) {
			k, v, _ := strings.Cut(pair, "=")
			c.Set(k, v)
		}
		out = append(out, c)
	}
	return out
}

func TestExpand(t *testing.T) {
	t.Parallel()
	list := &lockfile.Matrix{Type: lockfile.MatrixStatic, Values: []string{"18", "20"}}
	cases := map[string]struct {
		m                *lockfile.Matrix
		include, exclude []Combination
		want             string
	}{
		"list":             {list, nil, nil, "18 | 20"},
		"one dimension":    {dims("node=18,20"), nil, nil, "18 | 20"},
		"sorted by name":   {dims("os=linux,mac", "node=18,20"), nil, nil, "18, linux | 18, mac | 20, linux | 20, mac"},
		"case folds":       {dims("OS=l", "arch=a", "Node=n"), nil, nil, "a, n, l"},
		"exclude":          {dims("os=l,m", "n=1,2"), nil, combos("os=m n=2"), "1, l | 1, m | 2, l"},
		"exclude partly":   {dims("os=l,m", "n=1,2"), nil, combos("os=m"), "1, l | 2, l"},
		"exclude nothing":  {list, nil, combos(""), "18 | 20"},
		"exclude no key":   {list, nil, combos("os=x"), "18 | 20"},
		"include":          {list, combos("value=22"), nil, "18 | 20 | 22"},
		"include known":    {list, combos("value=18", ""), nil, "18 | 20"},
		"include returns":  {list, combos("value=18"), combos("value=18"), "20 | 18"},
		"include other":    {dims("os=l"), combos("os=w extra=1"), nil, "l | w, 1"},
		"include superset": {dims("os=l"), combos("os=l extra=1"), nil, "l | l, 1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := Expand(c.m, c.include, c.exclude)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, one := range all {
				got = append(got, Suffix(one))
			}
			if s := strings.Join(got, " | "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

func TestExpandRefuses(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*lockfile.Matrix{"no values": {Type: lockfile.MatrixStatic}, "no dimensions": dims(), "empty dimension": dims("a=1", "b=")} {
		if _, err := Expand(m, nil, nil); !errors.Is(err, ErrEmptyMatrix) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	big := make([]string, 300)
	for i := range big {
		big[i] = fmt.Sprint(i)
	}
	var many *TooManyError
	if _, err := Expand(&lockfile.Matrix{Type: lockfile.MatrixStatic, Values: big[:257]}, nil, nil); !errors.As(err, &many) || many.Count != 257 {
		t.Errorf("257: got %v", err)
	}
	if all, err := Expand(&lockfile.Matrix{Type: lockfile.MatrixStatic, Values: big[:256]}, nil, nil); err != nil || len(all) != 256 {
		t.Errorf("256: got %d %v", len(all), err)
	}
	// A product that would not fit into memory must not be built.
	huge := dims()
	for _, d := range "abcdefgh" {
		huge.Dimensions.Set(string(d), big)
	}
	if _, err := Expand(huge, nil, nil); !errors.As(err, &many) {
		t.Errorf("huge: got %v", err)
	}
	if n := MatrixSize(dims("a=1,2", "b=1,2,3"), combos("x=1")); n != 7 {
		t.Errorf("size %d, want 7", n)
	}
}

func TestCompareLocaleEqualsNode(t *testing.T) {
	t.Parallel()
	// Printed by node -p "[…].sort((a,b)=>a.localeCompare(b)).join(' ')".
	want := strings.Fields("_x -x .x $x 1 10 2 a A a_b a-b a1 aa Aa ab b B node Node node_version node-version nodeVersion os OS z Z")
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, CompareLocale)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	cases := []struct{ graph, want string }{
		{"a b:a c:a d:b,c", "a b c d"},
		{"d:b,c b:a c:a a", "a b c d"},
		{"a:b,b b", "b a"},
		{"", ""},
		{"a:a", `plan: "a" needs itself`},
		{"a:x b:b", `plan: "b" needs itself`},
		{"a:x", `plan: "a" needs "x", which does not exist`},
		{"a:b b:a", "plan: dependency cycle: a -> b"},
		{"r a:b,r b:a c:b", "plan: dependency cycle: a -> b -> c"},
	}
	for _, c := range cases {
		t.Run(c.graph, func(t *testing.T) {
			t.Parallel()
			var nodes []Node
			for _, f := range strings.Fields(c.graph) {
				id, needs, has := strings.Cut(f, ":")
				n := Node{ID: id}
				if has {
					n.Needs = strings.Split(needs, ",")
				}
				nodes = append(nodes, n)
			}
			order, err := Order(nodes)
			got := strings.Join(order, " ")
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func static(name string, needs ...lockfile.Need) lockfile.Job {
	return lockfile.Job{Static: &lockfile.StaticJob{Name: name, Needs: needs}}
}

func generator(group string, needs ...lockfile.Need) lockfile.Job {
	return lockfile.Job{Dynamic: &lockfile.DynamicJob{Group: group, Needs: needs}}
}

func TestCheckGroups(t *testing.T) {
	t.Parallel()
	ok := &lockfile.Workflow{Jobs: []lockfile.Job{static("a"), generator("g", lockfile.Need{Job: "a"}), static("b", lockfile.Need{Group: "g"})}}
	if err := Check(ok); err != nil {
		t.Error(err)
	}
	missing := &lockfile.Workflow{Jobs: []lockfile.Job{static("b", lockfile.Need{Group: "h"})}}
	if err := Check(missing); err == nil || !strings.Contains(err.Error(), "__group:h") {
		t.Errorf("got %v", err)
	}
	cycle := &lockfile.Workflow{Jobs: []lockfile.Job{static("a", lockfile.Need{Group: "g"}), generator("g", lockfile.Need{Job: "a"})}}
	if err := Check(cycle); err == nil || !strings.Contains(err.Error(), "cycle") {
		t.Errorf("got %v", err)
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	test := static("test", lockfile.Need{Job: "lint"})
	test.Static.Matrix = dims("node=18,20")
	dyn := static("dyn")
	dyn.Static.Matrix = &lockfile.Matrix{Type: lockfile.MatrixDynamic, Source: &lockfile.MatrixSource{}}
	w := &lockfile.Workflow{Name: "ci", Jobs: []lockfile.Job{
		static("lint"), test, generator("g"), dyn,
		static("ship", lockfile.Need{Job: "test"}, lockfile.Need{Group: "g", IfFailed: lockfile.IfFailedRun}, lockfile.Need{Job: "dyn"}),
	}}
	p, err := Build(w, Resolved{})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(p); got != "lint; test (18); test (20); dyn; ship" || !p.Find("dyn").Unresolved || len(p.Pending) != 1 {
		t.Errorf("first plan: %s", got)
	}
	ship := p.Find("ship")
	if e := ship.Needs[1]; !e.Open || !e.RunOnFailure || len(e.Upstream) != 0 {
		t.Errorf("group edge %+v", e)
	}
	p, err = Build(w, Resolved{
		Matrices:  map[string]*lockfile.Matrix{"dyn": {Type: lockfile.MatrixStatic, Values: []string{"x"}}},
		Generated: map[int][]lockfile.StaticJob{2: {{Name: "gen", Needs: []lockfile.Need{{Job: "lint"}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(p); got != "lint; test (18); test (20); gen; dyn (x); ship" || len(p.Pending) != 0 {
		t.Errorf("second plan: %s", got)
	}
	if e := p.Find("ship").Needs[1]; e.Open || !slices.Equal(e.Upstream, []string{"gen"}) {
		t.Errorf("group edge %+v", e)
	}
	if only := p.Only("test (20)"); names(only) != "lint; test (20)" || p.Only("test") != nil {
		t.Errorf("only: %s", names(only))
	}
}

func names(p *Plan) string {
	var out []string
	for _, j := range p.Jobs {
		out = append(out, j.Name)
	}
	return strings.Join(out, "; ")
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	matrix := func(name string, m *lockfile.Matrix) lockfile.Job {
		j := static(name)
		j.Static.Matrix = m
		return j
	}
	many := make([]lockfile.StaticJob, MaxGenerated+1)
	for i := range many {
		many[i].Name = fmt.Sprint(i)
	}
	cases := map[string]struct {
		jobs []lockfile.Job
		r    Resolved
		want string
	}{
		"neither":         {[]lockfile.Job{{}}, Resolved{}, "neither"},
		"same name":       {[]lockfile.Job{static("a"), static("a")}, Resolved{}, `two jobs are called "a"`},
		"same instance":   {[]lockfile.Job{matrix("a", dims("x=1")), static("a (1)")}, Resolved{}, `two jobs are called "a (1)"`},
		"value twice":     {[]lockfile.Job{matrix("a", dims("x=1,1"))}, Resolved{}, `two jobs are called "a (1)"`},
		"empty matrix":    {[]lockfile.Job{matrix("a", dims("x="))}, Resolved{}, "no combinations"},
		"missing":         {[]lockfile.Job{static("a", lockfile.Need{Job: "b"})}, Resolved{}, `needs "b"`},
		"cycle":           {[]lockfile.Job{static("a", lockfile.Need{Job: "b"}), static("b", lockfile.Need{Job: "a"})}, Resolved{}, "cycle"},
		"generated cycle": {[]lockfile.Job{static("a", lockfile.Need{Group: "g"}), generator("g")}, Resolved{Generated: map[int][]lockfile.StaticJob{1: {{Name: "x", Needs: []lockfile.Need{{Job: "a"}}}}}}, "cycle"},
		"generated clash": {[]lockfile.Job{static("a"), generator("g")}, Resolved{Generated: map[int][]lockfile.StaticJob{1: {{Name: "a"}}}}, "two jobs"},
		"generated many":  {[]lockfile.Job{generator("g")}, Resolved{Generated: map[int][]lockfile.StaticJob{0: many}}, "made 101 jobs"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Build(&lockfile.Workflow{Name: "w", Jobs: c.jobs}, c.r); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
