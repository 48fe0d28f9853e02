package pipe

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// lane is one direction of a pipe.
type lane struct {
	set   settings
	room  chan struct{} // a baton: somebody may try to push
	ready chan struct{} // a baton: somebody may try to take
	over  chan struct{} // closed with the lane

	mu    sync.Mutex // guards what follows
	rand  *rand.Rand
	items []item
	bytes int
	sent  int
	mute  bool
	// Once closed, pushing fails with pushErr, and taking with takeErr when
	// nothing is left.
	closed           bool
	pushErr, takeErr error
}

type item struct {
	frame  []byte
	due    time.Time // zero: at once
	passed int       // by how many later ones
}

func newLane(set settings, side uint64) *lane {
	return &lane{
		set: set, rand: rand.New(rand.NewPCG(set.seed, side)),
		room: make(chan struct{}, 1), ready: make(chan struct{}, 1), over: make(chan struct{}),
	}
}

func raise(baton chan struct{}) {
	select {
	case baton <- struct{}{}:
	default:
	}
}

func (l *lane) push(ctx context.Context, frame []byte) error {
	for {
		done, err := l.put(frame)
		if done || err != nil {
			return err
		}
		select {
		case <-l.room:
		case <-l.over:
		case <-ctx.Done():
			raise(l.room) // it may have been handed to us just now
			return context.Cause(ctx)
		}
	}
}

func (l *lane) put(frame []byte) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, l.pushErr
	}
	if l.bytes >= l.set.capacity && len(l.items) > 0 {
		return false, nil
	}
	l.sent++
	f := l.set.fate(l.rand, l.sent)
	if l.mute {
		f.copies = 0
	}
	it := item{frame: frame}
	if frame == nil {
		it.frame = []byte{} // nil is no frame
	}
	if f.after > 0 {
		it.due = time.Now().Add(f.after)
	}
	for range f.copies {
		l.items = append(l.items, it)
		l.bytes += len(frame)
	}
	raise(l.ready)
	if l.bytes < l.set.capacity {
		raise(l.room)
	}
	return true, nil
}

func (l *lane) take(ctx context.Context) ([]byte, error) {
	for {
		frame, wait, err := l.next()
		if frame != nil || err != nil {
			return frame, err
		}
		if err := l.await(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// await waits until a take is worth trying again. A lane that is over still has
// frames to be waited for.
func (l *lane) await(ctx context.Context, wait time.Duration) error {
	var due <-chan time.Time
	over := l.over
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		due, over = t.C, nil
	}
	select {
	case <-l.ready:
	case <-due:
	case <-over:
	case <-ctx.Done():
		raise(l.ready)
		return context.Cause(ctx)
	}
	return nil
}

// next takes a frame that is due, or says how long until one is; 0 is until one
// is sent.
func (l *lane) next() (frame []byte, wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.items) == 0 {
		if l.closed {
			return nil, 0, l.takeErr
		}
		return nil, 0, nil
	}
	i := l.choose()
	it := l.items[i]
	if !it.due.IsZero() {
		if wait = time.Until(it.due); wait > 0 {
			return nil, wait, nil
		}
	}
	for j := range i {
		l.items[j].passed++
	}
	if i == 0 {
		l.items[0] = item{}
		l.items = l.items[1:]
	} else {
		l.items = slices.Delete(l.items, i, i+1)
	}
	l.bytes -= len(it.frame)
	raise(l.room)
	if len(l.items) > 0 {
		raise(l.ready)
	}
	return it.frame, 0, nil
}

// choose picks the frame to come out next: the first, unless a later one within
// the window is due before it.
func (l *lane) choose() int {
	if l.set.window == 0 || l.items[0].passed >= l.set.window {
		return 0
	}
	best := 0
	for i := 1; i < min(len(l.items), l.set.window+1); i++ {
		if l.items[i].due.Before(l.items[best].due) {
			best = i
		}
		if l.items[i].passed >= l.set.window { // it may not be passed either
			break
		}
	}
	return best
}

// close ends the lane; what is in it is lost or still comes out.
func (l *lane) close(pushErr, takeErr error, lose bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed, l.pushErr, l.takeErr = true, pushErr, takeErr
		close(l.over)
	}
	if lose {
		l.items, l.bytes, l.takeErr = nil, 0, takeErr
	}
}

func (l *lane) setMute(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mute = on
}
