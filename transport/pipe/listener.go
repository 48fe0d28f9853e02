package pipe

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/kici-dev/kici-go/transport"
)

// ErrRefused: nobody listens.
var ErrRefused = errors.New("pipe: connection refused")

// Listener is both ends of a network: it accepts what its own Dial opens.
type Listener struct {
	set   settings
	conns chan transport.Conn
	over  chan struct{}

	mu      sync.Mutex // guards what follows
	links   map[*link]struct{}
	dialled uint64
	refuse  bool
	mute    bool
	closed  bool
}

// Listen makes a network. The options hold for each of its connections.
func Listen(opts ...Option) *Listener {
	return &Listener{set: settle(opts), conns: make(chan transport.Conn), over: make(chan struct{}), links: map[*link]struct{}{}}
}

// Dial opens a connection and waits for its Accept.
func (l *Listener) Dial(ctx context.Context) (transport.Conn, error) {
	lk, err := l.open()
	if err != nil {
		return nil, err
	}
	near, far := lk.ends()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.over:
		err = ErrRefused
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	lk.cut()
	return nil, err
}

func (l *Listener) open() (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse || l.closed {
		return nil, ErrRefused
	}
	set := l.set
	set.seed += l.dialled
	l.dialled++
	lk := newLink(set, l.forget)
	if l.mute {
		lk.mute(true)
	}
	l.links[lk] = struct{}{}
	return lk, nil
}

func (l *Listener) forget(lk *link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.links, lk)
}

// Accept waits for a Dial.
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

// Close refuses further connections. Those that are open stay.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.over)
	}
	return nil
}

func (l *Listener) all() []*link {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.links))
}

// Break cuts every open connection.
func (l *Listener) Break() {
	for _, lk := range l.all() {
		lk.cut()
	}
}

// Refuse makes every Dial fail until it is called with false.
func (l *Listener) Refuse(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = on
}

// Mute swallows every frame, of connections that are open and to come, until it
// is called with false: a network that is gone and has told nobody.
func (l *Listener) Mute(on bool) {
	l.mu.Lock()
	l.mute = on
	l.mu.Unlock()
	for _, lk := range l.all() {
		lk.mute(on)
	}
}

var (
	_ transport.Dialer   = (*Listener)(nil)
	_ transport.Listener = (*Listener)(nil)
)
