package dispatch

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
)

// busyPause is how long an agent that was busy is not asked again.
const busyPause = time.Second

// Report writes down what the agent said, in one transaction, and returns when
// it is durable. Attempts that are no longer the agent's are ended by force.
func (m *Member) Report(ctx context.Context, reports []runs.Report) error {
	var stale []engine.Token
	err := m.d.store.Tx(ctx, func(tx store.Tx) (err error) {
		stale, err = m.d.runs.ApplyTx(ctx, tx, m.agent.ID, reports)
		return err
	})
	if err != nil {
		return err
	}
	var over []engine.Token
	for i := range reports {
		switch r := &reports[i]; {
		case r.Finished != nil:
			over = append(over, r.Token)
		case r.Rejected != "":
			over = append(over, r.Token)
			m.rejected(r.Rejected)
		}
	}
	m.stopStale(stale, reports)
	m.beat(reports)
	if len(over) > 0 {
		m.release(over...)
	}
	return nil
}

// rejected holds back from an agent that does not want more.
func (m *Member) rejected(reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if reason == Draining {
		m.draining = true
		return
	}
	m.pause = m.d.Now().Add(busyPause)
}

// Draining is the reason of an agent that takes no more jobs at all.
const Draining = "draining"

func (m *Member) stopStale(stale []engine.Token, reports []runs.Report) {
	if len(stale) == 0 {
		return
	}
	m.mu.Lock()
	for _, t := range stale {
		finished := false
		var run engine.RunID
		for i := range reports {
			if reports[i].Token == t {
				run = reports[i].Run
				finished = finished || reports[i].Finished != nil
			}
		}
		delete(m.open, t)
		if !finished {
			m.disown(t, run)
		}
	}
	m.mu.Unlock()
	m.signal()
	m.d.freed()
}

// Holds tells whether the agent has a job of that run, and so may ask for it.
func (m *Member) Holds(run engine.RunID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.open {
		if h.run == run {
			return true
		}
	}
	return false
}

// Heartbeat notes that an attempt is alive by its own account.
func (m *Member) Heartbeat(t engine.Token) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.open[t]; h != nil {
		h.heartbeat = m.d.Now()
	}
}

func (m *Member) beat(reports []runs.Report) {
	for i := range reports {
		m.Heartbeat(reports[i].Token)
	}
}
