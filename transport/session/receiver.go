package session

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kici-dev/kici-go/transport/message"
)

// parcel is a numbered message that has arrived. A nil message is one that the
// caller chose to ignore: it still has its place.
type parcel struct {
	message message.Message
	size    int
}

// receiver puts what arrives in order and remembers how far it got.
type receiver struct {
	window int
	limit  int           // bytes that wait, here or in the handler
	ready  chan struct{} // a baton: there is a batch

	mu       sync.Mutex // guards what follows
	session  string     // of the other side
	handled  int64      // durable up to here
	received int64      // arrived without a gap up to here
	ordered  []parcel   // (handled, received], but for what the handler has now
	early    map[int64]parcel
	bytes    int

	// What this side has said over the current connection.
	live bool // the other side has said where it starts
	owed bool // an ack is due now
	told int64
}

func newReceiver(opt Options) *receiver {
	// Twice what we would send ourselves: a peer of the same make never meets
	// the limit.
	return &receiver{window: 2 * opt.Window, limit: 2 * opt.WindowBytes, ready: make(chan struct{}, 1)}
}

// connect forgets what arrived over the connection before and was not handled: it
// will be sent again.
func (r *receiver) connect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restart(r.handled)
	r.live = false
}

func (r *receiver) restart(at int64) {
	r.handled, r.received = at, at
	r.ordered, r.early, r.bytes = nil, map[int64]parcel{}, 0
	r.owed, r.told = false, at
}

// arrive takes a numbered message. One that has been here before is dropped and
// acknowledged again; one that there is no room for is dropped and will be sent
// again.
func (r *receiver) arrive(n message.Numbering, p parcel) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.start(n); err != nil {
		return err
	}
	switch {
	case n.Seq <= r.received:
		r.owed = true
		return nil
	case n.Seq > r.handled+int64(r.window):
		return nil
	case r.bytes+p.size > r.limit && (n.Seq > r.received+1 || len(r.ordered) > 0):
		return nil
	case n.Seq > r.received+1:
		if _, twice := r.early[n.Seq]; !twice {
			r.early[n.Seq] = p
			r.bytes += p.size
		}
		return nil
	}
	r.bytes += p.size
	for ok := true; ok; p, ok = r.early[r.received+1] {
		r.received++
		delete(r.early, r.received)
		r.ordered = append(r.ordered, p)
	}
	raise(r.ready)
	return nil
}

// start learns where the other side's numbers begin, once per connection.
func (r *receiver) start(n message.Numbering) error {
	switch {
	case r.live && (n.Session == "" || n.Session == r.session):
		return nil
	case r.live:
		return fmt.Errorf("%w: another session on the same connection", ErrProtocol)
	case n.Session == "" || n.First <= 0:
		return fmt.Errorf("%w: number %d before it was said where they begin", ErrProtocol, n.Seq)
	}
	// A session we know goes on where it was, unless its sender holds nothing
	// before First any more: then all of that has been handled, and forgotten.
	if n.Session != r.session || n.First > r.handled+1 {
		r.session = n.Session
		r.restart(n.First - 1)
	}
	r.live = true
	return nil
}

// asked makes an ack due.
func (r *receiver) asked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owed = true
}

// batch takes what is in order. It stays counted until done.
func (r *receiver) batch() []parcel {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.ordered
	r.ordered = nil
	return b
}

// done makes a batch handled, and an ack due.
func (r *receiver) done(b []parcel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range b {
		r.bytes -= p.size
	}
	r.handled += int64(len(b))
	r.owed = true
}

// ack is what to say now, or nil. Between batches it is said how far messages
// have arrived, and what is missing, as often as a tick comes.
func (r *receiver) ack(tick bool) *message.Ack {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.live || !r.owed && !(tick && r.unsaid()) {
		return nil
	}
	r.owed, r.told = false, r.received
	a := &message.Ack{Seq: r.handled}
	if r.received > r.handled {
		a.Received = r.received
	}
	if len(r.early) > 0 {
		a.Missing = r.missing()
	}
	return a
}

// unsaid tells whether the other side would like to know something.
func (r *receiver) unsaid() bool { return r.told < r.received || len(r.early) > 0 }

func (r *receiver) waiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live && r.unsaid()
}

// missing lists the first numbers that were passed by others.
func (r *receiver) missing() (out []int64) {
	const most = 64
	next := r.received + 1
	for _, seq := range slices.Sorted(maps.Keys(r.early)) {
		for ; next < seq && len(out) < most; next++ {
			out = append(out, next)
		}
		next = seq + 1
	}
	return out
}
