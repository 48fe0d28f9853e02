package workflows_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
)

// The test binary is its own child, as every main is.
func TestMain(m *testing.M) {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// outcomes lists the jobs each example runs after a push, in any order, as
// "workflow/job status".
var outcomes = map[string][]string{
	"dynamic-jobs": {"services/check-billing success", "services/check-search success", "services/release success"},
	"hooks":        {"hooks/serve success"},
	"lint-test":    {"ci/lint success", "ci/test success", "ci/package success"},
	"matrix": {
		"matrix/files (a.txt) success", "matrix/files (b.txt) success", "matrix/report success",
		"matrix/shells (plain, bash) success", "matrix/shells (plain, sh) success",
		"matrix/shells (bash, posix) success", // an include keeps its own order
		"matrix/shells (strict, bash) success",
	},
	"monorepo":       {"api/test-api success"}, // only what changed
	"npm-dependency": {"durations/measure success"},
	"outputs":        {"outputs/build success", "outputs/deploy success", "outputs/target success"},
	"rules":          {"rules/build success", "rules/publish skipped"}, // VERSION says -dev
	"zod":            {"config/config success"},
}

func TestExamplesRun(t *testing.T) {
	t.Parallel()
	for name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t, name)
			if name == "monorepo" {
				path := filepath.Join(dir, "packages", "api", "test.sh")
				if err := os.WriteFile(path, []byte("echo changed\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			run(t, dir, outcomes[name])
		})
	}
}

func run(t *testing.T, dir string, want []string) {
	t.Helper()
	var mu sync.Mutex // guards log
	var log strings.Builder
	environ := append(os.Environ(), "KICI_RUN_DIR="+t.TempDir())
	res, err := author.RunLocal(t.Context(), author.RunOptions{Dir: dir, Event: "push", Environ: environ}, func(e author.RunEvent) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case author.RunOutput:
			log.Write(e.Data)
		case author.RunStepFinished:
			fmt.Fprintf(&log, "[%s / %s: %s %+v]\n", e.Job, e.Result.Name, e.Result.Status, e.Result)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range res.Workflows {
		for _, j := range w.Jobs {
			got = append(got, fmt.Sprintf("%s/%s %s", w.Name, j.Name, j.Status))
		}
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if res.Class != author.RunClassSuccess || !slices.Equal(got, want) {
		t.Errorf("class %v\ngot  %q\nwant %q\n%s", res.Class, got, want, log.String())
	}
}
