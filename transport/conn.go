package transport

import (
	"context"
	"time"
)

// Conn is one connection. All methods may be called from several goroutines.
//
// A frame is not changed by anybody once it has been sent: a sender keeps it to
// send it again, and the twin in memory hands the same bytes to the receiver.
type Conn interface {
	// Send hands over one frame, after those of earlier calls. It blocks while
	// too much is under way, and returns when the frame has a place in the
	// queue; that it arrived is for an acknowledgement to say.
	Send(ctx context.Context, frame []byte) error
	// Receive waits for the next frame. What arrived before the end of the
	// connection is given out before the end is: as a *CloseError, on every
	// call from then on.
	Receive(ctx context.Context) ([]byte, error)
	// Close sends what Send has accepted, says code and reason, and returns
	// when nothing of the connection is left. It waits a bounded time for the
	// other side. Only the first call has an effect.
	Close(code Code, reason string) error
	// RemoteAddr names the other side for logs and address rules.
	RemoteAddr() string
}

// Hearer is a Conn that notices signs of life below the frames. One in memory
// needs none: it does not outlive its other side.
type Hearer interface {
	// Heard is when the other side last gave a sign of life. While what it sent
	// waits here to be received that is now: it is this side which is slow.
	Heard() time.Time
}

// Dialer opens connections to one place.
type Dialer interface {
	Dial(ctx context.Context) (Conn, error)
}

// Listener yields the connections that others opened.
type Listener interface {
	// Accept waits for the next one; ErrClosed once the listener is closed.
	Accept(ctx context.Context) (Conn, error)
	// Close refuses further ones. Those accepted stay open.
	Close() error
}
