package dev_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/kicitest/scenario"
)

// otherwise says of some pairs why a commit that went through the tiers is to
// end otherwise than a run of the working tree.
func otherwise() map[string]string {
	return map[string]string{
		"025_fail_fast":                   "a local run ends the others when a job fails; a server lets run what does not need it",
		"123_compile_error":               "what does not compile has no lock file, and nothing else is looked at",
		"124_syntax_error":                "as 123",
		"125_uncommitted_changes_are_run": "what is not committed does not run",
		"126_ignored_files_stay_behind":   ".kiciignore is about copies of the working tree",
		"127_odd_file_names":              "some of its files are not committed",
		"128_deleted_file":                "its deletion is not committed",
	}
}

// TestScenariosOverSockets runs the pairs with the agent on a WebSocket, and
// everything kept on disk: by SQLite, and by PostgreSQL.
func TestScenariosOverSockets(t *testing.T) {
	t.Parallel()
	pairs, err := scenario.All("../../kicitest/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	child := kici(t)
	stores := map[string]func(*testing.T) store.Store{"sqlite": onDisk, "postgres": onServer(t)}
	for _, p := range pairs {
		if !p.For("embedded") || otherwise()[p.Name] != "" {
			continue
		}
		for name, open := range stores {
			t.Run(name+"/"+p.Name, func(t *testing.T) {
				t.Parallel()
				o, env := ready(t, p, []string{child})
				dev := devOptions(o)
				dev.Over(open(t))
				var tr scenario.Transcript
				result, err := author.DevOnce(context.Background(), dev, tr.Observe)
				outcome := tr.Outcome(result, err)
				outcome.Repo, outcome.Home = o.Dir, env["HOME"]
				p.Check(t, outcome)
			})
		}
	}
}

func onDisk(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// onServer starts a server for all; each test has a schema of its own.
func onServer(t *testing.T) func(*testing.T) store.Store {
	t.Helper()
	server, err := storetest.Postgres(context.Background(), false)
	if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		return func(t *testing.T) store.Store { t.Skip(err); return nil }
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	var n atomic.Int64
	return func(t *testing.T) store.Store {
		t.Helper()
		s, err := postgres.Open(context.Background(), postgres.Config{URL: server.URL, Schema: fmt.Sprint("s", n.Add(1)), Connections: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

// TestScenariosThroughTheTiers runs the pairs at their commit, through an
// orchestrator and an agent, with the expectations that local runs are held to;
// and then as a local run, with which it has to agree on everything that is not
// a time: plan, statuses, steps, rules, outputs.
func TestScenariosThroughTheTiers(t *testing.T) {
	t.Parallel()
	pairs, err := scenario.All("../../kicitest/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	child := kici(t)
	for _, p := range pairs {
		if !p.For("embedded") || otherwise()[p.Name] != "" {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			runThroughTiers(t, p, []string{child})
		})
	}
}

// ready makes the repository of a pair, and says how it is run.
func ready(t *testing.T, p scenario.Pair, child []string) (author.RunOptions, map[string]string) {
	t.Helper()
	env := p.Environ(t, os.Getenv("PATH"))
	var environ []string
	for k, v := range env {
		environ = append(environ, k+"="+v)
	}
	o := author.RunOptions{Dir: p.LockedRepository(t, environ), Environ: environ, ChildCommand: child}
	if err := p.Options(&o); err != nil {
		t.Skip(err)
	}
	if why := localOnly(o); why != "" {
		t.Skip(why)
	}
	point(t, o)
	return o, env
}

func devOptions(o author.RunOptions) author.DevOptions {
	return author.DevOptions{
		Dir: o.Dir, Event: o.Event, Branch: o.Branch, SHA: o.SHA, Payload: o.Payload, Concurrency: o.Concurrency,
		Secrets: o.Secrets, Contexts: o.Contexts, Environ: o.Environ, ChildCommand: o.ChildCommand,
	}
}

func runThroughTiers(t *testing.T, p scenario.Pair, child []string) {
	t.Helper()
	o, env := ready(t, p, child)
	var tr scenario.Transcript
	plans, localPlans := plans{}, plans{}
	result, err := author.DevOnce(context.Background(), devOptions(o), plans.also(tr.Observe))
	outcome := tr.Outcome(result, err)
	outcome.Repo, outcome.Home = o.Dir, env["HOME"]
	p.Check(t, outcome)
	if result == nil {
		return
	}
	o.KeepGoing, o.FollowEvents = true, true
	here, err := author.RunLocal(context.Background(), o, localPlans.also(func(author.RunEvent) {}))
	if err != nil {
		t.Fatalf("a local run is impossible: %v", err)
	}
	if got, want := plans.text()+essence(result), localPlans.text()+essence(here); got != want {
		t.Errorf("through the tiers:\n%s\nin a local run:\n%s", got, want)
	}
}

// kici is the command, built without the race detector: every job is a process,
// and what is looked for in this process is not slowed down by theirs.
func kici(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "kici")
	if text, err := exec.Command("go", "build", "-o", out, "../../../cmd/kici").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// localOnly names what only a local run has.
func localOnly(o author.RunOptions) string {
	var has []string
	for flag, set := range map[string]bool{
		"--fixture": o.Fixture != "", "--workflow": o.Workflow != "", "--job": o.Job != "",
		"--env": len(o.Env) > 0, "--in-place": o.InPlace,
	} {
		if set {
			has = append(has, flag)
		}
	}
	if len(has) == 0 {
		return ""
	}
	return fmt.Sprintf("a local run's own: %s", strings.Join(has, ", "))
}

// point makes the branch or tag of the event and the commit of its changed files,
// which a local run only imagines.
func point(t *testing.T, o author.RunOptions) {
	t.Helper()
	for _, name := range o.Files {
		path := filepath.Join(o.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("changed\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		git(t, o.Dir, "add", name)
	}
	if len(o.Files) > 0 {
		git(t, o.Dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "files")
	}
	kind := "branch"
	if o.Event == "tag" {
		kind = "tag"
	}
	if o.Branch == "" || o.Branch == "main" {
		return
	}
	git(t, o.Dir, kind, o.Branch)
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// plans are the plans of a run, by workflow.
type plans map[string][]string

func (p plans) also(next author.Observer) author.Observer {
	return func(e author.RunEvent) {
		if e, ok := e.(author.RunPlanned); ok {
			for _, j := range e.Plan.Jobs {
				p[e.Workflow] = append(p[e.Workflow], fmt.Sprintf("%s after %v", j.Name, j.Needs))
			}
		}
		next(e)
	}
}

func (p plans) text() string {
	raw, _ := json.MarshalIndent(p, "", " ") // strings always encode; keys are sorted
	return string(raw)
}

// essence is a result without times, places and ids.
func essence(r *author.RunResult) string {
	var b strings.Builder
	for _, d := range r.Decisions {
		fmt.Fprintf(&b, "%s matched %t: %s\n", d.WorkflowName, d.Matched, d.Summary)
	}
	for _, w := range r.Workflows {
		fmt.Fprintf(&b, "%s %s %s\n", w.Name, w.Status, rules(w.Rules))
		for _, j := range w.Jobs {
			fmt.Fprintf(&b, "  %s (%s) %v %s needs %t %s %s\n", j.Name, j.Base, j.Matrix, j.Status, j.ByNeeds, rules(j.Rules), canonical(j.Outputs))
			for _, s := range j.Rows {
				fmt.Fprintf(&b, "    %d %s %q %s %t %s %s %s\n", s.Index, s.Kind, s.Name, s.Status, s.Tolerated, rules(s.Rules), canonical(s.Outputs), reason(s.Failure))
			}
		}
		for _, s := range w.Hooks {
			fmt.Fprintf(&b, "  %s %s\n", s.Name, s.Status)
		}
	}
	return b.String()
}

func rules(all []author.RunRule) string {
	var out []string
	for _, r := range all {
		out = append(out, fmt.Sprintf("%s=%t", r.Label, r.Passed))
	}
	return strings.Join(out, ",")
}

func reason(f *author.RunFailure) string {
	if f == nil {
		return ""
	}
	return fmt.Sprintf("%s %s %s:%d", f.Kind, f.Name, f.File, f.Line)
}

// canonical is JSON with its keys in order.
func canonical(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	out, _ := json.Marshal(v) // it came out of Unmarshal
	return string(out)
}
