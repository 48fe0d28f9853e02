package kici_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
)

// exampleWorkflow is what the repositories of the examples hold.
const exampleWorkflow = `
import { job, push, step, workflow } from '@kici-dev/sdk';
const test = job('test', { runsOn: 'default', steps: [step('greet', async ({ $ }) => { await $` + "`echo hello`" + `; })] });
export default workflow('ci', { on: push({ branches: 'main' }), jobs: [test] });
`

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func exampleRepository() string {
	dir, err := os.MkdirTemp("", "kici-example-")
	must(err)
	_, err = makeRepository(dir, exampleWorkflow)
	must(err)
	return dir
}

// makeRepository commits a workflow and its lock file.
func makeRepository(dir, workflow string) (head string, err error) {
	path := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(workflow), 0o644); err != nil {
		return "", err
	}
	if _, err := runGit(dir, "init", "-q", "-b", "main"); err != nil {
		return "", err
	}
	res, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir})
	if err != nil {
		return "", err
	}
	if res.Failed() {
		return "", fmt.Errorf("the workflow does not compile: %v", res.Diagnostics)
	}
	for _, args := range [][]string{{"add", "."}, {"-c", "user.name=me", "-c", "user.email=me@localhost", "commit", "-qm", "start"}} {
		if _, err := runGit(dir, args...); err != nil {
			return "", err
		}
	}
	return runGit(dir, "rev-parse", "HEAD")
}

func runGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %v: %w\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// exampleHouse is an orchestrator and an agent at work on a repository.
type exampleHouse struct {
	orch *kici.Orchestrator
	ctx  context.Context
	dir  string
	head string
	end  func()
}

func (h *exampleHouse) stop() { h.end() }

// startHouse starts one. Extras are options, functions of the repository's
// folder that make one, and sources.
func startHouse(workflow string, extras ...any) *exampleHouse {
	dir, err := os.MkdirTemp("", "kici-example-")
	must(err)
	head, err := makeRepository(dir, workflow)
	must(err)
	sources := []kici.SourceConfig{kici.LocalSource("shop", dir)}
	shared := []kici.SharedOption{kici.WithEnviron(os.Environ()), kici.WithLogger(slog.New(slog.DiscardHandler))}
	ofOrch, ofAgent := []kici.OrchestratorOption{shared[0], shared[1]}, []kici.AgentOption{shared[0], shared[1]}
	for _, e := range extras {
		switch e := e.(type) {
		case kici.SourceConfig:
			sources = append(sources, e)
		case func(string) kici.OrchestratorOption:
			ofOrch = append(ofOrch, e(dir))
		case kici.OrchestratorOption:
			ofOrch = append(ofOrch, e)
		case kici.AgentOption:
			ofAgent = append(ofAgent, e)
		}
	}
	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{Sources: sources}, ofOrch...)
	must(err)
	agent, err := kici.NewAgent(kici.AgentConfig{Slots: 2}, append(ofAgent, kici.WithDialer(orch.Dialer()))...)
	must(err)
	ctx, stop := context.WithCancel(context.Background())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return orch.Run(ctx) })
	g.Go(func() error { return agent.Run(ctx) })
	return &exampleHouse{orch, ctx, dir, head, func() {
		stop()
		must(g.Wait())
		must(os.RemoveAll(dir))
	}}
}

func diskProvider() kici.Provider { return local.New(local.Options{Environ: os.Environ()}) }
