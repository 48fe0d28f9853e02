package ws

import (
	"context"
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/internal/queue"
)

// conn is one connection. It ends once: begun by Close, by the reader refusing a
// frame, or by what the reader or the writer met.
type conn struct {
	ws     *websocket.Conn
	remote string
	opt    Options
	out    *queue.Queue // to the writer
	in     *queue.Queue // from the reader
	pongs  chan string  // the last ping to be answered
	closes chan struct{}
	read   chan struct{} // closed when the reader reads no more
	wrote  chan struct{} // closed when the writer is gone
	done   chan struct{} // closed when both are

	mu     sync.Mutex // guards what follows
	end    error      // what Send and Receive say from now on
	code   transport.Code
	reason string
	closed bool // closes is closed
	heard  time.Time
	behind bool // the reader waits for the receiver
}

func newConn(ws *websocket.Conn, remote string, opt Options) *conn {
	opt = opt.filled()
	c := &conn{
		ws: ws, remote: remote, opt: opt,
		out: queue.New(opt.Queue), in: queue.New(opt.Queue),
		pongs: make(chan string, 1), closes: make(chan struct{}),
		read: make(chan struct{}), wrote: make(chan struct{}), done: make(chan struct{}),
	}
	ws.SetPingHandler(c.pinged)
	ws.SetPongHandler(func(string) error { c.alive(); return nil })
	// The writer answers a close; the library's own way would write beside it.
	ws.SetCloseHandler(func(int, string) error { return nil })
	c.alive()
	go c.reader()
	go c.writer()
	return c
}

func (c *conn) RemoteAddr() string { return c.remote }

func (c *conn) Send(ctx context.Context, frame []byte) error {
	return c.explain(c.out.Push(ctx, frame))
}

func (c *conn) Receive(ctx context.Context) ([]byte, error) {
	frame, err := c.in.Pop(ctx)
	return frame, c.explain(err)
}

// explain puts the end of the connection in the place of the queue's.
func (c *conn) explain(err error) error {
	if !errors.Is(err, queue.ErrClosed) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end
}

func (c *conn) Close(code transport.Code, reason string) error {
	c.begin(code, reason, transport.ErrClosed)
	c.in.Drop()
	limit := time.NewTimer(c.opt.CloseWait)
	defer limit.Stop()
	select {
	case <-c.done:
	case <-limit.C:
		_ = c.ws.Close() // both goroutines fail and leave
		<-c.done
	}
	return nil
}

// begin starts the end from this side. The first end counts.
func (c *conn) begin(code transport.Code, reason string, end error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if !code.Sendable() {
		code = transport.Normal
	}
	c.code, c.reason, c.closed = code, reason, true
	if c.end == nil {
		c.end = end
	}
	c.out.Close()
	_ = c.ws.SetReadDeadline(time.Now().Add(c.opt.CloseWait))
	close(c.closes)
}

// over notes an end that came from outside.
func (c *conn) over(end error) {
	c.mu.Lock()
	if c.end == nil {
		c.end = end
	}
	c.mu.Unlock()
	c.out.Drop()
	c.in.Close()
}

// closing tells whether this side has begun the end.
func (c *conn) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// alive gives the other side its time again. Once this side closes, the time for
// that runs instead.
func (c *conn) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.behind = time.Now(), false
	if !c.closed {
		_ = c.ws.SetReadDeadline(c.heard.Add(c.opt.Dead))
	}
}

// Heard implements transport.Hearer.
func (c *conn) Heard() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.behind {
		return time.Now()
	}
	return c.heard
}

// wait notes that the reader waits for the receiver, until alive.
func (c *conn) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind = true
}

// pinged leaves the answer to the writer. Of several pings that wait, the last is
// answered.
func (c *conn) pinged(data string) error {
	c.alive()
	for {
		select {
		case c.pongs <- data:
			return nil
		default:
		}
		select {
		case <-c.pongs:
		default:
		}
	}
}

// clipReason fits a reason into a close frame: 123 bytes, no rune cut.
func clipReason(s string) string {
	const most = 123
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for len(s) > 0 {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

var (
	_ transport.Conn   = (*conn)(nil)
	_ transport.Hearer = (*conn)(nil)
)
