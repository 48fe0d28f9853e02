package kici

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/transport"
)

// The ports an embedder may implement, under one roof. Each is documented where
// it is declared, and has a suite that implementations are held to.
type (
	// Store remembers. Suite: engine/store/storetest.
	Store = store.Store
	// Schema is how far the database of a Store is.
	Schema = store.Schema
	// Blobs keeps large things. Suite: engine/blob/blobtest.
	Blobs = blob.Store
	// Provider is where events and code come from; more powers by implementing
	// more of engine/provider. Suite: engine/provider/providertest.
	Provider = provider.Provider
	// Runner is where jobs run: the sandbox of an agent. Suite:
	// executor/sandbox/sandboxtest.
	Runner = executor.Runner
	// Dialer connects an agent with its orchestrator.
	Dialer = transport.Dialer
	// Evaluator calls pure functions of lock files.
	Evaluator = dispatch.Evaluator
	// Secrets gives jobs what they may read.
	Secrets = dispatch.Secrets
	// WebhookSecrets finds what genericWebhook triggers name in their auth.
	WebhookSecrets = intake.Secrets
)

// OrchestratorOption is a live thing for an orchestrator, AgentOption one for an
// agent, RelayOption one for a relay, and SharedOption serves all of them.
type (
	OrchestratorOption interface {
		applyOrchestrator(*orchestratorSettings) error
	}
	AgentOption interface {
		applyAgent(*agentSettings) error
	}
	SharedOption interface {
		OrchestratorOption
		AgentOption
		RelayOption
	}
)

type orchestratorOption func(*orchestratorSettings) error

func (f orchestratorOption) applyOrchestrator(s *orchestratorSettings) error { return f(s) }

type agentOption func(*agentSettings) error

func (f agentOption) applyAgent(s *agentSettings) error { return f(s) }

type sharedOption struct {
	orchestratorOption
	agentOption
	relayOption
}

var errNil = errors.New("kici: an option was given nothing")

// WithLogger says where logs go. The default is slog.Default.
func WithLogger(l *slog.Logger) SharedOption {
	return sharedOption{
		func(s *orchestratorSettings) error { s.live.Log = l; return given(l != nil) },
		func(s *agentSettings) error { s.log = l; return given(l != nil) },
		func(s *relaySettings) error { s.live.Log = l; return given(l != nil) },
	}
}

// WithClock replaces time.Now, for tests.
func WithClock(now func() time.Time) SharedOption {
	return sharedOption{
		func(s *orchestratorSettings) error { s.live.Now = now; return given(now != nil) },
		func(s *agentSettings) error { s.now = now; return given(now != nil) },
		func(s *relaySettings) error { s.live.Now = now; return given(now != nil) },
	}
}

// WithEnviron gives the environment of the process: git, jobs and children get
// the documented part of it. The default is none, since a library reads no
// environment by itself; a main passes os.Environ().
func WithEnviron(environ []string) SharedOption {
	return sharedOption{
		func(s *orchestratorSettings) error { s.environ = environ; return nil },
		func(s *agentSettings) error { s.environ = environ; return nil },
		func(*relaySettings) error { return nil }, // it starts nothing
	}
}

// WithChildCommand names a program to run as a child instead of this one; it
// calls ServeChild.
func WithChildCommand(args ...string) SharedOption {
	return sharedOption{
		func(s *orchestratorSettings) error { s.child = args; return nil },
		func(s *agentSettings) error { s.child = args; return nil },
		func(*relaySettings) error { return nil },
	}
}

// WithMetrics registers what is counted with a registry, and serves it at /metrics
// of the handler. A registry is for one orchestrator or agent. The default is none.
func WithMetrics(reg *prometheus.Registry) interface {
	OrchestratorOption
	AgentOption
} {
	return struct {
		orchestratorOption
		agentOption
	}{
		func(s *orchestratorSettings) error { s.live.Metrics = reg; return given(reg != nil) },
		func(s *agentSettings) error { s.metrics = reg; return given(reg != nil) },
	}
}

// WithTracerProvider makes spans of finished runs: delivery, run, job, step. The
// exporter is the provider's. The default is none.
func WithTracerProvider(p trace.TracerProvider) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error { s.live.Tracing = p; return given(p != nil) })
}

// WithStore uses a store that the caller opened, and closes.
func WithStore(st Store) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error { s.live.Store = st; return given(st != nil) })
}

// WithStoreOpener opens the store when Run begins, and Run closes it. It takes
// the place of the embedded store in DataDir.
func WithStoreOpener(open func(ctx context.Context) (Store, error)) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error {
		s.live.OpenStore = func(ctx context.Context, _ string) (Store, error) { return open(ctx) }
		return given(open != nil)
	})
}

// WithBlobs uses a blob store that the caller opened.
func WithBlobs(b Blobs) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error { s.live.Blobs = b; return given(b != nil) })
}

// WithProvider serves sources of a kind. It replaces a built-in provider of that
// kind.
func WithProvider(kind string, p Provider) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error {
		s.live.Providers[kind] = p
		return given(p != nil && kind != "")
	})
}

// WithEvaluator replaces the workers that evaluate pure functions.
func WithEvaluator(e Evaluator) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error { s.live.Evaluator = e; return given(e != nil) })
}

// WithSecrets says what jobs may read. The default is nothing.
func WithSecrets(x Secrets) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error { s.live.Secrets = x; return given(x != nil) })
}

// WithWebhookSecrets finds the secrets that genericWebhook triggers name in their
// auth. Without it such triggers never match, and the log of deliveries says why.
func WithWebhookSecrets(x WebhookSecrets) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error { s.live.WebhookSecrets = x; return given(x != nil) })
}

// WithRelayDialer connects the orchestrator with its relay some other way than by
// RelayURL: with a relay in this process, say.
func WithRelayDialer(d Dialer) OrchestratorOption {
	return orchestratorOption(func(s *orchestratorSettings) error { s.live.RelayDialer = d; return given(d != nil) })
}

// WithDialer connects the agent. It is required.
func WithDialer(d Dialer) AgentOption {
	return agentOption(func(s *agentSettings) error { s.dialer = d; return given(d != nil) })
}

// WithRunner runs jobs somewhere else than in children of this process. A sandbox
// of one's own is held to executor/sandbox/sandboxtest.
func WithRunner(r Runner) AgentOption {
	return agentOption(func(s *agentSettings) error { s.runner = r; return given(r != nil) })
}

func given(ok bool) error {
	if !ok {
		return errNil
	}
	return nil
}
