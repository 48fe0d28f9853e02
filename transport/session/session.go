package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// Options of a session; zero values mean the defaults.
type Options struct {
	// Receive is the direction in which the other side's messages travel.
	Receive message.Direction
	// Name tells this sender's numbers from those of an earlier life; random.
	Name        string
	Window      int           // messages unacknowledged before Send blocks; 1024
	WindowBytes int           // bytes of them; 4 MiB
	Resend      time.Duration // without any progress before something is sent again; 1 s
	MaxMessage  int           // bytes of one message; a little less than what transport/ws reads, 16 MiB
}

func (o Options) filled() Options {
	if o.Name == "" {
		o.Name = rand.Text()[:16]
	}
	if o.Window <= 0 {
		o.Window = 1024
	}
	if o.WindowBytes <= 0 {
		o.WindowBytes = 4 << 20
	}
	if o.Resend <= 0 {
		o.Resend = time.Second
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = 16<<20 - 1<<10
	}
	return o
}

var (
	// ErrOffline: there is no connection, and the message was not of record.
	ErrOffline = errors.New("session: not connected")
	// ErrRunning: a session lives over one connection at a time.
	ErrRunning = errors.New("session: already running")
	// ErrTooBig: the message would not get through any connection.
	ErrTooBig = errors.New("session: message too big")
	// ErrProtocol: the other side breaks the rules of numbers.
	ErrProtocol = errors.New("session: protocol violated")
)

// Session is one side of a link, across its connections.
type Session struct {
	opt Options
	out *sender
	in  *receiver

	mu   sync.Mutex     // guards what follows
	busy bool           // Run is at work
	conn transport.Conn // while there is one
}

// New makes a session. It starts nothing and needs no end.
func New(opt Options) *Session {
	opt = opt.filled()
	return &Session{opt: opt, out: newSender(opt), in: newReceiver(opt)}
}

// Send takes responsibility for a message of record. It blocks while the window
// is full, and needs no connection.
func (s *Session) Send(ctx context.Context, m message.Message) error {
	if !message.OfRecord(m) {
		return fmt.Errorf("session: %s is not of record", m.Type())
	}
	frame, err := s.encode(m)
	if err != nil {
		return err
	}
	lines := 0
	if log, ok := m.(*message.LogChunk); ok {
		lines = len(log.Lines)
	}
	return s.out.add(ctx, held{frame: frame, lines: lines})
}

// SendNow sends a message without a number over the connection there is, or fails
// with ErrOffline. Whether it arrives, nobody says.
func (s *Session) SendNow(ctx context.Context, m message.Message) error {
	frame, err := s.encode(m)
	if err != nil {
		return err
	}
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn == nil {
		return ErrOffline
	}
	return conn.Send(ctx, frame)
}

func (s *Session) encode(m message.Message) ([]byte, error) {
	frame, err := message.Encode(m)
	if err != nil {
		return nil, err
	}
	if len(frame) > s.opt.MaxMessage {
		return nil, fmt.Errorf("%w: %s of %d bytes, at most %d", ErrTooBig, m.Type(), len(frame), s.opt.MaxMessage)
	}
	return frame, nil
}

// Flush waits until everything that was sent is acknowledged.
func (s *Session) Flush(ctx context.Context) error { return s.out.flush(ctx) }

// Backlog is what the other side has not acknowledged.
type Backlog struct {
	Messages int // of any kind
	LogLines int // in those that carry logs
	Logs     int // messages that carry logs
	Bytes    int
}

// Backlog counts it. Between connections it is what will be replayed.
func (s *Session) Backlog() Backlog { return s.out.backlog() }
