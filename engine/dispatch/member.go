package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/route"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
)

// Member is a connected agent.
type Member struct {
	d     *Dispatcher
	agent engine.Agent
	link  Link
	local bool
	offer route.Offer
	work  chan struct{} // something is in inbox or stops

	mu       sync.Mutex // guards everything below
	open     map[engine.Token]*held
	inbox    []engine.Attempt
	stops    []Stop
	verdicts map[engine.Route]bool
	pause    time.Time // takes nothing before
	draining bool      // it said so itself
	drained  bool      // an operator said so
	gone     bool
}

// held is an attempt that the agent has, or is about to get.
type held struct {
	run       engine.RunID
	stopped   bool      // it was asked to cancel
	heartbeat time.Time // its own, not the connection's
	signed    time.Time // the sign of life that was written last
}

// Hello is how an agent introduces itself.
type Hello struct {
	Agent     engine.Agent
	Mandatory []string
	InFlight  []InFlight
	Local     bool // it lives in this process
}

// InFlight is an attempt that the agent says it has. An agent that knows no
// fences has none, and means the attempt that it was given last.
type InFlight struct {
	Token engine.Token
	Run   engine.RunID
}

// Connect takes an agent in. The caller serves the member until the connection
// ends, and before that sends whatever tells the agent that it is registered.
func (d *Dispatcher) Connect(ctx context.Context, h Hello, link Link) (*Member, error) {
	m := &Member{
		d: d, agent: h.Agent, link: link, local: h.Local, work: make(chan struct{}, 1),
		open: map[engine.Token]*held{}, verdicts: map[engine.Route]bool{},
	}
	m.agent.Slots = max(1, m.agent.Slots)
	for _, l := range m.agent.Labels {
		m.offer.Labels = append(m.offer.Labels, string(l))
	}
	m.offer.Mandatory = h.Mandatory
	if err := d.enroll(ctx, m); err != nil {
		return nil, err
	}
	if err := d.reconcile(ctx, m, h.InFlight); err != nil {
		return nil, err
	}
	d.mu.Lock()
	old := d.members[m.agent.ID]
	d.members[m.agent.ID] = m
	d.mu.Unlock()
	if old != nil {
		old.link.Close(CloseReplaced, "the agent connected again")
	}
	d.wake()
	return m, nil
}

// enroll writes the agent down, with a generation above that of any connection
// before.
func (d *Dispatcher) enroll(ctx context.Context, m *Member) error {
	return d.store.Tx(ctx, func(tx store.Tx) error {
		old, err := tx.Agents().Get(ctx, m.agent.ID)
		switch {
		case err == nil:
			m.agent.Generation = old.Generation + 1
		case !errors.Is(err, engine.ErrNotFound):
			return err
		}
		drains, err := tx.Agents().Drains(ctx)
		if err != nil {
			return err
		}
		m.drained = slices.ContainsFunc(drains, func(x engine.Drain) bool { return x.Agent == m.agent.ID })
		m.agent.Instance, m.agent.ConnectedAt, m.agent.SeenAt, m.agent.Disconnected = d.Instance, d.Now(), d.Now(), time.Time{}
		return tx.Agents().Put(ctx, &m.agent)
	})
}

// reconcile compares what the agent says it has with what it was given.
func (d *Dispatcher) reconcile(ctx context.Context, m *Member, has []InFlight) error {
	var given []engine.Attempt
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		given, err = tx.Queue().Held(ctx, m.agent.ID)
		return err
	})
	if err != nil {
		return err
	}
	var back []runs.Report
	for _, f := range has {
		i := slices.IndexFunc(given, func(a engine.Attempt) bool {
			return a.Job == f.Token.Job && (a.Fence == f.Token.Fence || f.Token.Fence == 0)
		})
		if i < 0 {
			m.disown(f.Token, f.Run)
			continue
		}
		t := given[i].Token()
		m.open[t] = &held{run: given[i].Run, heartbeat: d.Now()}
		back = append(back, runs.Report{Token: t, Run: given[i].Run, Acked: true})
	}
	if len(back) > 0 {
		if err := d.store.Tx(ctx, func(tx store.Tx) error { _, err := d.runs.ApplyTx(ctx, tx, m.agent.ID, back); return err }); err != nil {
			return err
		}
	}
	if len(m.stops) > 0 {
		m.signal()
	}
	for i := range given {
		if _, ok := m.open[given[i].Token()]; !ok {
			if err := d.missing(ctx, &given[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// missing is an attempt that its agent knows nothing of: it never got it, or
// started anew without it.
func (d *Dispatcher) missing(ctx context.Context, a *engine.Attempt) error {
	var err error
	if a.StartedAt.IsZero() {
		err = d.runs.Retry(ctx, a.Token(), "the agent does not have the job")
	} else {
		err = d.runs.Abandon(ctx, a.Token(), fmt.Sprintf("agent %s was restarted while it ran the job", a.Agent))
	}
	return ignoreStale(err)
}

func ignoreStale(err error) error {
	if errors.Is(err, engine.ErrStale) {
		return nil
	}
	return err
}

// free is how many jobs the member can take now.
func (m *Member) free(now time.Time) int {
	if now.Sub(m.link.Heard()) > frozen {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone || m.draining || m.drained || now.Before(m.pause) {
		return 0
	}
	return m.agent.Slots - len(m.open)
}

func (m *Member) busy() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.open)
}

// tokens lists what the member holds.
func (m *Member) tokens() []engine.Token {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.open))
}

// hand gives attempts to Serve.
func (m *Member) hand(as []engine.Attempt) {
	m.mu.Lock()
	for i := range as {
		m.open[as[i].Token()] = &held{run: as[i].Run, heartbeat: m.d.Now()}
	}
	m.inbox = append(m.inbox, as...)
	m.mu.Unlock()
	m.signal()
}

// maxStops bounds what is kept for an agent that claims jobs faster than it reads
// that they are not its own. It hears of the rest when it claims them again.
const maxStops = 1000

// disown tells the agent to end an attempt that is not its own; mu is held, or
// nobody else knows the member yet.
func (m *Member) disown(t engine.Token, run engine.RunID) {
	if len(m.stops) >= maxStops || slices.ContainsFunc(m.stops, func(s Stop) bool { return s.Token == t && s.Force }) {
		return
	}
	m.stops = append(m.stops, Stop{Token: t, Run: run, Reason: "the job is no longer this agent's", Force: true})
}

// Token is that of the attempt which the member holds of a job, for agents that
// know no fences.
func (m *Member) Token(job engine.JobID) engine.Token {
	m.mu.Lock()
	defer m.mu.Unlock()
	for t := range m.open {
		if t.Job == job {
			return t
		}
	}
	return engine.Token{Job: job}
}

// has tells whether the member holds an attempt.
func (m *Member) has(t engine.Token) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open[t] != nil
}

// release gives slots back.
func (m *Member) release(tokens ...engine.Token) {
	m.mu.Lock()
	for _, t := range tokens {
		delete(m.open, t)
	}
	m.mu.Unlock()
	m.d.freed()
}

func (m *Member) signal() {
	select {
	case m.work <- struct{}{}:
	default:
	}
}

// Drain makes the member take no more jobs.
func (m *Member) Drain() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.draining = true
}

// Agent is who it is.
func (m *Member) Agent() engine.Agent { return m.agent }
