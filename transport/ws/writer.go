package ws

import (
	"time"

	"github.com/gorilla/websocket"

	"github.com/kici-dev/kici-go/transport"
)

// writer is the only one to write. It leaves when the connection has ended and
// the close frame is out, or cannot get out.
func (c *conn) writer() {
	defer close(c.wrote)
	ticker := time.NewTicker(c.opt.Ping)
	defer ticker.Stop()
	if err := c.writeAll(ticker.C); err != nil {
		c.over(&transport.CloseError{Code: transport.Abnormal, Cause: err})
		_ = c.ws.Close() // wakes the reader
		return
	}
	c.writeClose()
	select {
	case <-c.read: // the other side has answered, or asked
	case <-time.After(c.opt.CloseWait):
	}
}

// writeAll returns nil when all there was to write is written.
func (c *conn) writeAll(tick <-chan time.Time) error {
	for {
		// Signs of life go before frames.
		select {
		case <-tick:
			if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Time{}); err != nil {
				return err
			}
			continue
		case data := <-c.pongs:
			if err := c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{}); err != nil {
				return err
			}
			continue
		default:
		}
		frame, ok, closed := c.out.Take()
		if ok {
			if err := c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				return err
			}
			continue
		}
		if closed {
			return nil
		}
		if err := c.idle(tick); err != nil {
			return err
		}
	}
}

// idle waits until there is something to do.
func (c *conn) idle(tick <-chan time.Time) error {
	select {
	case <-c.out.Ready():
	case <-c.out.Over():
	case <-tick:
		return c.ws.WriteControl(websocket.PingMessage, nil, time.Time{})
	case data := <-c.pongs:
		return c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{})
	}
	return nil
}

// writeClose says what this side has to say at the end: its own code, or the
// other side's again.
func (c *conn) writeClose() {
	c.mu.Lock()
	code, reason := c.code, c.reason
	if !c.closed {
		code, reason = transport.CodeOf(c.end), ""
	}
	c.mu.Unlock()
	if code == transport.Abnormal {
		return
	}
	var data []byte
	if code.Sendable() { // else the other side gave no code either
		data = websocket.FormatCloseMessage(int(code), clipReason(reason))
	}
	// The result does not matter: the connection is over either way.
	_ = c.ws.WriteControl(websocket.CloseMessage, data, time.Now().Add(c.opt.CloseWait))
}
