// Package queue is the bounded line in which frames wait, in front of a writer or
// behind a reader. Push blocks while it is full and Pop while it is empty, which
// is all there is to flow control; a consumer that waits for other things as well
// uses Take and Ready.
//
// The bound is one of bytes and a soft one: a frame is let in as long as the line
// is below it, so that one frame beyond every limit still gets through, and a
// large one is not overtaken for ever by small ones. What a frame says, and what
// the end of a connection is called, is decided by whoever owns the queue.
package queue

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed: the queue takes nothing any more, or has nothing any more.
var ErrClosed = errors.New("queue: closed")

// Queue is a line of frames. Use New.
type Queue struct {
	limit int
	room  chan struct{} // a baton: somebody may try to push
	ready chan struct{} // a baton: somebody may try to pop
	over  chan struct{} // closed by Close

	mu     sync.Mutex // guards what follows
	frames [][]byte
	head   int // of frames; before it lies what was taken
	bytes  int
	closed bool
}

// New makes a queue that holds about limit bytes.
func New(limit int) *Queue {
	return &Queue{limit: limit, room: make(chan struct{}, 1), ready: make(chan struct{}, 1), over: make(chan struct{})}
}

func raise(baton chan struct{}) {
	select {
	case baton <- struct{}{}:
	default:
	}
}

// Push appends a frame as soon as there is room.
func (q *Queue) Push(ctx context.Context, frame []byte) error {
	for {
		pushed, err := q.put(frame)
		if pushed || err != nil {
			return err
		}
		select {
		case <-q.room:
		case <-q.over:
		case <-ctx.Done():
			raise(q.room) // it may have been handed to us just now
			return context.Cause(ctx)
		}
	}
}

func (q *Queue) put(frame []byte) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, ErrClosed
	}
	if q.bytes >= q.limit && q.head < len(q.frames) {
		return false, nil
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	raise(q.ready)
	if q.bytes < q.limit {
		raise(q.room)
	}
	return true, nil
}

// Pop waits for the first frame. After Close it gives out the rest, then
// ErrClosed.
func (q *Queue) Pop(ctx context.Context) ([]byte, error) {
	for {
		frame, ok, closed := q.Take()
		if ok {
			return frame, nil
		}
		if closed {
			return nil, ErrClosed
		}
		select {
		case <-q.ready:
		case <-q.over:
		case <-ctx.Done():
			raise(q.ready)
			return nil, context.Cause(ctx)
		}
	}
}

// Take is a Pop that does not wait; closed says that nothing will come any more.
func (q *Queue) Take() (frame []byte, ok, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.frames) {
		return nil, false, q.closed
	}
	frame = q.frames[q.head]
	q.frames[q.head] = nil
	q.head++
	q.bytes -= len(frame)
	switch {
	case q.head == len(q.frames):
		q.frames, q.head = q.frames[:0], 0
	case q.head > 64 && q.head*2 > len(q.frames):
		q.frames = append(q.frames[:0], q.frames[q.head:]...)
		q.head = 0
	}
	raise(q.room)
	if q.head < len(q.frames) {
		raise(q.ready)
	}
	return frame, true, false
}

// Ready is raised when a Take is worth trying.
func (q *Queue) Ready() <-chan struct{} { return q.ready }

// Over is closed by Close.
func (q *Queue) Over() <-chan struct{} { return q.over }

// Close refuses further frames. Those inside can still be taken.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.over)
	}
}

// Drop closes the queue and forgets what is inside.
func (q *Queue) Drop() {
	q.Close()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.frames, q.head, q.bytes = nil, 0, 0
}
