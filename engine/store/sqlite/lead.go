package sqlite

import (
	"context"
	"sync"

	"github.com/kici-dev/kici-go/engine/store"
)

// leads are the names led under. The process owns the directory, so a name is
// only taken by another room of the same process.
type leads struct {
	mu   sync.Mutex // guards held
	held map[string]chan struct{}
}

type session struct {
	leads *leads
	name  string
	once  sync.Once
	lost  chan struct{}
}

// Lead waits until the name is free.
func (s *Store) Lead(ctx context.Context, name string) (store.Session, error) {
	for {
		s.leads.mu.Lock()
		taken := s.leads.held[name]
		if taken == nil {
			mine := &session{leads: &s.leads, name: name, lost: make(chan struct{})}
			s.leads.held[name] = mine.lost
			s.leads.mu.Unlock()
			return mine, nil
		}
		s.leads.mu.Unlock()
		select {
		case <-taken:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *session) Lost() <-chan struct{} { return s.lost }

func (s *session) Close() error {
	s.once.Do(func() {
		s.leads.mu.Lock()
		defer s.leads.mu.Unlock()
		delete(s.leads.held, s.name)
		close(s.lost)
	})
	return nil
}
