package ws

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kici-dev/kici-go/transport"
)

// Dialer opens connections to one URL.
type Dialer struct {
	// URL is ws, wss, http or https.
	URL    string
	Header http.Header
	TLS    *tls.Config
	// Proxy chooses a proxy; nil means none.
	Proxy func(*http.Request) (*url.URL, error)
	// NetDial opens the socket below; nil means the net package.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Handshake bounds opening, TLS and upgrade; 10 s.
	Handshake time.Duration
	Options

	buffers sync.Pool // for frames that are being written
}

// HandshakeError: whoever answered at the URL does not want to speak WebSocket.
type HandshakeError struct {
	Status int
	Body   string // its beginning
}

func (e *HandshakeError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("ws: refused with status %d %s", e.Status, e.Body))
}

// Dial opens one connection.
func (d *Dialer) Dial(ctx context.Context) (transport.Conn, error) {
	u, err := url.Parse(d.URL)
	if err != nil {
		return nil, fmt.Errorf("ws: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	}
	handshake := d.Handshake
	if handshake <= 0 {
		handshake = 10 * time.Second
	}
	dialer := websocket.Dialer{
		NetDialContext: d.NetDial, Proxy: d.Proxy, TLSClientConfig: d.TLS, HandshakeTimeout: handshake,
		ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &d.buffers,
	}
	ws, res, err := dialer.DialContext(ctx, u.String(), d.Header)
	if err != nil {
		if res != nil && err == websocket.ErrBadHandshake {
			body, _ := io.ReadAll(io.LimitReader(res.Body, 512)) // the library keeps only the beginning anyway
			return nil, &HandshakeError{Status: res.StatusCode, Body: strings.TrimSpace(string(body))}
		}
		return nil, fmt.Errorf("ws: dial %s: %w", u.Redacted(), err)
	}
	return newConn(ws, ws.RemoteAddr().String(), d.Options), nil
}

var _ transport.Dialer = (*Dialer)(nil)
