package kici

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
)

// OrchestratorConfig is what a file can say. The zero value is an orchestrator
// in memory that knows no sources.
type OrchestratorConfig struct {
	// DataDir is where the embedded store, blobs and keys live; empty keeps all
	// of it in memory.
	DataDir string
	// PublicURL is where agents and senders reach Handler: "https://ci.example.org".
	PublicURL string
	// BasePath is what every path begins with; see also http.StripPrefix.
	BasePath string
	// AgentAuth is "token" (the default), or "none" to let anybody in. Agents that
	// come by Dialer never need a token.
	AgentAuth string
	Sources   []SourceConfig
	// DrainTimeout bounds how long Run waits for agents of this process when it is
	// asked to stop; 30 s when zero.
	DrainTimeout time.Duration
	QueueTimeout time.Duration // of a job that no agent takes; 1 h
	GroupTimeout time.Duration // of a run that waits for its concurrency group; 1 h
	AckTimeout   time.Duration // for an agent to acknowledge a job; 10 s
	Recovery     time.Duration // for an agent that is gone to come back to a step that had begun; 120 s
	Stall        time.Duration // of a job that its agent, which is there, says nothing about; 120 s
	// MaxLogBytes bounds what is stored of a step's log; the agent's 10 MiB when
	// zero.
	MaxLogBytes int64
	Retention   time.Duration // of finished runs; 30 days
	// SecretKey is 32 bytes that all keys are derived from; orchestrators of one
	// database share it. Without it one is made and kept in DataDir.
	SecretKey []byte `json:"-"`
	// AdminToken opens the admin API; without one there is none.
	AdminToken string `json:"-"`
	// BlobDir is where payloads and logs lie; "blobs" in DataDir when empty.
	BlobDir string
	Version string // of the program, for whoever asks
	// Mode says where deliveries come from: "independent" (from senders),
	// "platform" (over a relay) or "hybrid" (both). Empty is platform with a relay,
	// and independent without.
	Mode string
	// RelayURL is a relay's address, ws://, wss://, http:// or https://, and RelayKey
	// the orchestrator key of an organisation there.
	RelayURL string
	RelayKey string `json:"-"`
	// Instance names this orchestrator where a relay lists it.
	Instance string
	// Cluster is what people call all that share its store. It counts once, when the
	// database is new; one is made up when empty.
	Cluster string
	// ManualMigrations has Run fail with ErrOldSchema rather than migrate.
	ManualMigrations bool
}

// Forever is a timeout that does not come.
const Forever = 100 * 365 * 24 * time.Hour

// SourceConfig is a place that events come from. Config is JSON in the shape of
// its provider; see the packages below engine/provider.
type SourceConfig struct {
	Name   string // part of the webhook's address
	Kind   string // "local", "generic", "forgejo", "gitea", "gogs", "gitlab-repo", "github-repo", "custom"
	Config json.RawMessage
}

// LocalSource is a repository on this machine's disk.
func LocalSource(name, path string) SourceConfig {
	c, _ := json.Marshal(map[string]string{"path": path}) // strings always encode
	return SourceConfig{Name: name, Kind: "local", Config: c}
}

// Ids and records.
type (
	RunID      = engine.RunID
	DeliveryID = engine.DeliveryID
	Run        = engine.Run
	Job        = engine.Job
	// Event is a normalised event with the commit it is about.
	Event = provider.Event
	// RunUpdate is one change of a run; its kinds and the JSON in Data are those
	// of engine/runs.
	RunUpdate = engine.Event
	// CancelRequest and RepeatRequest say how.
	CancelRequest = runs.Cancel
	RepeatRequest = runs.Repeat
)

// Kinds of [RunUpdate] that programs ask for most; engine/runs has them all.
const (
	UpdateRunFinished = runs.KindRunFinished
	UpdateJobFinished = runs.KindJobFinished
)

type orchestratorSettings struct {
	live    orchestrator.Options
	environ []string
	child   []string
}

// Orchestrator takes events in, decides, stores and gives jobs to agents.
type Orchestrator struct{ in *orchestrator.Orchestrator }

