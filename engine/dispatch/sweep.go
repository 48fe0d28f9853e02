package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
)

const (
	// aliveEvery is how often is looked who was heard. What is written about an
	// attempt is at least as much newer than what was written before.
	aliveEvery = 2 * time.Second
	// frozen is how long an agent that says something every five seconds can be
	// quiet before it is given nothing more.
	frozen = 8 * time.Second
	// sweepPage bounds one look at each kind of overdue attempt.
	sweepPage = 500
)

// keepAlive writes down that the attempts of connected agents are alive.
func (d *Dispatcher) keepAlive(ctx context.Context) error {
	return d.loop(ctx, "keep alive", every(aliveEvery), d.alive)
}

func (d *Dispatcher) alive(ctx context.Context) error {
	// When the agent was heard, not now: that its connection stands says little, and
	// to have been silent since then is what counts.
	heard := map[*Member]sign{}
	for _, m := range d.all() {
		if s := m.sign(); len(s.tokens) > 0 {
			heard[m] = s
		}
	}
	var err error
	if len(heard) > 0 {
		err = d.store.Tx(ctx, func(tx store.Tx) error {
			for _, s := range heard {
				if err := tx.Queue().Alive(ctx, s.at, s.tokens...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		for m, s := range heard {
			m.signed(s)
		}
	}
	return errors.Join(err, d.stalled(ctx))
}

// sign is when an agent was heard, and the attempts of which that is news.
type sign struct {
	at     time.Time
	tokens []engine.Token
}

func (m *Member) sign() sign {
	s := sign{at: m.link.Heard()}
	m.mu.Lock()
	defer m.mu.Unlock()
	for t, h := range m.open {
		if s.at.Sub(h.signed) >= aliveEvery {
			s.tokens = append(s.tokens, t)
		}
	}
	return s
}

// signed remembers what was written.
func (m *Member) signed(s sign) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range s.tokens {
		if h := m.open[t]; h != nil {
			h.signed = s.at
		}
	}
}

// lead sweeps while this process is the leader.
func (d *Dispatcher) lead(ctx context.Context) error {
	store.WhileLeading(ctx, d.store, "dispatch", func(err error) {
		d.log.Error("sweeping failed and will be tried again", "err", err)
	}, d.sweepWhile)
	return nil
}

// sweepWhile sweeps once a second. The first look at silence comes after a time
// of silence: whoever was orchestrator before may have been away longer than
// the agents, which are about to come back. What fails is logged and left to the
// next sweep: giving up the lead would put off the look at silence, so that one
// run which cannot be decided would hide every lost agent.
func (d *Dispatcher) sweepWhile(ctx context.Context, s store.Session) error {
	since := d.Now()
	failed := func(err error) {
		if err != nil && ctx.Err() == nil {
			d.log.Error("sweeping failed in part and will be tried again", "err", err)
		}
	}
	failed(d.runs.Recover(ctx))
	for last := since; ; {
		now := d.Now()
		if now.Sub(last) > d.Silence/3 { // this process was stopped, or its machine asleep: it is it that heard nobody
			since = now
		}
		last = now
		failed(d.Tick(ctx, now, since))
		pause := time.NewTimer(runs.TickEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-s.Lost():
			pause.Stop()
			return store.ErrLost
		case <-pause.C:
		}
	}
}

// Tick takes back what nobody answers for, as of now. leading is since when this
// process has been able to see signs of life.
func (d *Dispatcher) Tick(ctx context.Context, now, leading time.Time) error {
	_, err := d.runs.Tick(ctx, now)
	errs := []error{err, d.unanswered(ctx, now)}
	if now.Sub(leading) >= d.Silence {
		errs = append(errs, d.silent(ctx, now, leading))
	}
	return errors.Join(errs...)
}

func (d *Dispatcher) unanswered(ctx context.Context, now time.Time) error {
	var late []engine.Attempt
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		late, err = tx.Queue().Unacked(ctx, now, sweepPage)
		return err
	})
	for i := range late {
		a := &late[i]
		// A job that was sent over the agent's connection before is not the fault of
		// this one. Asked before the attempt is ended, after which compare may take
		// it from the member at any moment.
		m := d.member(a.Agent)
		sent := m != nil && m.has(a.Token())
		err = errors.Join(err, ignoreStale(d.runs.Retry(ctx, a.Token(), fmt.Sprintf("agent %s did not acknowledge the job in %s", a.Agent, d.AckTimeout))))
		if sent {
			m.release(a.Token())
			m.link.Close(CloseUnanswered, "a job was not acknowledged in time")
		}
	}
	return err
}

func (d *Dispatcher) member(id engine.AgentID) *Member {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.members[id]
}

// silent goes through attempts without a sign of life.
func (d *Dispatcher) silent(ctx context.Context, now, leading time.Time) error {
	var quiet []engine.Attempt
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		quiet, err = tx.Queue().Silent(ctx, now.Add(-d.Silence), sweepPage)
		return err
	})
	for i := range quiet {
		a := &quiet[i]
		seen := a.SeenAt
		if seen.Before(leading) {
			seen = leading
		}
		err = errors.Join(err, ignoreStale(d.lose(ctx, a, now.Sub(seen))))
	}
	return err
}

func (d *Dispatcher) lose(ctx context.Context, a *engine.Attempt, quiet time.Duration) error {
	begun := !a.StartedAt.IsZero()
	switch {
	case begun && quiet >= d.Recovery:
		return d.runs.Abandon(ctx, a.Token(), fmt.Sprintf("agent %s did not come back within the recovery window of %s", a.Agent, d.Recovery))
	case begun && d.scaled(ctx, a.Agent):
		return d.runs.Abandon(ctx, a.Token(), fmt.Sprintf("agent %s is gone, and machines like it do not come back", a.Agent))
	}
	return d.runs.Lost(ctx, a.Token(), fmt.Sprintf("nothing was heard of agent %s for %s", a.Agent, d.Silence))
}

func (d *Dispatcher) scaled(ctx context.Context, id engine.AgentID) (yes bool) {
	err := d.store.View(ctx, func(tx store.Tx) error {
		a, err := tx.Agents().Get(ctx, id)
		yes = err == nil && a.Scaled
		return err
	})
	return err == nil && yes
}

// stalled looks at the attempts of agents connected here whose connection lives
// while they themselves say nothing. What counts is until when the agent was
// heard: of the time since then nothing is known.
func (d *Dispatcher) stalled(ctx context.Context) error {
	var errs []error
	for _, m := range d.all() {
		for _, t := range m.quiet(m.link.Heard().Add(-d.Stall)) {
			errs = append(errs, ignoreStale(d.runs.Stalled(ctx, t, "stale detection (no heartbeat)")))
		}
	}
	return errors.Join(errs...)
}

func (m *Member) quiet(since time.Time) []engine.Token {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []engine.Token
	for t, h := range m.open {
		if h.heartbeat.Before(since) {
			out = append(out, t)
		}
	}
	return out
}
