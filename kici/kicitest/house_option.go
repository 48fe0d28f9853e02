package kicitest

import (
	"fmt"
	"log/slog"

	"github.com/kici-dev/kici-go/kici"
)

// agentPlan is an agent to be hired.
type agentPlan struct {
	name   string
	slots  int
	labels []string
}

// AgentNamed gives a [House] an agent, in place of the one it has by itself. It
// runs so many jobs at a time, those that ask for labels it has.
func AgentNamed(name string, slots int, labels ...string) Option {
	return option(func(s *settings) { s.agents = append(s.agents, agentPlan{name, slots, labels}) })
}

// Orchestrator gives a [House] an orchestrator with other settings, and with
// parts of one's own: a store, secrets, a provider.
func Orchestrator(c kici.OrchestratorConfig, parts ...kici.OrchestratorOption) Option {
	return option(func(s *settings) { s.orchestrator, s.parts = c, append(s.parts, parts...) })
}

// Sandbox runs the jobs of a [House]'s agents somewhere else than in this
// process with scripted commands: in a runner that the test is about, or that
// answers for whole jobs.
func Sandbox(r kici.Runner) Option { return option(func(s *settings) { s.sandbox = r }) }

// Log says where the orchestrator and the agents of a [House] write their logs;
// nowhere, if nothing is said.
func Log(l *slog.Logger) Option { return option(func(s *settings) { s.log = l }) }

// fitHouse refuses what means nothing in a house, and would be thought to.
func (s *settings) fitHouse() error {
	for name, given := range map[string]bool{
		"Env": len(s.env) > 0, "CacheDir": s.cache != "", "OnlyWorkflow": s.workflow != "", "OnlyJob": s.job != "",
		"FailFast": s.failFast, "CancelAfter": s.cancelAfter != 0, "Agents": s.concurrency != 0, "WallClock": s.wallClock, "Debug": s.debug,
		"At": !s.at.IsZero(),
	} {
		if given {
			return fmt.Errorf("the option %s means nothing in a house", name)
		}
	}
	return nil
}

// fitEvent refuses what cannot be said of one event among many.
func (s *settings) fitEvent(before *settings) error {
	if len(s.agents) > len(before.agents) || len(s.parts) > len(before.parts) || s.sandbox != before.sandbox || s.tree != before.tree {
		return fmt.Errorf("AgentNamed, Orchestrator, Sandbox and Tree are options of a house, not of an event")
	}
	return s.fitHouse()
}
