package kicitest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/kicitest/scenario"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Scenarios runs every pair of workflow and expected outcome in a folder (see
// package scenario, and the README beside our own pairs) as a parallel subtest
// in this process. Pairs that start no command run in virtual time. The others
// want [RealCommands], run by the wall clock, and are skipped without. So are
// pairs about what this way of running has nothing of: the command's own
// arguments, the copy of the work tree, files of secrets.
func Scenarios(t *testing.T, dir string, options ...Option) {
	t.Helper()
	pairs, err := scenario.All(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &settings{}
	s.add(options)
	for _, pair := range pairs {
		t.Run(pair.Name, func(t *testing.T) {
			t.Parallel()
			runPair(t, pair, s.clone())
		})
	}
}

func runPair(t *testing.T, pair scenario.Pair, s *settings) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(pair.Dir, "workflow.ts"))
	if err != nil {
		t.Skip("the pair has more than one workflow file, or none")
	}
	if why := unfit(pair, string(text), s); why != "" {
		t.Skip(why)
	}
	o := author.RunOptions{Dir: pair.Repository(t)}
	if err := pair.Options(&o); err != nil {
		t.Skip(err)
	}
	arg, err := event.ParseArg(o.Event)
	if err != nil {
		t.Skip(err)
	}
	if s.policy == real && !commands(string(text)) {
		s.policy = refuse // and then no real time passes either
	}
	s.wallClock = s.policy == real
	if s.patience == 0 {
		s.patience = 3 * time.Second // pairs with endless loops are among them
	}
	s.environ = append(slices.Clone(s.environ), "LANG=C.UTF-8")
	for k, v := range pair.Expect.Env {
		s.environ = append(s.environ, k+"="+v)
	}
	s.tree, s.env, s.secrets, s.contexts = o.Dir, o.Env, o.Secrets, o.Contexts
	s.workflow, s.job, s.concurrency = o.Workflow, o.Job, o.Concurrency
	s.failFast, s.follow, s.debug = !o.KeepGoing, o.FollowEvents, o.Debug
	e, err := event.Local(arg, event.Git{Branch: "main"}, event.Simulation{Payload: o.Payload, Branch: o.Branch, SHA: o.SHA, Files: o.Files})
	if err != nil {
		t.Fatal(err)
	}
	var tr scenario.Transcript
	result, err := runScenario(t, o.Dir, e, s, tr.Observe)
	outcome := tr.Outcome(result, err)
	outcome.Repo = o.Dir
	pair.Check(t, outcome)
}

func runScenario(t *testing.T, dir string, e event.Event, s *settings, observe author.Observer) (*author.RunResult, error) {
	compiled, err := author.Compile(t.Context(), author.CompileOptions{Dir: dir, Check: true})
	if err != nil {
		return nil, err
	}
	if compiled.Failed() {
		return &author.RunResult{Class: author.RunClassCompile, Compile: compiled}, nil
	}
	s.network = true // a server of the workflow's own
	_, result, err := Load(t, dir).try(e, s, observe)
	return result, err
}

// unfit says why a pair cannot be run here.
func unfit(pair scenario.Pair, text string, s *settings) string {
	x := pair.Expect
	switch {
	case !pair.For("embedded"):
		return "not for the embedded runtime"
	case x.Tree != nil || x.Change != nil || x.Chmod != nil || x.Symlink != nil || slices.Contains(pair.Args(), "--in-place"):
		return "about the copy of the work tree"
	case x.Error["*"] != "" && x.Workflows == nil && x.Jobs == nil || x.Exit == 2:
		return "about the command or the compiler"
	case strings.Contains(strings.ToLower(text), "ppid"):
		return "it ends the process that runs it"
	case s.policy != real && commands(text):
		return "it runs commands, and RealCommands was not given"
	}
	for _, name := range []string{".secrets", ".env.local", "secrets.yaml"} {
		if _, err := os.Stat(filepath.Join(pair.Dir, ".kici", name)); err == nil {
			return "about files of secrets"
		}
	}
	return ""
}

// commands tells whether a workflow starts any, as far as its text shows.
func commands(text string) bool {
	return strings.Contains(text, "$`") || strings.Contains(text, "$(") || strings.Contains(text, "$({") ||
		strings.Contains(text, "child_process") || strings.Contains(text, "init:")
}
