// Package service is the command line of our three services, kici-orchestrator,
// kici-agent and kici-relay: what they are told by variables and files, their logs, their HTTP
// server and their signals.
//
// A call goes through four steps. [load] reads every setting of a table
// (variable_*.go) from the environment, then the
// YAML file, then its default, and collects all that is wrong with its place, so
// that an operator mends a configuration in one go. The settings become a config
// and the batteries of kici/standard. The port is opened, so that a taken one is
// known before anything else happens. Then Run of the library type, the HTTP
// server and the signals run side by side until one of them ends.
//
// Nothing of what a service does is here: it is kici.Orchestrator, kici.Agent and kici.Relay,
// which any program can embed the same way. The process itself is behind
// cli.State.
package service
