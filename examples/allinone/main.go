// Command allinone is a CI server in one program: an orchestrator, an agent, and
// the API in the program's own HTTP server. It runs the workflows of the
// repository it is started in: post a push to it with
//
//	curl -X POST localhost:8080/ci/webhook/default/local/here -d '{"event":"push"}'
//
// and see /ci/health. It keeps its state in the folder given as its argument, or
// in memory. Whoever embeds more (secrets, forges, a database) adds options to
// these two constructors; kici/standard chooses them from configuration.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/kici"
)

func main() {
	// Jobs run in children, and a child is this program, started again.
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, strings.Join(os.Args[1:], " ")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dataDir string) error {
	env := kici.WithEnviron(os.Environ())
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{DataDir: dataDir, Sources: []kici.SourceConfig{kici.LocalSource("here", here)}}, env)
	if err != nil {
		return err
	}
	agent, err := kici.NewAgent(kici.AgentConfig{Slots: 4}, kici.WithDialer(orch.Dialer()), env)
	if err != nil {
		return err
	}
	http.Handle("/ci/", http.StripPrefix("/ci", orch.Handler()))
	server := &http.Server{Addr: "localhost:8080"}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return orch.Run(ctx) })
	g.Go(func() error { return agent.Run(ctx) })
	g.Go(func() error { <-ctx.Done(); return server.Close() })
	g.Go(func() error {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			return err
		}
		return nil
	})
	return g.Wait()
}
