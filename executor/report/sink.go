package report

import (
	"sync"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/mask"
)

// Sink masks what it is told and passes it on. Calls come one at a time, as
// executor.Sink has it.
type Sink struct {
	masks *mask.Set
	next  executor.Sink

	mu      sync.Mutex // guards streams; not held while next is called
	streams map[streamKey]*mask.Stream
}

type streamKey struct {
	row    int
	stream executor.Stream
}

var _ executor.Sink = (*Sink)(nil)

// New returns a Sink in front of next.
func New(masks *mask.Set, next executor.Sink) *Sink {
	return &Sink{masks: masks, next: next, streams: map[streamKey]*mask.Stream{}}
}

// Begin implements executor.Sink.
func (s *Sink) Begin(r executor.Row) {
	s.Flush() // what the bucket before still held back comes before the new row
	r.Name = s.masks.String(r.Name)
	s.next.Begin(r)
}

// Log implements executor.Sink.
func (s *Sink) Log(row int, stream executor.Stream, p []byte) {
	s.mu.Lock()
	key := streamKey{row, stream}
	st := s.streams[key]
	if st == nil {
		st = s.masks.Stream(func(p []byte) error {
			if len(p) > 0 {
				s.next.Log(row, stream, p)
			}
			return nil
		})
		s.streams[key] = st
	}
	s.mu.Unlock()
	_, _ = st.Write(p) // the sink never fails
}

// Flush passes on all that streams hold back: what comes next is no
// continuation.
func (s *Sink) Flush() {
	s.mu.Lock()
	streams := s.streams
	s.streams = map[streamKey]*mask.Stream{}
	s.mu.Unlock()
	for _, st := range streams {
		_ = st.Flush()
	}
}

// Rule implements executor.Sink.
func (s *Sink) Rule(row int, r executor.RuleResult) { s.next.Rule(row, s.rule(r)) }

// End implements executor.Sink.
func (s *Sink) End(r executor.RowResult) {
	s.Flush()
	s.next.End(s.row(r))
}