// NewOrchestrator checks and connects. It starts no goroutine, opens no port and
// reads no environment. The error lists all that is wrong.
func NewOrchestrator(cfg OrchestratorConfig, opts ...OrchestratorOption) (*Orchestrator, error) {
	s := &orchestratorSettings{live: orchestrator.Options{Log: slog.Default(), Now: time.Now, Providers: map[string]Provider{}}}
	var errs []error
	for _, o := range opts {
		errs = append(errs, o.applyOrchestrator(s))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	orchestrator.Defaults(&s.live, s.environ, s.child)
	c := orchestrator.Config{
		DataDir: cfg.DataDir, PublicURL: cfg.PublicURL, BasePath: cfg.BasePath, AgentAuth: cfg.AgentAuth, DrainTimeout: cfg.DrainTimeout,
		QueueTimeout: cfg.QueueTimeout, GroupTimeout: cfg.GroupTimeout, AckTimeout: cfg.AckTimeout, Recovery: cfg.Recovery, Stall: cfg.Stall, LogCap: cfg.MaxLogBytes,
		Retention: cfg.Retention, SecretKey: cfg.SecretKey, AdminToken: cfg.AdminToken, BlobDir: cfg.BlobDir, Version: cfg.Version,
		Mode: cfg.Mode, RelayURL: cfg.RelayURL, RelayKey: cfg.RelayKey, Instance: cfg.Instance, Cluster: cfg.Cluster, ManualMigrations: cfg.ManualMigrations,
	}
	for _, src := range cfg.Sources {
		c.Sources = append(c.Sources, orchestrator.Source(src))
	}
	in, err := orchestrator.New(c, s.live)
	if err != nil {
		return nil, err
	}
	return &Orchestrator{in}, nil
}

// Run works until ctx ends, and returns when everything it started has ended.
// Ending ctx asks for a soft stop: agents of this process may finish what they
// have, for DrainTimeout at most. Run may be called once.
func (o *Orchestrator) Run(ctx context.Context) error { return o.in.Run(ctx) }

// Ready is closed when agents and deliveries are served.
func (o *Orchestrator) Ready() <-chan struct{} { return o.in.Ready() }

// Handler serves webhooks, agents, health and the API. It may be mounted before
// Run, and anywhere; until Ready it answers 503.
func (o *Orchestrator) Handler() http.Handler { return o.in }

// Dialer connects an agent in this process without a port.
func (o *Orchestrator) Dialer() Dialer { return o.in.Dialer() }

// Submit takes an event in as if a forge had sent it: it is matched against the
// lock file at its commit, in the source of that name. It is durable when Submit
// returns.
func (o *Orchestrator) Submit(ctx context.Context, source string, ev Event) (DeliveryID, error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return "", err
	}
	g, err := rooms.Intake.Open(ctx, source)
	if err != nil {
		return "", err
	}
	return rooms.Intake.Submit(ctx, intake.Signal{Event: ev, Source: g.Source.ID})
}

// Trigger makes an event of a repository on disk, in words as they are typed:
// "push", "pr:opened", "dispatch:deploy". It is about the tip of HEAD, or of the
// branch that is named.
func (o *Orchestrator) Trigger(ctx context.Context, source, event, branch string) (DeliveryID, error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return "", err
	}
	return rooms.Trigger(ctx, source, local.Trigger{Event: event, Ref: branch})
}

// Runs lists what a delivery started, once it has been worked through; until
// then it waits.
func (o *Orchestrator) Runs(ctx context.Context, id DeliveryID) ([]Run, error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return nil, err
	}
	return rooms.Started(ctx, id)
}

// Lookup is the record of a run, and its jobs.
func (o *Orchestrator) Lookup(ctx context.Context, id RunID) (*Run, []Job, error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return nil, nil, err
	}
	return rooms.Lookup(ctx, id)
}

// Watch gives the changes of a run, those before and those to come, until it has
// finished.
func (o *Orchestrator) Watch(ctx context.Context, id RunID) iter.Seq2[RunUpdate, error] {
	return o.in.Watch(ctx, id, 0)
}

// Wait returns the record of a run once it has finished.
func (o *Orchestrator) Wait(ctx context.Context, id RunID) (*Run, error) {
	for _, err := range o.Watch(ctx, id) {
		if err != nil {
			return nil, err
		}
	}
	run, _, err := o.Lookup(ctx, id)
	return run, err
}

// Cancel asks for the end of a run. It returns how many jobs that concerns.
func (o *Orchestrator) Cancel(ctx context.Context, id RunID, c CancelRequest) (int, error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return 0, err
	}
	return rooms.Runs.Cancel(ctx, id, c)
}

// Repeat runs a finished run again, at its own commit.
func (o *Orchestrator) Repeat(ctx context.Context, id RunID, r RepeatRequest) (RunID, error) {
	rooms, err := o.in.Rooms(ctx)
	if err != nil {
		return "", fmt.Errorf("kici: repeat: %w", err)
	}
	return rooms.Runs.Repeat(ctx, id, r)
}
