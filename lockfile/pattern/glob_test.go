package pattern

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

type verdicts struct {
	Values []string `json:"values"`
	Rows   []struct {
		Glob  string   `json:"glob"`
		Match []string `json:"match"`
	} `json:"rows"`
}

func compare(t *testing.T, data []byte) {
	t.Helper()
	var v verdicts
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Values)*len(v.Rows) < 10_000 {
		t.Fatalf("only %d values and %d globs: the table is truncated", len(v.Values), len(v.Rows))
	}
	for _, row := range v.Rows {
		g, err := CompileGlob(row.Glob)
		if err != nil {
			t.Errorf("glob %q: %v", row.Glob, err)
			continue
		}
		for _, value := range v.Values {
			got, err := g.Match(value)
			if err != nil {
				t.Errorf("glob %q, value %q: %v", row.Glob, value, err)
			}
			if want := slices.Contains(row.Match, value); got != want {
				t.Errorf("glob %q, value %q: got %v, picomatch says %v", row.Glob, value, got, want)
			}
		}
	}
}

// The recorded verdicts of picomatch 4.
func TestGlobsEqualPicomatch(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/picomatch.json")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, data)
}

// The same table from the real package, so that the recording cannot rot. It
// needs npm's registry; KICI_TEST_NPM names that it may be used.
func TestGlobsEqualLivePicomatch(t *testing.T) {
	t.Parallel()
	if os.Getenv("KICI_TEST_NPM") == "" {
		t.Skip("SKIPPED: set KICI_TEST_NPM=1 to compare with picomatch from npm")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private":true}`), 0o644); err != nil {
		t.Fatal(err)
	}
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "picomatch@4")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	data, err := exec.Command("node", "testdata/picomatch.mjs", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	compare(t, data)
}

// TestPlainAgrees compares the two ways to match the globs that both read.
func TestPlainAgrees(t *testing.T) {
	t.Parallel()
	values := []string{"v", "v1", "v1.2", "v/1", ".v", "av", "release/1.0", "release/.1", "release-1/x", "release", "v\n1", "vé", "a.b.c", "a..b", "x-y"}
	for _, text := range []string{"v*", "v*.*", "release-*/x", "release*", "a*c", "a.*.c", "x*y*", "release/v*"} {
		g, err := CompileGlob(text)
		if err != nil {
			t.Fatal(err)
		}
		if g.plain == nil {
			t.Errorf("%q is not matched by gobwas", text)
			continue
		}
		for _, v := range values {
			want, err := g.re.Match(v)
			if err != nil {
				t.Fatal(err)
			}
			if got := g.plain.Match(v); got != want {
				t.Errorf("%q on %q: gobwas says %v, the expression %v", text, v, got, want)
			}
		}
	}
	for _, text := range []string{"*", "**", "a/*", "a/**", "a**", "*.ts", "!v*", "v?", "{a,b}*", "v[0-9]*", "a*/*"} {
		if compilePlain(text) != nil {
			t.Errorf("%q is left to gobwas", text)
		}
	}
}
