package kici_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/kici"
)

// An orchestrator and an agent in one program: a push to a repository on this
// disk becomes a finished run. The program's main calls ServeChild first.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	quiet, env := kici.WithLogger(slog.New(slog.DiscardHandler)), kici.WithEnviron(os.Environ())
	dir := exampleRepository()
	defer os.RemoveAll(dir)

	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{
		Sources: []kici.SourceConfig{kici.LocalSource("shop", dir)},
	}, env, quiet)
	must(err)
	agent, err := kici.NewAgent(kici.AgentConfig{Slots: 4}, kici.WithDialer(orch.Dialer()), env, quiet)
	must(err)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return orch.Run(ctx) })
	g.Go(func() error { return agent.Run(ctx) })

	delivery, err := orch.Trigger(ctx, "shop", "push", "main")
	must(err)
	runs, err := orch.Runs(ctx, delivery)
	must(err)
	run, err := orch.Wait(ctx, runs[0].ID)
	must(err)
	fmt.Println(run.Workflow, run.Status)
	stop()
	must(g.Wait())
	// Output: ci success
}
