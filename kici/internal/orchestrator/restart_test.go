package orchestrator_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/kici/internal/link/agentend"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/pipe"
)

// plug is where an agent finds whoever is orchestrator now.
type plug struct {
	mu sync.Mutex // guards to
	to transport.Dialer
}

func (p *plug) set(d transport.Dialer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = d
}

func (p *plug) Dial(ctx context.Context) (transport.Conn, error) {
	p.mu.Lock()
	to := p.to
	p.mu.Unlock()
	if to == nil {
		return nil, pipe.ErrRefused
	}
	return to.Dial(ctx)
}

// life is one life of an orchestrator on a data folder.
type life struct {
	*house
	stop func()
}

func live(t *testing.T, data, repo string, p *plug, wire ...pipe.Option) *life {
	t.Helper()
	o := orchestrator.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Providers: map[string]provider.Provider{}, Wire: wire}
	orchestrator.Defaults(&o, os.Environ(), nil)
	config, err := json.Marshal(map[string]string{"path": repo})
	must(t, err)
	orch, err := orchestrator.New(orchestrator.Config{DataDir: data, DrainTimeout: time.Millisecond, Sources: []orchestrator.Source{{Name: "here", Kind: "local", Config: config}}}, o)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- orch.Run(ctx) }()
	rooms, err := orch.Rooms(ctx)
	must(t, err)
	p.set(orch.Dialer())
	return &life{&house{t: t, orch: orch, rooms: rooms, ctx: context.Background(), dir: repo}, sync.OnceFunc(func() {
		p.set(nil)
		stop()
		must(t, <-ended)
	})}
}

// A job goes on while its orchestrator is replaced, and the next one hears how it
// ended; what was queued meanwhile is given out by it.
func TestOrchestratorIsReplaced(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, wire ...pipe.Option) {
		repo, data, flags, p := t.TempDir(), t.TempDir(), t.TempDir(), &plug{}
		repository(t, repo, gate(flags))
		a, err := agent.New(agent.Config{DataDir: t.TempDir(), Environ: os.Environ()})
		must(t, err)
		link, err := agentend.New(agentend.Config{Dialer: p, AgentID: "one", Backoff: transport.Backoff{First: 10 * time.Millisecond, Max: 20 * time.Millisecond}}, a)
		must(t, err)
		ctx, stop := context.WithCancel(context.Background())
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return link.Run(ctx) })
		defer func() {
			stop()
			must(t, g.Wait())
		}()

		one := live(t, data, repo, p, wire...)
		defer one.stop()
		id, err := one.rooms.Trigger(ctx, "here", local.Trigger{Event: "push"})
		must(t, err)
		started, err := one.rooms.Started(ctx, id)
		must(t, err)
		one.until(started[0].ID, runs.KindStepFinished)
		one.stop()
		must(t, os.WriteFile(filepath.Join(flags, "GO"), nil, 0o644)) // the job ends while nobody listens

		two := live(t, data, repo, p, wire...)
		defer two.stop()
		run, jobs := two.end(started[0].ID)
		if run.Status != status.RunSuccess || len(jobs) != 2 {
			t.Errorf("the run is %s: %s", run.Status, run.Reason)
		}
		if lines := two.log(&jobs[0], 1); len(lines) != 500 {
			t.Errorf("%d lines", len(lines))
		}
		two.once(run.ID)
	})
}

// Whoever waits for an orchestrator that cannot start is told.
func TestNobodyWaitsForWhatHasEnded(t *testing.T) {
	t.Parallel()
	o := orchestrator.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Providers: map[string]provider.Provider{}}
	orchestrator.Defaults(&o, nil, nil)
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	orch, err := orchestrator.New(orchestrator.Config{DataDir: file}, o) // a file is no folder
	must(t, err)
	if err := orch.Run(context.Background()); err == nil {
		t.Error("it runs in a file")
	}
	if _, err := orch.Rooms(context.Background()); !errors.Is(err, orchestrator.ErrNotReady) {
		t.Error(err)
	}
}
