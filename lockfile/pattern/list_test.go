package pattern

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/lockfile"
)

func TestListModes(t *testing.T) {
	t.Parallel()
	re := func(s string) lockfile.Pattern { return lockfile.Regex(s, "") }
	g := lockfile.Glob
	cases := map[string]struct {
		list  []lockfile.Pattern
		mode  Mode
		value string
		want  bool
	}{
		"any: negation admits others":      {[]lockfile.Pattern{g("main"), g("!dev")}, AnyOf, "feature", true},
		"any: the negated one":             {[]lockfile.Pattern{g("main"), g("!dev")}, AnyOf, "dev", false},
		"any: star admits the negated one": {[]lockfile.Pattern{g("*"), g("!main")}, AnyOf, "main", true},
		"any: regex is unanchored":         {[]lockfile.Pattern{re("ai")}, AnyOf, "main", true},
		"excluding: out":                   {[]lockfile.Pattern{g("a/*"), g("!a/b")}, Excluding, "a/b", false},
		"excluding: in":                    {[]lockfile.Pattern{g("!a/b"), g("a/*")}, Excluding, "a/c", true},
		"excluding: only exclusions":       {[]lockfile.Pattern{g("!a/b")}, Excluding, "x/y", true},
		"excluding: neither":               {[]lockfile.Pattern{g("a/*"), g("!a/b")}, Excluding, "x/y", false},
		"excluding: regex":                 {[]lockfile.Pattern{re("!^a/")}, Excluding, "a/b", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := CompileList(c.list, c.mode)
			if err != nil {
				t.Fatal(err)
			}
			if got, _, err := l.Match(c.value); got != c.want || err != nil {
				t.Errorf("got %v %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestListRefuses(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]lockfile.Pattern{
		"empty glob": lockfile.Glob(""), "bare exclusion": lockfile.Glob("!"), "open brace": lockfile.Glob("{a"),
		"bad regex": lockfile.Regex("(", ""), "bad flag": lockfile.Regex("a", "q"), "unknown type": {Type: "fnmatch", Pattern: "a"},
		"bad range": lockfile.Glob("[z-a]"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := CompileList([]lockfile.Pattern{lockfile.Glob("ok"), p}, Excluding); err == nil || !strings.Contains(err.Error(), "pattern 2") {
				t.Errorf("got %v, want an error about pattern 2", err)
			}
		})
	}
}

func TestMatchAny(t *testing.T) {
	t.Parallel()
	l, err := CompileList([]lockfile.Pattern{lockfile.Glob("src/**"), lockfile.Glob("!**/*.md")}, Excluding)
	if err != nil {
		t.Fatal(err)
	}
	if ok, which, by, _ := l.MatchAny([]string{"src/a.md", "src/b.ts"}); !ok || which != "src/b.ts" || by.String() != "src/**" {
		t.Errorf("got %v %q %v", ok, which, by)
	}
	if ok, _, _, _ := l.MatchAny([]string{"src/a.md"}); ok {
		t.Error("an excluded file matched")
	}
	if ok, _, _, _ := l.MatchAny(nil); ok {
		t.Error("no files matched")
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	var doc any
	const text = `{"env":"prod","n":1,"z":null,"on":true,"we.ird":3,"d-sh":"y","l":[{"x":"y","q":1},{"x":"z"}],"o":{"q":2},"path":"/deploy/"}`
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		path, expected string
		want           bool
	}{
		{"$.env", `"prod"`, true}, {"env", `"prod"`, true}, {"$.env", `"dev"`, false}, {"$.env", `["dev","prod"]`, true},
		{"$.env", `"/^PR/i"`, true}, {"$.env", `"/^x/"`, false}, {"$.path", `"/deploy/"`, true}, {"$.n", `1`, true}, {"$.n", `"1"`, false},
		{"$.n", `"/1/"`, false}, {"$.z", `null`, true}, {"$.nope", `null`, false}, {"$.on", `true`, true}, {"$.o", `{"q":2}`, false},
		{"$['we.ird']", `3`, true}, {"$.d-sh", `"y"`, true}, {"$.l.length", `2`, true}, {"$.l[*].x", `"z"`, true}, {"$.l[0,1].x", `"z"`, true},
		{"$.l[-1:].x", `"z"`, true}, {"$.l[?(@.x===\"y\")].q", `1`, true}, {"$.l[?(@.x=='n')].q", `1`, false}, {"$..q", `2`, true},
		{"$.l.0.x", `"y"`, true}, {"$.l", `["y"]`, false}, {"$.l[*].length", `2`, false}, {"$", `1`, false}, {"$.env.sub", `"x"`, false},
	}
	for _, c := range cases {
		t.Run(c.path+" "+c.expected, func(t *testing.T) {
			t.Parallel()
			entry := lockfile.Map[json.RawMessage]{{Key: c.path, Value: json.RawMessage(c.expected)}}
			match, err := CompileConditions(entry, nil)
			if err != nil {
				t.Fatal(err)
			}
			if f, err := match.Check(doc); (f == nil) != c.want || err != nil {
				t.Errorf("match: got %+v %v", f, err)
			}
			not, err := CompileConditions(nil, entry)
			if err != nil {
				t.Fatal(err)
			}
			if f, err := not.Check(doc); (f == nil) == c.want || err != nil {
				t.Errorf("not: got %+v %v", f, err)
			}
		})
	}
}

func TestConditionsRefuse(t *testing.T) {
	t.Parallel()
	for path, expected := range map[string]string{"": `1`, "$.a[": `1`, "$.a": `"/(/"`, "$.b": `{`, "$.l[?(@.x=~/y/)]": "1"} {
		t.Run(path+" "+expected, func(t *testing.T) {
			t.Parallel()
			if _, err := CompileConditions(lockfile.Map[json.RawMessage]{{Key: path, Value: json.RawMessage(expected)}}, nil); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestRegexpTimeoutIsAnError(t *testing.T) {
	t.Parallel()
	re, err := CompileRegexp(`^(?=a)(a+)+$`, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := re.Match(strings.Repeat("a", 40) + "!"); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v, want ErrTimeout", err)
	}
	// The same without look-ahead runs in linear time.
	re, err = CompileRegexp(`^(a+)+$`, "")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := re.Match(strings.Repeat("a", 40) + "!"); ok || err != nil {
		t.Errorf("got %v %v", ok, err)
	}
}
