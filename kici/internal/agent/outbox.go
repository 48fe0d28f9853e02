package agent

import (
	"context"
	"sync"
	"time"
)

// Bounds of the queue between a job and its reporter.
const (
	batchLines = 50
	batchDelay = 100 * time.Millisecond
	// behindLines and behindBytes bound a batch of a link that is behind: it
	// takes more lines in fewer messages.
	behindLines = 2000
	behindBytes = 256 << 10
	// queueBytes is what a job may print ahead of its reports. It holds a
	// whole step's log at the usual cap, so that a job goes on while the
	// orchestrator is away for a while.
	queueBytes = 12 << 20
	// pauseLimit is how long a job waits for a reporter that takes nothing. Then
	// its lines go to disk.
	pauseLimit = 30 * time.Second
)

// outbox is the ordered queue of one job's reports. The job's side never waits
// for the wire until queueBytes are waiting.
type outbox struct {
	rep   Reporter
	now   func() time.Time
	pause time.Duration
	drop  bool // instead of spooling

	mu     sync.Mutex // guards what follows
	queue  []queued
	bytes  int
	closed bool
	err    error         // of the reporter; what comes later is dropped
	room   chan struct{} // closed and replaced when the queue shrinks
	wake   chan struct{} // for the sender; holds one
	chunks map[int]int64 // by row
	moved  time.Time     // when the reporter last took something
	spool  spool
	lost   map[int]int // lines dropped, by row
	meter  Meter       // may be nil; set before the first call
}

// queued is a batch of lines that may still grow, or a call.
type queued struct {
	call   func(context.Context) error
	batch  *LogBatch
	size   int    // of the lines in memory
	parked *place // where they are otherwise
}

func newOutbox(rep Reporter, now func() time.Time, spoolDir string, drop bool) *outbox {
	pause := pauseLimit
	if drop { // so that a job never waits for the wire
		pause = 0
	}
	return &outbox{
		rep: rep, now: now, pause: pause, drop: drop, room: make(chan struct{}), wake: make(chan struct{}, 1),
		chunks: map[int]int64{}, moved: now(), spool: spool{dir: spoolDir}, lost: map[int]int{},
	}
}

// call queues a report behind everything before it.
func (o *outbox) call(f func(context.Context) error) {
	o.mu.Lock()
	o.queue = append(o.queue, queued{call: f})
	o.mu.Unlock()
	o.signal()
}

// line queues one line of a row. It waits for room, for a bounded time when the
// reporter takes nothing.
func (o *outbox) line(ctx context.Context, row int, text string) {
	size := len(text) + 1
	for {
		o.mu.Lock()
		if o.err != nil {
			o.mu.Unlock()
			return
		}
		if o.bytes == 0 || o.bytes+size <= queueBytes {
			break
		}
		wait := o.pause - o.now().Sub(o.moved)
		if wait <= 0 && o.relieve(row) {
			if o.drop {
				o.mu.Unlock()
				return
			}
			break
		}
		room := o.room
		o.mu.Unlock()
		if !await(ctx, room, wait) {
			return
		}
	}
	o.mourn(row)
	o.add(row, text, size)
	full := len(o.queue) > 1 || len(o.queue[0].batch.Lines) == 1 || len(o.queue[0].batch.Lines) >= batchLines
	o.mu.Unlock()
	if full {
		o.signal()
	}
}

// note queues a line of ours, which is short and does not wait for room.
func (o *outbox) note(row int, text string) {
	o.mu.Lock()
	if o.err == nil && !o.closed {
		o.add(row, text, len(text)+1)
	}
	o.mu.Unlock()
	o.signal()
}

// add appends to the last batch when that is of the same row and not too large;
// mu is held.
func (o *outbox) add(row int, text string, size int) {
	o.bytes += size
	if n := len(o.queue); n > 0 {
		last := &o.queue[n-1]
		if b := last.batch; b != nil && last.parked == nil && b.Row == row && len(b.Lines) < behindLines && last.size+size <= behindBytes {
			b.Lines = append(b.Lines, text)
			last.size += size
			return
		}
	}
	o.chunks[row]++
	o.queue = append(o.queue, queued{batch: &LogBatch{Row: row, Chunk: o.chunks[row], Lines: []string{text}, At: o.now()}, size: size})
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// close says that nothing comes any more; run ends after what is queued.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.signal()
}

// run reports until the queue is closed and empty.
func (o *outbox) run(ctx context.Context) {
	defer func() { _ = o.spool.close() }() // a file that stays is swept with the folder it is in
	for {
		r, wait, ok := o.take()
		if !ok {
			return
		}
		if wait >= 0 {
			o.sleep(ctx, wait)
			continue
		}
		var err error
		switch {
		case r.call != nil:
			err = r.call(ctx)
		case r.parked != nil:
			if r.batch.Lines, err = o.spool.get(*r.parked); err == nil {
				err = o.rep.Log(ctx, *r.batch)
			}
		default:
			err = o.rep.Log(ctx, *r.batch)
		}
		o.done(r, err)
	}
}

// take gives the next report, or how long to wait for one that is not due:
// forever is an hour.
func (o *outbox) take() (r queued, wait time.Duration, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return queued{}, time.Hour, !o.closed
	}
	r = o.queue[0]
	if b := r.batch; b != nil && r.parked == nil && len(o.queue) == 1 && !o.closed && len(b.Lines) < batchLines {
		if wait := batchDelay - o.now().Sub(b.At); wait > 0 {
			return queued{}, wait, true
		}
	}
	o.queue[0] = queued{} // its lines are not to be kept by the array below
	o.queue = o.queue[1:]
	if len(o.queue) == 0 {
		o.queue = nil
	}
	return r, -1, true
}

func (o *outbox) sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-o.wake:
	case <-timer.C:
	case <-ctx.Done():
		o.done(queued{}, ctx.Err())
		// Only the closing is waited for now.
		select {
		case <-o.wake:
		case <-timer.C:
		}
	}
}

// done counts a report as gone. After an error nothing is kept any more, so
// that a job whose reports nobody takes still comes to its end.
func (o *outbox) done(r queued, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes -= r.size
	o.moved = o.now()
	if err != nil && o.err == nil {
		o.err = err
	}
	if o.err != nil {
		o.queue, o.bytes = nil, 0
	}
	close(o.room)
	o.room = make(chan struct{})
}
