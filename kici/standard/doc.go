// Package standard is the batteries: the store, the providers and the connection
// that our own services come with, chosen from values that a file can hold.
//
// [OrchestratorOptions] turns a database URL into a store (SQLite in the data
// folder without one) and adds the providers of every forge that speaks git;
// [AgentOptions] turns the address of an orchestrator into a dialer. Both return
// plain options for kici.NewOrchestrator and kici.NewAgent, so a program takes
// all of it, or some and its own:
//
//	batteries, err := standard.OrchestratorOptions(standard.Orchestrator{DataDir: "/var/lib/kici", Environ: os.Environ()})
//	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{DataDir: "/var/lib/kici"}, batteries...)
//
// Choosing is explicit: there is no registry, and importing the package does
// nothing. It opens nothing either; that happens when the orchestrator runs.
// What variables and files say is read by cmd/internal/cli/service.
package standard
