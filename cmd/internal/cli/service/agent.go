package service

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/standard"
)

// Agent is the main of kici-agent.
func Agent(state *cli.State) int {
	return program{
		table: agentTable, check: checkAgent, run: runAgent,
		short: "Take jobs from an orchestrator and run them on this machine",
		intro: `kici-agent connects to an orchestrator, takes the jobs whose labels it has, clones
the commit and runs them, each in a process of its own.`,
		example: `  KICI_ORCHESTRATOR_URL=ws://ci.example.org:4000 KICI_AGENT_TOKEN=kat_… kici-agent
  KICI_ORCHESTRATOR_URL=wss://ci.example.org KICI_LABELS=linux,gpu KICI_SLOTS=4 kici-agent`,
		rest: `
Paths: /health (always 200), /ready (503 while it is not connected), /metrics.
SIGTERM cancels its jobs with their hooks, and kills what is left after 10 seconds.
SIGUSR1 drains it: no new jobs, and the end with exit code 0 when the last is over.`,
	}.main(state)
}

func runAgent(ctx context.Context, a *app) error {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	cfg := a.agentConfig()
	cfg.DataDir = filepath.Join(dir, "agent")
	options, err := standard.AgentOptions(standard.Agent{URL: a.s.text("KICI_ORCHESTRATOR_URL"), Environ: a.jobEnviron(), Log: a.log})
	if err != nil {
		return err
	}
	agent, err := kici.NewAgent(cfg, options...)
	if err != nil {
		return err
	}
	l, err := listen(ctx, a.s.text("KICI_HOST"), a.s.number("KICI_PORT"))
	if err != nil {
		return &cli.HintedError{Err: err, Hint: "KICI_PORT=0 takes a free one"}
	}
	defer l.Close() //nolint:errcheck // served until its end, or never
	a.log.Info("starting", "agent", agent.Name(), "orchestrator", a.s.text("KICI_ORCHESTRATOR_URL"), "health", l.Addr().String(),
		"dataDir", cfg.DataDir, "labels", cfg.Labels, "slots", cfg.Slots, "version", cfg.Version)
	g, ctx := errgroup.WithContext(ctx)
	served, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error {
		defer stop() // health answers until the end
		return explainAgent(agent.Run(ctx))
	})
	g.Go(func() error { return serve(served, newServer(agent.Handler(), a.log), l) })
	g.Go(func() error { return a.nudge(served, agent) })
	return g.Wait()
}

// nudge tells of the first connection and drains the agent when asked to.
func (a *app) nudge(ctx context.Context, agent *kici.Agent) error {
	nudges, quiet := a.Nudges()
	defer quiet()
	ready := agent.Ready()
	for {
		select {
		case <-ready:
			a.log.Info("ready", "agent", agent.Name())
			ready = nil
		case <-nudges:
			a.log.Info("draining", "activeJobs", agent.ActiveJobs())
			agent.Drain()
		case <-ctx.Done():
			return nil
		}
	}
}

func checkAgent(a *app) { a.agentConfig() }

func (a *app) agentConfig() kici.AgentConfig {
	s := a.s
	c := kici.AgentConfig{
		ID: s.text("KICI_AGENT_ID"), Token: s.text("KICI_AGENT_TOKEN"), Slots: int(s.number("KICI_SLOTS")), Labels: s.list("KICI_LABELS"),
		Roles: a.roles(), StepTimeout: s.millis("KICI_DEFAULT_STEP_TIMEOUT_MS"), MaxLogBytes: s.number("KICI_MAX_LOG_SIZE_BYTES"),
		KeepFailed: s.on("KICI_DOCKER_KEEP_FAILED"), DropWhenBehind: s.text("KICI_BACKPRESSURE_MODE") == "drop",
		GitHubToken: s.text("KICI_GITHUB_TOKEN"), JobHeartbeat: s.millis("KICI_JOB_HEARTBEAT_INTERVAL_MS"), Version: cli.ThisBuild().Version,
	}
	if !s.given("KICI_ORCHESTRATOR_URL") {
		s.wrong("KICI_ORCHESTRATOR_URL", "is required: ws://HOST:4000")
	}
	if c.Token != "" && !strings.HasPrefix(c.Token, "kat_") {
		s.wrong("KICI_AGENT_TOKEN", "is not a token of an agent: those begin with kat_, and 'kici-admin agent register' makes them")
	}
	for _, l := range c.Labels {
		if strings.HasPrefix(l, "kici:") {
			s.wrong("KICI_LABELS", "%q: labels that begin with kici: are not yours to give", l)
		}
	}
	return c
}

// roles are all when nothing is said, and none when nothing but that is said.
func (a *app) roles() []string {
	if value, said := a.Env["KICI_ROLES"]; said && strings.TrimSpace(value) == "" {
		return []string{}
	}
	roles := a.s.list("KICI_ROLES")
	for _, r := range roles {
		if !slices.Contains([]string{"builder", "init-runner", "all", "none"}, r) {
			a.s.wrong("KICI_ROLES", "%q is none of builder, init-runner, all, none", r)
		}
	}
	switch {
	case slices.Contains(roles, "all"):
		return nil
	case slices.Contains(roles, "none"):
		return []string{}
	}
	return roles
}

// jobEnviron is the environment without what is only the agent's.
func (a *app) jobEnviron() []string {
	return slices.DeleteFunc(a.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "KICI_AGENT_TOKEN=") || strings.HasPrefix(pair, "KICI_GITHUB_TOKEN=")
	})
}

func explainAgent(err error) error {
	var refused *kici.RefusedError
	if errors.As(err, &refused) {
		return &cli.HintedError{Err: err, Hint: "'kici-admin agent register' makes a token, and KICI_AGENT_TOKEN takes it to the agent"}
	}
	return err
}
