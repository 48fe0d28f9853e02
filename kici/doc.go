// Package kici is the facade of the house: what a program embeds.
//
// An [Orchestrator] takes events in, decides from the lock file what they start,
// stores and gives jobs out; an [Agent] clones and executes; a [Relay] takes events
// in for orchestrators that nobody can reach. Each is made from a
// config, which is data that a file could hold, and options, which are live
// things; New… checks and starts nothing, Run(ctx) owns everything it starts and
// returns when all of it has ended. Both in one program are
//
//	if handled, err := kici.ServeChild(ctx, os.Args, os.Stdin, os.Stdout); handled {
//		exit(err)
//	}
//	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{DataDir: "var"})
//	agent, err := kici.NewAgent(kici.AgentConfig{Slots: 4}, kici.WithDialer(orch.Dialer()))
//	g, ctx := errgroup.WithContext(ctx)
//	g.Go(func() error { return orch.Run(ctx) })
//	g.Go(func() error { return agent.Run(ctx) })
//	http.Handle("/ci/", http.StripPrefix("/ci", orch.Handler()))
//
// Jobs run in children of the program that runs them, and such a child is the
// program itself, started again; so every main calls [ServeChild] before anything
// else. A program that ships a runner of its own says so with WithChildCommand.
//
// Providers, stores, blobs, secrets and sandboxes are ports ([Provider], [Store],
// [Blobs], [Secrets], [Runner]); there are no globals, so a process may hold
// several of everything. The package assembles and holds no machinery: that is
// below kici/internal and in the rooms. The author's half lives in kici/author.
package kici
