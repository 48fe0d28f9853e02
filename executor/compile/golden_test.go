package compile

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/executor/js"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// newRepo copies a tree into a repository of its own: below our checkout, the
// git root would be ours.
func newRepo(t testing.TB, from string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, ".git/HEAD", "ref: refs/heads/main\n")
	if from != "" {
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func render(list []Diagnostic) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s\n%s", d, d.Frame)
		if d.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", d.Hint)
		}
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "  note: %s:%d:%d %s\n", n.File, n.Line, n.Column, n.Text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// A case of testdata is a tree: what is compiled, kici.lock.json when that
// succeeds, diagnostics.txt when there are any. A file "cwd" names the working
// directory, one named "kici-dir" the flag.
func TestGolden(t *testing.T) {
	t.Parallel()
	modules := Modules() // parsed once for all
	cases, err := filepath.Glob("testdata/*")
	if err != nil || len(cases) < 10 {
		t.Fatalf("cases: %d, %v", len(cases), err)
	}
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			repo := newRepo(t, dir)
			for _, name := range []string{"kici.lock.json", "diagnostics.txt"} {
				_ = os.Remove(filepath.Join(repo, name))
			}
			o := Options{
				Dir: filepath.Join(repo, strings.TrimSpace(optional(repo, "cwd"))), KiciDir: strings.TrimSpace(optional(repo, "kici-dir")),
				Modules: modules, Env: js.NewEnv(map[string]string{"STAGE": "blue"}), LoadTimeout: 5 * time.Second,
			}
			if strings.HasPrefix(filepath.Base(dir), "endless") {
				o.LoadTimeout = 2 * time.Second // a call stack that overflows takes a part of it
			}
			result, err := Compile(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			if result.Failed() == (result.Text != nil) {
				t.Errorf("failed=%v with a lock of %d bytes", result.Failed(), len(result.Text))
			}
			if got := optional(result.Project.KiciDir, "kici.lock.json"); got != string(result.Text) {
				t.Errorf("the lock on disk is not the one in the result")
			}
			golden(t, filepath.Join(dir, "kici.lock.json"), string(result.Text))
			golden(t, filepath.Join(dir, "diagnostics.txt"), render(result.Diagnostics))
		})
	}
}

func optional(dir, name string) string {
	text, _ := os.ReadFile(filepath.Join(dir, name))
	return string(text)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if got == "" {
			_ = os.Remove(path)
			return
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
