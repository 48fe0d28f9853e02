package kicitest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/kici/internal/link/agentend"
	"github.com/kici-dev/kici-go/transport"
)

// Agent is one of a [House]'s machines. A test takes it away and brings it back.
type Agent struct {
	h    *House
	plan agentPlan

	mu   sync.Mutex // guards what follows
	life *life      // nil when there is none
}

// life is an agent from its start to its end.
type life struct {
	agent *agent.Agent
	link  *agentend.Link
	wire  *wire
	stop  context.CancelFunc
	done  chan struct{} // closed when nothing of it is left
}

// hire makes an agent and starts it.
func (h *House) hire(p agentPlan) error {
	if h.agents[p.name] != nil || p.name == "" {
		return errors.New("agents have names, and each its own")
	}
	a := &Agent{h: h, plan: p}
	h.agents[p.name] = a
	return a.start()
}

// Agent finds an agent by its name; an unknown one ends the test.
func (h *House) Agent(name string) *Agent {
	h.t.Helper()
	a := h.agents[name]
	if a == nil {
		h.t.Fatalf("kicitest: there is no agent %q, %s", name, known("there are", slices.Sorted(maps.Keys(h.agents))))
	}
	return a
}

// start begins a life in a folder of its own, with an empty home.
func (a *Agent) start() error {
	h, s := a.h, a.h.running.settings
	base, err := filepath.EvalSymlinks(h.t.TempDir())
	if err != nil {
		return err
	}
	home := filepath.Join(base, "home")
	if err := mkdirs(home); err != nil {
		return err
	}
	var jobs executor.Runner = runner{h.running}
	if s.sandbox != nil {
		jobs = s.sandbox
	}
	environ := append(slices.Clone(s.environ), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(base, "cache"))
	l := &life{wire: &wire{dialer: h.orch.Dialer()}}
	l.agent, err = agent.New(agent.Config{
		DataDir: filepath.Join(base, "agent"), Slots: a.plan.slots, Environ: environ, Trees: h.repo, Runner: jobs, Log: s.log,
	})
	if err != nil {
		return err
	}
	config := agentend.Config{Dialer: l.wire, AgentID: a.plan.name, Labels: a.plan.labels, TempDir: base, Log: s.log}
	if local, ok := h.orch.Dialer().(http.RoundTripper); ok { // caches, without a port
		config.HTTP = &http.Client{Transport: local}
	}
	if l.link, err = agentend.New(config, l.agent); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(h.ctx))
	l.stop, l.done = stop, make(chan struct{})
	h.work.Go(func() {
		defer close(l.done)
		defer stop()
		err := l.link.Run(ctx)
		if refused := new(agentend.RefusedError); err != nil && !(l.wire.isDead() && errors.As(err, &refused)) {
			h.t.Errorf("kicitest: agent %q: %v", a.plan.name, err)
		}
	})
	a.life = l
	select {
	case <-l.link.Ready():
		return nil
	case <-l.done:
		return errors.New("it ended before it was connected")
	}
}

// now is the life there is; none ends the test.
func (a *Agent) now() *life {
	a.h.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.life == nil {
		a.h.t.Fatalf("kicitest: agent %q is not running", a.plan.name)
	}
	return a.life
}

// Disconnect cuts the agent off until [Agent.Reconnect]. What it runs goes on,
// and what it has to say is kept.
func (a *Agent) Disconnect() *Agent {
	a.h.t.Helper()
	a.now().wire.cut(true)
	return a
}

// Reconnect brings the agent back: after Disconnect the same one, as soon as it
// dials again; after Kill or Stop one that remembers nothing, connected when
// Reconnect returns.
func (a *Agent) Reconnect() *Agent {
	a.h.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.life != nil {
		a.life.wire.cut(false)
		return a
	}
	if err := a.start(); err != nil {
		a.h.t.Fatalf("kicitest: agent %q: %v", a.plan.name, err)
	}
	return a
}

// Kill ends the agent as a power cut does: nothing is said any more, no hook
// runs, and its commands are gone.
func (a *Agent) Kill() *Agent {
	a.h.t.Helper()
	l := a.now()
	l.wire.die()
	for _, ref := range l.agent.InFlight() {
		l.agent.Cancel(ref, "killed", true)
	}
	l.stop()
	a.forget()
	return a
}

