package author_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/kicitest/scenario"
)

// TestScenarios runs every pair through RunLocal, in children of the test
// binary and in this process: both must agree with the pair, and so with each
// other.
func TestScenarios(t *testing.T) {
	t.Parallel()
	pairs, err := scenario.All("../kicitest/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		for _, way := range []string{"children", "in-process"} {
			if way == "in-process" && needsChild(p.Name) || !p.For("embedded") {
				continue
			}
			t.Run(p.Name+"/"+way, func(t *testing.T) {
				t.Parallel()
				runPair(t, p, way == "in-process")
			})
		}
	}
}

// needsChild: scenarios that end the process that runs them, or hide from it
// what only the parent of all processes below it finds.
func needsChild(name string) bool {
	return strings.HasSuffix(name, "kills_its_parent") || strings.HasSuffix(name, "daemon_in_disguise")
}

// runPair is one way through one pair.
func runPair(t *testing.T, p scenario.Pair, inProcess bool) {
	t.Helper()
	o := author.RunOptions{Dir: p.Repository(t)}
	env := p.Environ(t, os.Getenv("PATH"))
	for k, v := range env {
		o.Environ = append(o.Environ, k+"="+v)
	}
	if err := p.Options(&o); err != nil {
		t.Skip(err)
	}
	if inProcess {
		o.Runner = runner.InProcess(workflow.New(workflow.Options{}))
	}
	var tr scenario.Transcript
	result, err := author.RunLocal(context.Background(), o, tr.Observe)
	outcome := tr.Outcome(result, err)
	outcome.Repo, outcome.Home = o.Dir, env["HOME"]
	p.Check(t, outcome)
}
