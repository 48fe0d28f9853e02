package relay

import (
	"sync"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/transport/message"
)

// streams hand what orchestrators tell to those who follow a run right now.
type streams struct {
	mu   sync.Mutex // guards open
	open map[*stream]struct{}
}

// stream is one follower. Whoever does not read loses what does not fit, and is
// told so.
type stream struct {
	org    engine.OrgID
	run    string
	frames chan message.Message
	lost   bool // guarded by streams.mu
}

const streamFrames = 256

func (s *streams) follow(org engine.OrgID, run string) *stream {
	f := &stream{org: org, run: run, frames: make(chan message.Message, streamFrames)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[f] = struct{}{}
	return f
}

func (s *streams) leave(f *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, f)
}

func (s *streams) tell(org engine.OrgID, m message.Message) {
	run := runOf(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.open {
		if f.org != org || f.run != run {
			continue
		}
		select {
		case f.frames <- m:
		default:
			f.lost = true
		}
	}
}

// gap tells whether something was lost since the last time.
func (s *streams) gap(f *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := f.lost
	f.lost = false
	return lost
}

// runOf is which run a message is about; empty for several or none.
func runOf(m message.Message) string {
	switch m := m.(type) {
	case *message.ExecutionStatus:
		return m.RunID
	case *message.JobStatusForward:
		return m.RunID
	case *message.StepStatusForward:
		return m.RunID
	case *message.ExecutionEvent:
		return m.RunID
	case message.AboutJob:
		return m.Job().RunID
	}
	return ""
}
