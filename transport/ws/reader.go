package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kici-dev/kici-go/transport"
)

// reader fills the in queue until the connection ends, and sees to it that the
// writer ends too.
func (c *conn) reader() {
	defer close(c.done)
	c.over(ended(c.readAll()))
	close(c.read)
	limit := time.NewTimer(c.opt.CloseWait)
	defer limit.Stop()
	select {
	case <-c.wrote:
	case <-limit.C: // the other side reads no more: the close frame is stuck
	}
	_ = c.ws.Close()
	<-c.wrote
}

func (c *conn) readAll() error {
	size := 4 << 10
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return err
		}
		if c.closing() { // what still arrives is thrown away, up to the answer
			continue
		}
		if kind != websocket.TextMessage {
			c.refuse(transport.InvalidMessage, "frames are text")
			continue
		}
		frame, err := c.readFrame(r, size)
		if errors.Is(err, errTooBig) {
			c.refuse(transport.TooBig, fmt.Sprintf("a frame has at most %d bytes", c.opt.ReadLimit))
			continue
		}
		if err != nil {
			return err
		}
		size = max(len(frame)+512, 1<<10) // the next one is often as long
		// Waiting here while the receiver is slow is the flow control: the
		// socket fills, then the other side's queue.
		c.wait()
		if c.in.Push(context.Background(), frame) == nil {
			c.alive()
		}
	}
}

var errTooBig = errors.New("frame too big")

func (c *conn) readFrame(r io.Reader, size int) ([]byte, error) {
	limit := int(c.opt.ReadLimit)
	buf := make([]byte, 0, min(size, limit+1))
	for {
		if len(buf) == cap(buf) {
			next := make([]byte, len(buf), min(2*cap(buf), limit+1))
			copy(next, buf)
			buf = next
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if len(buf) > limit {
			return nil, errTooBig
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		c.alive()
	}
}

// refuse ends the connection for something the other side did.
func (c *conn) refuse(code transport.Code, reason string) {
	c.begin(code, reason, &transport.CloseError{Code: code, Reason: reason})
	c.in.Close()
}

// ended names the end of reading.
func ended(err error) error {
	var end *websocket.CloseError
	var late net.Error // the library hides os.ErrDeadlineExceeded
	switch {
	case errors.As(err, &end) && end.Code != websocket.CloseAbnormalClosure:
		return &transport.CloseError{Code: transport.Code(end.Code), Reason: end.Text}
	case errors.As(err, &late) && late.Timeout():
		return &transport.CloseError{Code: transport.Abnormal, Cause: transport.ErrDead}
	}
	return &transport.CloseError{Code: transport.Abnormal, Cause: err}
}
