package pattern

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
	"unicode/utf8"
)

type regexTable struct {
	Texts []string `json:"texts"`
	Rows  []struct {
		Source string   `json:"source"`
		Flags  string   `json:"flags"`
		Valid  bool     `json:"valid"`
		Match  []string `json:"match"`
	} `json:"rows"`
}

func compareRegexps(t *testing.T, data []byte) {
	t.Helper()
	var table regexTable
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Texts)*len(table.Rows) < 10_000 {
		t.Fatal("the table is truncated")
	}
	for _, row := range table.Rows {
		re, err := CompileRegexp(row.Source, row.Flags)
		if (err == nil) != row.Valid {
			t.Errorf("/%s/%s: got %v, JavaScript finds it valid: %v", row.Source, row.Flags, err, row.Valid)
		}
		if err != nil || !row.Valid {
			continue
		}
		for _, text := range table.Texts {
			got, err := re.Match(text)
			if want := slices.Contains(row.Match, text); got != want || err != nil {
				t.Errorf("/%s/%s on %q: got %v %v, JavaScript says %v", row.Source, row.Flags, text, got, err, want)
			}
		}
	}
}

// What node said about the table.
func TestRegexpsEqualJavaScript(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/regexp.json")
	if err != nil {
		t.Fatal(err)
	}
	compareRegexps(t, data)
}

// What node on this machine says, so that the recording cannot rot.
func TestRegexpsEqualLiveJavaScript(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("node is needed to compare with JavaScript's expressions")
		}
		t.Skip("SKIPPED: no node on this machine")
	}
	data, err := exec.Command(node, "testdata/regexp.mjs").Output()
	if err != nil {
		t.Fatal(err)
	}
	compareRegexps(t, data)
}

func FuzzRegexp(f *testing.F) {
	f.Add(`^(?<=a)[^\d-z]{2,3}?\k<n>(?<n>b)$`, "iu", "ab")
	f.Add(`[\]\b]|(a)\1`, "gimsy", "x")
	f.Fuzz(func(t *testing.T, source, flags, text string) {
		if len(source) > 200 || len(text) > 200 {
			return
		}
		if re, err := CompileRegexp(source, flags); err == nil {
			_, _ = re.Match(text) // may time out, must not panic
		}
	})
}

func FuzzGlob(f *testing.F) {
	for _, seed := range []string{"a/**/{b,c}*", "!(a|*.d).ts", "[[:alpha:]-]\\*", "**/?", "{1..3}", "\"a\"(b)+"} {
		f.Add(seed, "a/b")
	}
	f.Fuzz(func(t *testing.T, glob, text string) {
		if len(glob) > 200 || len(text) > 200 || !utf8.ValidString(text) {
			return
		}
		g, err := CompileGlob(glob)
		if err != nil || g.literal || text == "" || text == glob {
			return
		}
		fast, err1 := g.Match(text)
		slow, err2 := g.re.Match(text)
		if err1 == nil && err2 == nil && fast != slow {
			t.Errorf("glob %q, text %q: %v with the short cut, %v without", glob, text, fast, slow)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("$.a[?(@.x==1)].length", `{"a":[{"x":1}]}`)
	f.Fuzz(func(t *testing.T, path, doc string) {
		var v any
		if json.Unmarshal([]byte(doc), &v) != nil {
			return
		}
		if p, err := CompilePath(path); err == nil {
			p.Get(v)
		}
	})
}

func FuzzSchedule(f *testing.F) {
	f.Add("*/5 0-23 1,15 * 7", "Europe/Berlin")
	f.Fuzz(func(t *testing.T, cron, zone string) {
		if len(cron) > 100 {
			return
		}
		_, _ = ParseSchedule(cron, zone)
	})
}
