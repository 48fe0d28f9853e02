package kici

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/kici/internal/agentmeter"
	"github.com/kici-dev/kici-go/kici/internal/link/agentend"
	"github.com/kici-dev/kici-go/transport/ws"
)

// AgentConfig is what a file can say. The zero value is an agent with one slot
// that keeps nothing.
type AgentConfig struct {
	// ID is the agent's name, the same in every life of it; the host's name when
	// empty.
	ID string
	// URL is where its orchestrator listens, ws:// or wss://; WithDialer takes its
	// place.
	URL   string
	Token string `json:"-"` // kat_…
	// DataDir holds work trees, mirrors and caches; empty is a folder that is
	// removed when Run returns.
	DataDir string
	Slots   int      // jobs at once; 1
	Labels  []string // none may begin with kici:
	// Roles are the pseudo-jobs it does, such as init-runner; nil means all.
	Roles       []string
	StepTimeout time.Duration // of steps that set none; 30 min
	MaxLogBytes int64         // stored of a step's log; 10 MiB
	// DropWhenBehind drops log lines of a job that has 12 MiB of them waiting for
	// the orchestrator, and writes into the log how many. Without it the job waits
	// for half a minute and then its lines do, on disk. Nothing but log lines is
	// ever dropped.
	DropWhenBehind bool
	JobHeartbeat   time.Duration // between signs of life of each job; 60 s
	Grace          time.Duration // for jobs to end when the agent is stopped; 10 s
	// Image runs jobs that name no container in this image.
	Image string
	// GitHubToken clones from github.com what the orchestrator has no credential for.
	GitHubToken string `json:"-"`
	KeepFailed  bool   // leaves the containers of failed jobs
	Version     string
}

type agentSettings struct {
	log     *slog.Logger
	now     func() time.Time
	environ []string
	child   []string
	dialer  Dialer
	runner  Runner
	metrics *prometheus.Registry
}

// Agent clones and executes.
type Agent struct {
	config AgentConfig
	s      agentSettings
	ready  chan struct{}

	meter *agentmeter.Meter

	mu   sync.Mutex // guards what follows
	ran  bool
	room *agent.Agent
	link *agentend.Link
}

// NewAgent checks and connects. It starts no goroutine, and reads neither the
// environment nor the network.
func NewAgent(cfg AgentConfig, opts ...AgentOption) (*Agent, error) {
	a := &Agent{config: cfg, s: agentSettings{log: slog.Default(), now: time.Now}, ready: make(chan struct{})}
	var errs []error
	for _, o := range opts {
		errs = append(errs, o.applyAgent(&a.s))
	}
	if a.s.dialer == nil && cfg.URL == "" {
		errs = append(errs, errors.New("kici: an agent needs a URL, or a dialer (WithDialer)"))
	}
	if a.s.dialer == nil {
		a.s.dialer = &ws.Dialer{URL: cfg.URL}
	}
	if a.config.DataDir != "" {
		abs, err := filepath.Abs(a.config.DataDir)
		errs = append(errs, err)
		a.config.DataDir = abs
	}
	if a.config.ID == "" {
		host, err := os.Hostname()
		errs = append(errs, err)
		a.config.ID = host
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	_, _, err := a.rooms(os.TempDir()) // says now what Run would say
	return a, err
}

// rooms makes the agent and its link for a data folder.
func (a *Agent) rooms(dataDir string) (*agent.Agent, *agentend.Link, error) {
	c, s := &a.config, &a.s
	room, err := agent.New(agent.Config{
		DataDir: dataDir, Slots: c.Slots, Environ: s.environ, Limits: executor.Limits{Step: c.StepTimeout}, LogCap: c.MaxLogBytes, DropWhenBehind: c.DropWhenBehind, Grace: c.Grace,
		Runner: s.runner, ChildCommand: s.child, Image: c.Image, KeepFailed: c.KeepFailed, GitHubToken: c.GitHubToken, Log: s.log, Now: s.now,
		Meter: a.meter.Agent(),
	})
	if err != nil {
		return nil, nil, err
	}
	var client *http.Client
	if local, ok := s.dialer.(http.RoundTripper); ok { // its orchestrator is in this process
		client = &http.Client{Transport: local}
	}
	link, err := agentend.New(agentend.Config{
		Dialer: s.dialer, HTTP: client, AgentID: c.ID, Token: c.Token, Labels: c.Labels, Roles: c.Roles, Version: c.Version, JobHeartbeat: c.JobHeartbeat, TempDir: dataDir, Log: s.log, Now: s.now,
		Measured: a.meter.Tell,
	}, room)
	return room, link, err
}

// Run keeps the agent connected and runs its jobs until ctx ends, the agent has
// drained, or its orchestrator refuses it. Then jobs are cancelled with their
// hooks, after Grace by force, and what became of them is reported. Run may be
// called once.
func (a *Agent) Run(ctx context.Context) (err error) {
	dir := a.config.DataDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "kici-agent-"); err != nil {
			return fmt.Errorf("kici: agent: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if err := a.measure(); err != nil {
		return err
	}
	room, link, err := a.rooms(dir)
	if err != nil {
		return err
	}
	a.mu.Lock()
	ran := a.ran
	a.ran, a.room, a.link = true, room, link
	a.mu.Unlock()
	if ran {
		return ErrRanBefore
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-link.Ready():
			close(a.ready)
		case <-done:
		}
	}()
	return link.Run(ctx)
}

// measure registers what is counted.
func (a *Agent) measure() (err error) {
	if a.s.metrics == nil {
		return nil
	}
	a.meter, err = agentmeter.New(a.s.metrics, a.Connected, a.ActiveJobs)
	if err != nil {
		return fmt.Errorf("kici: agent: metrics: %w", err)
	}
	return nil
}

// Handler serves /health (200 while the process lives), /ready (503 while there is
// no connection) and, WithMetrics, /metrics.
func (a *Agent) Handler() http.Handler {
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, code int, body map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
	}
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, map[string]any{"agentId": a.Name(), "activeJobs": a.ActiveJobs(), "connected": a.Connected()})
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if a.Connected() {
			say(w, http.StatusOK, map[string]any{"status": "ready"})
			return
		}
		say(w, http.StatusServiceUnavailable, map[string]any{"status": "not connected"})
	})
	if a.s.metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(a.s.metrics, promhttp.HandlerOpts{}))
	}
	return mux
}

// Ready is closed when the orchestrator has taken the agent in for the first
// time.
func (a *Agent) Ready() <-chan struct{} { return a.ready }

// Drain takes no more jobs; Run returns when those it has are over.
func (a *Agent) Drain() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.room != nil {
		a.room.Drain()
	}
}

// Connected tells whether an orchestrator has the agent right now.
func (a *Agent) Connected() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.link != nil && a.link.Connected()
}

// ActiveJobs counts the jobs that take a slot.
func (a *Agent) ActiveJobs() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.room == nil {
		return 0
	}
	return a.room.Active()
}

// Name is the agent's id.
func (a *Agent) Name() string { return a.config.ID }
