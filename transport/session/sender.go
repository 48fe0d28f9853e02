package session

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/transport/message"
)

// held is a message that is not acknowledged yet.
type held struct {
	seq   int64
	frame []byte // without numbers
	lines int    // of log
	sent  time.Time
	again bool // is to be sent once more
}

// sender numbers messages, keeps them, and says what is to be written next.
type sender struct {
	opt  Options
	room chan struct{} // a baton: there may be room in the window
	wake chan struct{} // a baton: there may be something to write

	mu    sync.Mutex // guards what follows
	last  int64      // the number given last
	held  []held     // in order, without gaps
	bytes int
	freed chan struct{} // closed when some of held goes; nil when nobody waits

	// What is known of the current connection.
	fresh    int   // held[fresh:] was not sent over it
	arrived  int64 // the other side has everything up to here
	told     bool  // it has acknowledged, so it knows the session
	again    int   // how many of held are to be sent again
	probe    bool  // the other side is to be asked how far it is
	progress time.Time
	patience time.Duration // without progress before something is sent again
}

func newSender(opt Options) *sender {
	return &sender{opt: opt, room: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
}

func raise(baton chan struct{}) {
	select {
	case baton <- struct{}{}:
	default:
	}
}

func (s *sender) add(ctx context.Context, h held) error {
	for {
		if s.tryAdd(h) {
			return nil
		}
		select {
		case <-s.room:
		case <-ctx.Done():
			raise(s.room) // it may have been handed to us just now
			return context.Cause(ctx)
		}
	}
}

func (s *sender) full() bool {
	return len(s.held) >= s.opt.Window || s.bytes >= s.opt.WindowBytes && len(s.held) > 0
}

func (s *sender) tryAdd(h held) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full() {
		return false
	}
	s.last++
	h.seq = s.last
	s.held = append(s.held, h)
	s.bytes += len(h.frame)
	raise(s.wake)
	if !s.full() {
		raise(s.room)
	}
	return true
}

// connect forgets the connection before: everything is to be sent again.
func (s *sender) connect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh, s.told, s.again, s.probe = 0, false, 0, false
	s.arrived = s.last - int64(len(s.held))
	s.progress, s.patience = time.Now(), s.opt.Resend
	for i := range s.held {
		s.held[i].again = false
	}
	raise(s.wake)
}

// next is the frame to be written now, or nil: what is to be sent again goes first,
// because the other side can do nothing without it.
func (s *sender) next() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var h *held
	switch {
	case s.probe:
		s.probe = false
		return message.Encode(&message.Ack{Probe: true})
	case s.again > 0:
		for i := range s.fresh {
			if s.held[i].again {
				h = &s.held[i]
				break
			}
		}
		s.again--
	case s.fresh < len(s.held):
		h = &s.held[s.fresh]
		if s.fresh == 0 {
			s.progress = time.Now() // nothing was in flight: its time begins here
		}
		s.fresh++
	}
	if h == nil {
		return nil, nil
	}
	h.sent, h.again = time.Now(), false
	n := message.Numbering{Seq: h.seq}
	if !s.told {
		n.First, n.Session = s.held[0].seq, s.opt.Name
	}
	return message.Number(h.frame, n)
}

// acked takes an acknowledgement.
func (s *sender) acked(a *message.Ack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.last - int64(len(s.held)) + 1
	if sent := first + int64(s.fresh) - 1; a.Seq > sent || a.Received > sent {
		return fmt.Errorf("%w: acknowledged %d, received %d, but only %d were sent", ErrProtocol, a.Seq, a.Received, sent)
	}
	if a.Probe {
		return nil
	}
	s.told = true
	if up := max(a.Seq, a.Received); a.Seq >= first || up > s.arrived {
		s.progress, s.patience = time.Now(), s.opt.Resend
		s.arrived = max(s.arrived, up)
	}
	s.release(int(a.Seq - first + 1))
	s.fillGaps(a.Missing)
	return nil
}

// release lets go of the first n.
func (s *sender) release(n int) {
	if n <= 0 {
		return
	}
	for i := range n {
		s.bytes -= len(s.held[i].frame)
		if s.held[i].again {
			s.again--
		}
		s.held[i] = held{}
	}
	s.held = s.held[n:]
	s.fresh -= n
	if s.freed != nil {
		close(s.freed)
		s.freed = nil
	}
	raise(s.room)
}

// fillGaps sends again what the other side misses, unless it may still be on its
// way.
func (s *sender) fillGaps(missing []int64) {
	first := s.last - int64(len(s.held)) + 1
	for _, seq := range missing[:min(len(missing), s.opt.Window)] {
		if i := seq - first; i >= 0 && i < int64(s.fresh) && time.Since(s.held[i].sent) >= s.opt.Resend/4 {
			s.resend(int(i))
		}
	}
}

func (s *sender) resend(i int) {
	if !s.held[i].again {
		s.held[i].again = true
		s.again++
		raise(s.wake)
	}
}

// At most this much is sent again without the other side having asked for it: a
// slow line is not made faster by sending everything twice.
const (
	probeMessages = 16
	probeBytes    = 64 << 10
)

// overdue sends the oldest again when nothing has got through for too long, or
// asks, when all has arrived: then an ack is lost, or a handler slow.
func (s *sender) overdue(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh == 0 || now.Sub(s.progress) < s.patience {
		return
	}
	s.progress = now
	s.patience = min(2*s.patience, 8*s.opt.Resend)
	bytes, n := 0, 0
	for i := range s.fresh {
		if s.held[i].seq <= s.arrived {
			continue
		}
		bytes += len(s.held[i].frame)
		if n++; n > 1 && (bytes > probeBytes || n > probeMessages) {
			return
		}
		s.resend(i)
	}
	s.probe = n == 0
}

// waiting tells whether something was sent and not acknowledged.
func (s *sender) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh > 0
}

// flush waits for what has been sent up to now, whatever is sent meanwhile.
func (s *sender) flush(ctx context.Context) error {
	s.mu.Lock()
	target := s.last
	s.mu.Unlock()
	for {
		freed := s.unlessAcked(target)
		if freed == nil {
			return nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// unlessAcked gives what to wait for until a number may have been acknowledged,
// or nil when it has been.
func (s *sender) unlessAcked(seq int64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last-int64(len(s.held)) >= seq {
		return nil
	}
	if s.freed == nil {
		s.freed = make(chan struct{})
	}
	return s.freed
}

func (s *sender) backlog() Backlog {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := Backlog{Messages: len(s.held), Bytes: s.bytes}
	for _, h := range s.held {
		if h.lines > 0 {
			b.Logs++
			b.LogLines += h.lines
		}
	}
	return b
}
