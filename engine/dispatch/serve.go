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
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(buildAtOnce)
		for i := range attempts {
			g.Go(func() error { return m.send(gctx, attempts[i]) })
		}
		if err := g.Wait(); err != nil {
			return ended(ctx, err)
		}
	}
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
func (m *Member) send(ctx context.Context, a engine.Attempt) error {
	as, err := m.d.build(ctx, a)
	var fault *faultError
	switch {
	case errors.As(err, &fault):
		m.release(a.Token())
		return ignoreStale(m.d.runs.Fault(ctx, a.Token(), fault.Error()))
	case errors.Is(err, engine.ErrNotFound):
		m.release(a.Token()) // the run was removed meanwhile
		return nil
	case err != nil:
		if ctx.Err() != nil {
			return err
		}
		m.release(a.Token())
		return ignoreStale(m.d.runs.Retry(ctx, a.Token(), fmt.Sprintf("the job could not be sent: %v", err)))
	}
	return m.link.Dispatch(ctx, as)
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
