package child

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/proc"
)

// command is one child with what JavaScript may read of it.
type command struct {
	proc proc.Process
	out  *capture
	in   *input

	gate    chan struct{} // closed by open: output flows
	opened  sync.Once
	echo    [3]atomic.Bool
	output  func(js.Stream, []byte)
	silence *atomic.Bool // the VM is closed: what daemons still print has no log

	stopped atomic.Bool // we closed its stdout: the reader of a pipe went away
}

// stream is the writer of one stream.
type stream struct {
	c  *command
	no int
}

func (s stream) Write(p []byte) (int, error) {
	<-s.c.gate
	if s.c.echo[s.no].Load() && !s.c.silence.Load() {
		s.c.output(js.Stream(s.no), p)
	}
	s.c.out.write(s.no, p)
	return len(p), nil
}

// open lets output flow, to the log where echo says so.
func (c *command) open(echoOut, echoErr bool) {
	c.opened.Do(func() {
		c.echo[stdout].Store(echoOut)
		c.echo[stderr].Store(echoErr)
		close(c.gate)
	})
}

// stop tells the child that nobody reads its stdout any more.
func (c *command) stop() {
	c.stopped.Store(true)
	c.proc.StopOutput(stdout)
}

// input writes to a child's stdin, in order, off the loop.
type input struct {
	to io.WriteCloser

	mu      sync.Mutex // guards what follows
	queue   []write
	running bool
	ended   bool
	taken   bool        // a writer is there
	timer   *time.Timer // ends it, unless it is taken
	busy    *sync.WaitGroup
}

// idleInput is how long the input of a command stays open that somebody waits
// for and nobody writes to.
const idleInput = time.Millisecond

// idle ends the input soon, unless it is taken before.
func (in *input) idle() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.taken || in.ended || in.timer != nil {
		return
	}
	in.timer = time.AfterFunc(idleInput, func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		if !in.taken && !in.ended {
			in.ended = true
			in.to.Close()
		}
	})
}

// take keeps the input open for a writer; false when it has ended.
func (in *input) take() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.taken = true
	return !in.ended
}

// over is told when the command has ended.
func (in *input) over() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.timer != nil {
		in.timer.Stop()
	}
}

type write struct {
	data []byte
	end  bool
	done func(error)
}

func (in *input) put(w write) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.taken = true
	if in.ended {
		w.answer(io.ErrClosedPipe)
		return
	}
	in.ended = w.end
	in.queue = append(in.queue, w)
	if !in.running {
		in.running = true
		in.busy.Add(1)
		go in.drain()
	}
}

func (in *input) drain() {
	defer in.busy.Done()
	for {
		in.mu.Lock()
		if len(in.queue) == 0 {
			in.running = false
			in.mu.Unlock()
			return
		}
		w := in.queue[0]
		in.queue = in.queue[1:]
		in.mu.Unlock()
		var err error
		if len(w.data) > 0 {
			_, err = in.to.Write(w.data)
		}
		if w.end {
			in.to.Close()
		}
		w.answer(err)
	}
}

func (w write) answer(err error) {
	if w.done != nil {
		w.done(err)
	}
}

// feed copies a follower to a child's stdin and ends it. When the child stops
// reading, whoever feeds it is told to stop.
func feed(from *follower, to io.WriteCloser, left func()) {
	defer from.close()
	defer to.Close()
	for b := from.next(); b != nil; b = from.next() {
		if _, err := to.Write(b); err != nil {
			left()
			return
		}
	}
}

// finish is told when the command has ended.
func (c *command) finish() {
	c.out.finish()
	if c.in != nil {
		c.in.over()
	}
}

func isFinished(err error) bool { return errors.Is(err, proc.ErrFinished) }
