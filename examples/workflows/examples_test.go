package workflows_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

// examples lists the folders, with the workflows each must compile to.
var examples = map[string][]string{
	"dynamic-jobs":   {"services"},
	"hooks":          {"hooks"},
	"lint-test":      {"ci"},
	"matrix":         {"matrix"},
	"monorepo":       {"api", "web"},
	"npm-dependency": {"durations"},
	"outputs":        {"outputs"},
	"rules":          {"rules"},
	"zod":            {"config"},
}

func TestExamplesCompile(t *testing.T) {
	t.Parallel()
	for name, workflows := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compile(t, repository(t, name), workflows)
		})
	}
}

func compile(t *testing.T, dir string, workflows []string) {
	t.Helper()
	res, err := author.Compile(t.Context(), author.CompileOptions{Dir: dir, Environ: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range res.Diagnostics {
		t.Errorf("%s:%d:%d: %s %s", d.File, d.Line, d.Column, d.Message, d.Hint)
	}
	if res.Lock == nil || !res.Written {
		t.Fatal("no lock was written")
	}
	var got []string
	for _, w := range res.Lock.Workflows {
		got = append(got, w.Name)
	}
	if !slices.Equal(got, workflows) {
		t.Errorf("compiled %v, want %v", got, workflows)
	}
}

// TestEveryFolderIsListed keeps a new example from going untested.
func TestEveryFolderIsListed(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, listed := examples[e.Name()]; e.IsDir() && !listed {
			t.Errorf("%s is not in the list of examples", e.Name())
		}
	}
}

// repository copies an example into a git repository of its own.
func repository(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(name)); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", "-A", "-f")
	commit(t, dir)
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "-c", "user.name=example", "-c", "user.email=example@localhost", "commit", "-q", "-m", "example")
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}
