package ws

import (
	"context"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/kici-dev/kici-go/transport"
)

// Handler answers upgrades and hands over each connection.
type Handler struct {
	// Serve owns the connection, and closes it. It runs in the goroutine of the
	// request; when it returns, the request is over.
	Serve func(conn transport.Conn, r *http.Request)
	// CheckOrigin decides about requests of browsers; nil admits only pages of
	// the same host. Agents send no origin.
	CheckOrigin func(*http.Request) bool
	Options

	buffers sync.Pool // for frames that are being written
}

// ServeHTTP upgrades the request. One that asks for no upgrade is answered with
// an error.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &h.buffers, CheckOrigin: h.CheckOrigin}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil { // and the answer has been written
		return
	}
	h.Serve(newConn(ws, r.RemoteAddr, h.Options), r)
}

// Listener is an http.Handler whose connections are accepted.
type Listener struct {
	handler Handler
	conns   chan transport.Conn
	once    sync.Once
	over    chan struct{}
}

// NewListener makes one. Mount it where agents dial.
func NewListener(opt Options) *Listener {
	l := &Listener{conns: make(chan transport.Conn), over: make(chan struct{})}
	l.handler.Options, l.handler.Serve = opt, l.offer
	return l
}

// ServeHTTP upgrades the request and waits for an Accept.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-l.over:
		http.Error(w, "not serving", http.StatusServiceUnavailable)
		return
	default:
	}
	l.handler.ServeHTTP(w, r)
}

// offer waits for somebody who accepts the connection.
func (l *Listener) offer(conn transport.Conn, r *http.Request) {
	select {
	case l.conns <- conn:
	case <-l.over:
		_ = conn.Close(transport.GoingAway, "not serving")
	case <-r.Context().Done():
		_ = conn.Close(transport.GoingAway, "not serving")
	}
}

// Accept waits for the next connection.
func (l *Listener) Accept(ctx context.Context) (transport.Conn, error) {
	select {
	case <-l.over:
		return nil, transport.ErrClosed
	default:
	}
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.over:
		return nil, transport.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close refuses further connections.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.over) })
	return nil
}

var _ transport.Listener = (*Listener)(nil)
