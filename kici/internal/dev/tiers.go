package dev

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/provider"
	provide "github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
	"github.com/kici-dev/kici-go/transport/ws"
)

// Names in the store.
const (
	sourceName = "dev"
	agentName  = "dev"
)

// tiers are an orchestrator and an agent that run in this process.
type tiers struct {
	orch     *orchestrator.Orchestrator
	rooms    *orchestrator.Rooms
	provider *provide.Provider

	ctx    context.Context // ends when a tier does
	cancel context.CancelFunc
	group  *errgroup.Group
}

// start runs both tiers until stop. They outlive the end of ctx, which is how a
// cancelled run still gets to its hooks. Without a folder all is in memory.
func start(ctx context.Context, o *Options, repo *repository, folders folders, mounts ...func(*orchestrator.Rooms, *http.ServeMux)) (*tiers, error) {
	typed, err := o.typed()
	if err != nil {
		return nil, err
	}
	t := &tiers{provider: provide.New(provide.Options{Environ: o.Environ})}
	config, err := sourceConfig(repo, folders.token)
	if err != nil {
		return nil, err
	}
	auth := orchestrator.AuthToken
	var door net.Listener
	if o.socket {
		if door, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		auth, folders.url = orchestrator.AuthNone, "http://"+door.Addr().String()
	}
	live := orchestrator.Options{
		Store: o.store, Log: o.Log, Now: o.Now, Secrets: &secrets{repo.kici(), typed}, Mounts: mounts,
		Providers: map[string]provider.Provider{provide.Name: t.provider},
	}
	orchestrator.Defaults(&live, o.Environ, o.ChildCommand)
	t.orch, err = orchestrator.New(orchestrator.Config{
		DataDir: folders.orchestrator, PublicURL: folders.url, AnyLabels: true, AgentAuth: auth,
		Sources: []orchestrator.Source{{Name: sourceName, Kind: provide.Name, Config: config}},
	}, live)
	if err != nil {
		return nil, err
	}
	dialer, server := t.open(door)
	options := []kici.AgentOption{kici.WithDialer(dialer), kici.WithLogger(o.Log), kici.WithEnviron(o.Environ), kici.WithClock(o.Now)}
	if o.Runner != nil {
		options = append(options, kici.WithRunner(o.Runner))
	}
	if len(o.ChildCommand) > 0 {
		options = append(options, kici.WithChildCommand(o.ChildCommand...))
	}
	agent, err := kici.NewAgent(kici.AgentConfig{ID: agentName, DataDir: folders.agent, Slots: o.Concurrency}, options...)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t.cancel = cancel
	t.group, t.ctx = errgroup.WithContext(running)
	t.group.Go(func() error { return t.orch.Run(t.ctx) })
	if server != nil {
		t.group.Go(func() error { return server(t.ctx) })
		select { // an agent that is turned away comes back after a second
		case <-t.orch.Ready():
		case <-t.ctx.Done():
		}
	}
	t.group.Go(func() error { return agent.Run(t.ctx) })
	if t.rooms, err = t.orch.Rooms(t.ctx); err != nil {
		return nil, t.stop(err)
	}
	return t, nil
}

// open is how the agent gets in: through memory, or by a socket that has to be
// served.
func (t *tiers) open(l net.Listener) (kici.Dialer, func(context.Context) error) {
	if l == nil {
		return t.orch.Dialer(), nil
	}
	server := &http.Server{Handler: t.orch, ReadHeaderTimeout: headerTimeout}
	return &ws.Dialer{URL: "ws://" + l.Addr().String() + "/ws"}, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = server.Close() })
		defer stop()
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

const headerTimeout = 10 * time.Second

// folders say where the tiers keep things, where they are reached, and by whom.
type folders struct{ orchestrator, agent, url, token string }

// sourceConfig describes the repository. Whoever posts an event about it has to
// show the token: this machine may have other users, and their browsers visit
// other people's pages.
func sourceConfig(repo *repository, token string) (json.RawMessage, error) {
	c := map[string]any{"path": repo.root, "project": repo.project, "repoFullName": repo.name}
	if token != "" {
		c["verificationMethod"] = verification.Bearer
		c["verificationConfig"] = map[string]string{"token": token}
	}
	return json.Marshal(c)
}

// stop ends both tiers. A tier that failed explains what followed from it.
func (t *tiers) stop(err error) error {
	failed := t.ctx.Err() != nil
	t.cancel()
	if tierErr := t.group.Wait(); tierErr != nil && (failed || err == nil) {
		return tierErr
	}
	return err
}
