package dispatch

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// buildAtOnce bounds how many assignments of one member are put together at the
// same time.
const buildAtOnce = 4

// Serve sends to the agent what it is given, until ctx ends, and then notes that
// it is gone. Attempts it holds stay its own for a while: it may come back.
func (m *Member) Serve(ctx context.Context) error {
	defer m.leave(context.WithoutCancel(ctx))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.work:
		}
		attempts, stops := m.take()
		for _, s := range stops {
			if err := m.link.Stop(ctx, s); err != nil {
				return ended(ctx, err)
			}
		}
		if err := m.sendAll(ctx, attempts); err != nil {
			return ended(ctx, err)
		}
	}
}

// sendAll sends what a round has given out, several at once: that a repository
// or a function is slow to answer holds up one of them.
func (m *Member) sendAll(ctx context.Context, attempts []engine.Attempt) error {
	if len(attempts) == 0 {
		return nil
	}
	materials, err := m.d.gather(ctx, attempts)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(buildAtOnce)
	for i := range attempts {
		if err != nil {
			g.Go(func() error { return m.unsent(gctx, attempts[i], err) })
			continue
		}
		g.Go(func() error { return m.send(gctx, attempts[i], materials[i]) })
	}
	return g.Wait()
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (m *Member) take() ([]engine.Attempt, []Stop) {
	m.mu.Lock()
	defer m.mu.Unlock()
	attempts, stops := m.inbox, m.stops
	m.inbox, m.stops = nil, nil
	return attempts, stops
}

// send puts an assignment together and sends it. A job that cannot be put
// together fails; that is no failure of the member.
func (m *Member) send(ctx context.Context, a engine.Attempt, mat *material) error {
	if mat == nil { // the run was removed meanwhile
		m.release(a.Token())
		return nil
	}
	as, err := m.d.build(ctx, a, mat)
	if err != nil {
		return m.unsent(ctx, a, err)
	}
	return m.link.Dispatch(ctx, as)
}

// unsent fails the job, or offers it again.
func (m *Member) unsent(ctx context.Context, a engine.Attempt, err error) error {
	var fault *faultError
	if errors.As(err, &fault) {
		m.release(a.Token())
		return ignoreStale(m.d.runs.Fault(ctx, a.Token(), fault.Error()))
	}
	if ctx.Err() != nil {
		return err
	}
	m.release(a.Token())
	return ignoreStale(m.d.runs.Retry(ctx, a.Token(), fmt.Sprintf("the job could not be sent: %v", err)))
}

// leave notes the end of the connection.
func (m *Member) leave(ctx context.Context) {
	m.mu.Lock()
	m.gone = true
	m.mu.Unlock()
	m.d.mu.Lock()
	if m.d.members[m.agent.ID] == m {
		delete(m.d.members, m.agent.ID)
	}
	m.d.mu.Unlock()
	m.d.freed()
	err := m.d.store.Tx(ctx, func(tx store.Tx) error {
		return tx.Agents().Gone(ctx, m.agent.ID, m.agent.Generation, m.d.Now())
	})
	if err != nil && !errors.Is(err, engine.ErrConflict) && !errors.Is(err, store.ErrClosed) {
		m.d.log.Warn("could not note that an agent left", "agent", m.agent.ID, "err", err)
	}
}
