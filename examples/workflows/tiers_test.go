package workflows_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

// TestExamplesThroughTheTiers runs each example at its commit, through an
// orchestrator and an agent, and as a local run: plan, steps and outcome are the
// same.
func TestExamplesThroughTheTiers(t *testing.T) {
	t.Parallel()
	for name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t, name)
			if res, err := author.Compile(t.Context(), author.CompileOptions{Dir: dir}); err != nil || res.Failed() {
				t.Fatal(res.Diagnostics, err)
			}
			if name == "monorepo" {
				if err := os.WriteFile(filepath.Join(dir, "packages", "api", "test.sh"), []byte("echo changed\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			git(t, dir, "add", "-A", "-f")
			git(t, dir, "-c", "user.name=example", "-c", "user.email=example@localhost", "commit", "-q", "--allow-empty", "-m", "lock")
			environ := append(os.Environ(), "KICI_RUN_DIR="+t.TempDir())
			var remote, local story
			there, err := author.DevOnce(t.Context(), author.DevOptions{Dir: dir, Event: "push", Environ: environ}, remote.hear)
			if err != nil {
				t.Fatal(err)
			}
			files := []string(nil)
			if name == "monorepo" { // a working tree without changes has none
				files = []string{"packages/api/test.sh"}
			}
			here, err := author.RunLocal(t.Context(), author.RunOptions{Dir: dir, Event: "push", Files: files, Environ: environ}, local.hear)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := told(there), told(here); got != want {
				t.Errorf("through the tiers:\n%s\nin a local run:\n%s\n%s", got, want, remote.text())
			}
			if there.Class != author.RunClassSuccess {
				t.Errorf("class %v\n%s", there.Class, remote.text())
			}
		})
	}
}

// story is what a run printed.
type story struct {
	mu  sync.Mutex // guards log
	log strings.Builder
}

func (s *story) hear(e author.RunEvent) {
	if e, ok := e.(author.RunOutput); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.log.Write(e.Data)
	}
}

func (s *story) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// told is a result without times and places.
func told(r *author.RunResult) string {
	var out []string
	for _, w := range r.Workflows {
		for _, j := range w.Jobs {
			line := fmt.Sprintf("%s/%s %s %v %s", w.Name, j.Name, j.Status, j.Matrix, j.Outputs)
			for _, s := range j.Rows {
				line += fmt.Sprintf("; %s %q %s", s.Kind, s.Name, s.Status)
			}
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return regexp.MustCompile(`"elapsedMs":\d+`).ReplaceAllString(strings.Join(out, "\n"), `"elapsedMs":0`)
}
