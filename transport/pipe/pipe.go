package pipe

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/kici-dev/kici-go/transport"
)

// New makes the two ends of one connection.
func New(opts ...Option) (a, b transport.Conn) { return newLink(settle(opts), nil).ends() }

// link is a connection with both its lanes.
type link struct {
	lanes [2]*lane // lanes[i] carries what end i sends
	set   settings
	sent  atomic.Int64
	once  sync.Once
	gone  func() // told when the link has ended; may be nil
}

func newLink(set settings, gone func(*link)) *link {
	l := &link{set: set, lanes: [2]*lane{newLane(set, 0), newLane(set, 1)}}
	l.gone = func() {
		if gone != nil {
			gone(l)
		}
	}
	return l
}

func (l *link) ends() (a, b *end) { return &end{l, 0}, &end{l, 1} }

// cut ends the link as a network does: without a word, and what was under way is
// lost.
func (l *link) cut() {
	lost := &transport.CloseError{Code: transport.Abnormal, Reason: "cut"}
	for _, lane := range l.lanes {
		lane.close(lost, lost, true)
	}
	l.once.Do(l.gone)
}

func (l *link) mute(on bool) {
	for _, lane := range l.lanes {
		lane.setMute(on)
	}
}

// end is one side of a link.
type end struct {
	*link
	side int
}

func (e *end) Send(ctx context.Context, frame []byte) error {
	if err := e.lanes[e.side].push(ctx, frame); err != nil {
		return err
	}
	if n := e.sent.Add(1); e.set.cut > 0 && n == int64(e.set.cut) {
		e.cut()
	}
	return nil
}

func (e *end) Receive(ctx context.Context) ([]byte, error) {
	return e.lanes[1-e.side].take(ctx)
}

// Close leaves what was sent to the other end, which learns of the end behind it.
func (e *end) Close(code transport.Code, reason string) error {
	if !code.Sendable() {
		code = transport.Normal
	}
	theirs := &transport.CloseError{Code: code, Reason: reason}
	// Their sending first: who has received the end can no longer send.
	e.lanes[1-e.side].close(theirs, transport.ErrClosed, true)
	e.lanes[e.side].close(transport.ErrClosed, theirs, false)
	e.once.Do(e.gone)
	return nil
}

func (e *end) RemoteAddr() string { return e.set.addresses[1-e.side] }

var _ transport.Conn = (*end)(nil)
