package kici_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// repository is a git repository with a workflow and its lock file.
func repository(t *testing.T, workflow string) (dir, sha string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(workflow), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q", "-b", "main")
	if res, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir}); err != nil || res.Failed() {
		t.Fatal(res, err)
	}
	git(t, dir, "add", ".")
	git(t, dir, "-c", "user.name=me", "-c", "user.email=me@localhost", "commit", "-qm", "start")
	return dir, strings.TrimSpace(git(t, dir, "rev-parse", "HEAD"))
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

const hello = `
import { job, push, step, workflow } from '@kici-dev/sdk';
const a = job('a', { runsOn: 'default', steps: [step('greet', async ({ $ }) => { await $` + "`echo hello`" + `; return { v: 1 }; })] });
const b = job('b', { runsOn: 'default', needs: [a], run: async ({ log, inputs }) => { log.info(JSON.stringify(inputs)); } });
export default workflow('ci', { on: push({ branches: 'main' }), jobs: [a, b] });
`

func TestPushBecomesAFinishedRun(t *testing.T) {
	t.Parallel()
	dir, sha := repository(t, hello)
	ctx, stop := context.WithCancel(t.Context())
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{Sources: []kici.SourceConfig{kici.LocalSource("here", dir)}},
		kici.WithEnviron(os.Environ()), kici.WithLogger(log))
	if err != nil {
		t.Fatal(err)
	}
	agent, err := kici.NewAgent(kici.AgentConfig{Slots: 2}, kici.WithDialer(orch.Dialer()), kici.WithEnviron(os.Environ()), kici.WithLogger(log))
	if err != nil {
		t.Fatal(err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return orch.Run(ctx) })
	g.Go(func() error { return agent.Run(ctx) })
	id, err := orch.Submit(ctx, "here", kici.Event{
		Event: event.Event{Type: event.Push, TargetBranch: "main", Payload: []byte("{}")},
		Ref:   engine.Ref{Name: "refs/heads/main", SHA: sha},
	})
	if err != nil {
		t.Fatal(err)
	}
	started, err := orch.Runs(ctx, id)
	if err != nil || len(started) != 1 {
		t.Fatal(started, err)
	}
	for u, err := range orch.Watch(ctx, started[0].ID) {
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s %s", u.Kind, u.Data)
	}
	run, jobs, err := orch.Lookup(ctx, started[0].ID)
	if err != nil || run.Status != status.RunSuccess || len(jobs) != 2 {
		t.Errorf("%+v %+v %v", run, jobs, err)
	}
	stop()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