// Drain lets the agent end what it has, and take no more.
func (a *Agent) Drain() *Agent {
	a.h.t.Helper()
	a.now().agent.Drain()
	return a
}

// Stop asks the agent to end, as a signal does: its jobs are cancelled with their
// hooks, and what became of them is reported. It returns when nothing of the
// agent is left.
func (a *Agent) Stop() *Agent {
	a.h.t.Helper()
	l := a.now()
	l.stop()
	<-l.done
	a.forget()
	return a
}

// Busy counts the jobs that the agent has.
func (a *Agent) Busy() int {
	a.h.t.Helper()
	return a.now().agent.Active()
}

func (a *Agent) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.life = nil
}

// retire ends the agent with its house. Jobs that are still under way end without
// hooks: no test is left to look at them.
func (a *Agent) retire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.life; l != nil {
		for _, ref := range l.agent.InFlight() {
			l.agent.Cancel(ref, "the house is closed", true)
		}
		l.stop()
		if l.wire.isCut() { // nobody will hear the end
			l.wire.die()
		}
		a.life = nil
	}
}

// wire is an agent's way to the orchestrator, which a test may cut.
type wire struct {
	dialer transport.Dialer

	mu    sync.Mutex // guards what follows
	down  bool
	dead  bool
	conns []*cable
}

var (
	errCut  = errors.New("kicitest: the agent was disconnected")
	errDead = &transport.CloseError{Code: transport.AgentAuthFailed, Reason: "killed"} // final for the agent's link
)

// Dial implements transport.Dialer.
func (w *wire) Dial(ctx context.Context) (transport.Conn, error) {
	w.mu.Lock()
	down, dead := w.down, w.dead
	w.mu.Unlock()
	switch {
	case dead:
		return stump{}, nil
	case down:
		return nil, errCut
	}
	conn, err := w.dialer.Dial(ctx)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &cable{Conn: conn, wire: w, ended: make(chan struct{})}
	w.conns = append(w.conns, c)
	return c, nil
}

func (w *wire) cut(down bool) {
	w.mu.Lock()
	w.down = down
	conns := w.conns
	if down {
		w.conns = nil
	}
	w.mu.Unlock()
	if down {
		for _, c := range conns {
			c.end()
		}
	}
}

// die makes every end of a connection a final one.
func (w *wire) die() {
	w.mu.Lock()
	w.dead = true
	w.mu.Unlock()
	w.cut(true)
}

func (w *wire) isDead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

func (w *wire) isCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down
}

// why is how a connection that was cut looks to the agent.
func (w *wire) why() error {
	if w.isDead() {
		return errDead
	}
	return &transport.CloseError{Code: transport.Abnormal, Cause: errCut}
}

// cable is a connection that can be cut.
type cable struct {
	transport.Conn
	wire  *wire
	once  sync.Once
	ended chan struct{}
}

func (c *cable) end() {
	c.once.Do(func() { close(c.ended) })
	_ = c.Conn.Close(transport.GoingAway, "") // the other side learns of it at once
}

func (c *cable) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// Send implements transport.Conn.
func (c *cable) Send(ctx context.Context, frame []byte) error {
	if c.over() {
		return c.wire.why()
	}
	err := c.Conn.Send(ctx, frame)
	if err != nil && c.over() {
		return c.wire.why()
	}
	return err
}

// Receive implements transport.Conn.
func (c *cable) Receive(ctx context.Context) ([]byte, error) {
	if c.over() {
		return nil, c.wire.why()
	}
	frame, err := c.Conn.Receive(ctx)
	if c.over() {
		return nil, c.wire.why()
	}
	return frame, err
}

// stump is what an agent that was killed dials.
type stump struct{}

func (stump) Send(context.Context, []byte) error      { return errDead }
func (stump) Receive(context.Context) ([]byte, error) { return nil, errDead }
func (stump) Close(transport.Code, string) error      { return nil }
func (stump) RemoteAddr() string                      { return "nowhere" }
func (p agentPlan) String() string {
	return fmt.Sprintf("%s [%s]", p.name, strings.Join(p.labels, " "))
}
