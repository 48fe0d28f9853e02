package chaos

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Way is a direction of a link: up leads from who dialled to who listens.
type Way int

// Directions.
const (
	Up Way = iota
	Down
)

// Tap sees what passes a connection, in whole messages of whatever is spoken
// there. It returns what goes on, which may be nothing, and may act meanwhile.
type Tap interface {
	Pass(way Way, bytes []byte) []byte
}

// Target is where a link leads.
type Target struct{ Network, Address string }

// Link is a TCP proxy on loopback that can be broken. Several targets are tried
// in turn, as a load balancer does.
type Link struct {
	Name    string
	Targets func() []Target
	NewTap  func(c *Crossing) Tap // nil: bytes pass unseen

	listener net.Listener

	mu    sync.Mutex // guards what follows
	turn  int
	cut   bool          // connections end, and none begins
	held  [2]bool       // nothing passes that way, and nobody is told
	delay time.Duration // of every piece, each way
	moved chan struct{} // closed and replaced with every change of the above
	open  map[*Crossing]struct{}
}

// Crossing is one connection through a link.
type Crossing struct {
	Link     *Link
	to       Target
	down, up net.Conn // to who dialled, to who listens
	over     sync.Once
	writing  [2]sync.Mutex // one for each end, held while something is written to it
}

// Listen takes a port of loopback.
func (l *Link) Listen() (err error) {
	l.moved, l.open = make(chan struct{}), map[*Crossing]struct{}{}
	l.listener, err = net.Listen("tcp", "127.0.0.1:0")
	return err
}

// Addr is where who dials finds the link.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Run passes on until ctx ends, and ends every connection then.
func (l *Link) Run(ctx context.Context) error {
	var all sync.WaitGroup
	stop := context.AfterFunc(ctx, func() {
		_ = l.listener.Close()
		l.Heal()
		l.sever()
	})
	defer stop()
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			l.sever()
			all.Wait()
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		all.Go(func() { l.cross(ctx, conn) })
	}
}

func (l *Link) cross(ctx context.Context, conn net.Conn) {
	c := &Crossing{Link: l, down: conn}
	if !l.enter(ctx, c) {
		abort(conn)
		return
	}
	defer l.leave(c)
	var tap Tap
	if l.NewTap != nil {
		tap = l.NewTap(c)
	}
	var both sync.WaitGroup
	both.Go(func() { c.pump(ctx, Up, c.down, c.up, tap) })
	both.Go(func() { c.pump(ctx, Down, c.up, c.down, tap) })
	both.Wait()
}

// enter dials the next target that answers.
func (l *Link) enter(ctx context.Context, c *Crossing) bool {
	targets := l.Targets()
	l.mu.Lock()
	first, cut := l.turn, l.cut
	l.turn++
	l.mu.Unlock()
	if cut {
		return false
	}
	for i := range targets {
		t := targets[(first+i)%len(targets)]
		d := net.Dialer{Timeout: 5 * time.Second}
		up, err := d.DialContext(ctx, t.Network, t.Address)
		if err != nil {
			continue
		}
		c.to, c.up = t, up
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.cut || ctx.Err() != nil {
			abort(up)
			return false
		}
		l.open[c] = struct{}{}
		return true
	}
	return false
}

func (l *Link) leave(c *Crossing) {
	l.mu.Lock()
	delete(l.open, c)
	l.mu.Unlock()
	c.Close()
}

// pump passes one way. The end of one side is told to the other.
func (c *Crossing) pump(ctx context.Context, way Way, from, to net.Conn, tap Tap) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			out := buf[:n]
			if tap != nil {
				out = tap.Pass(way, out)
			}
			if !c.Link.pass(ctx, c, way) || c.write(way, to, out) != nil {
				break
			}
		}
		if errors.Is(err, io.EOF) && c.Link.pass(ctx, c, way) {
			if half, ok := to.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
				return
			}
		}
		if err != nil {
			break
		}
	}
	if c.Link.pass(ctx, c, way) { // who is cut off does not learn of the end, either
		c.Close()
	}
}

func (c *Crossing) write(way Way, to net.Conn, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	c.writing[way].Lock()
	defer c.writing[way].Unlock()
	_, err := to.Write(b)
	return err
}

// Inject writes bytes of our own into a direction.
func (c *Crossing) Inject(way Way, b []byte) error {
	to := c.up
	if way == Down {
		to = c.down
	}
	return c.write(way, to, b)
}

// Close ends the connection at both ends.
func (c *Crossing) Close() {
	c.over.Do(func() {
		abort(c.down)
		if c.up != nil {
			abort(c.up)
		}
	})
}

// abort ends a connection with a reset.
func abort(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// pass waits while the direction is held, and as long as things take here.
// False is the end of the connection.
func (l *Link) pass(ctx context.Context, c *Crossing, way Way) bool {
	for {
		l.mu.Lock()
		_, open := l.open[c]
		held, delay, moved := l.held[way], l.delay, l.moved
		l.mu.Unlock()
		if !open || ctx.Err() != nil {
			return false
		}
		if !held {
			return delay == 0 || rest(ctx, delay)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
	}
}

// rest waits a time; false is the end of ctx.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *Link) change(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
	close(l.moved)
	l.moved = make(chan struct{})
}

// Cut ends what passes and lets nothing begin.
func (l *Link) Cut() {
	l.change(func() { l.cut = true })
	l.sever()
}

// Hold lets nothing pass that way, and tells nobody.
func (l *Link) Hold(ways ...Way) {
	l.change(func() {
		for _, w := range ways {
			l.held[w] = true
		}
	})
}

// Slow makes every piece take so long.
func (l *Link) Slow(by time.Duration) { l.change(func() { l.delay = by }) }

// Heal undoes it all.
func (l *Link) Heal() {
	l.change(func() { l.cut, l.held, l.delay = false, [2]bool{}, 0 })
}

// sever ends all connections.
func (l *Link) sever() {
	l.mu.Lock()
	var all []*Crossing
	for c := range l.open {
		all = append(all, c)
		delete(l.open, c)
	}
	close(l.moved)
	l.moved = make(chan struct{})
	l.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}
