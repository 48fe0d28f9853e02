package kicitest

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor/proc"
)

// command is a scripted process.
type command struct {
	spec   proc.Command
	answer answer
	pid    int
	seq    uint64
	stdin  io.WriteCloser
	killed chan proc.Signal
	over   chan struct{}
	eof    chan struct{} // closed with the input
	began  time.Time

	ended func(*command) // tells the job, before Wait returns

	mu   sync.Mutex // guards what follows
	call *Call
	in   bytes.Buffer
	shut bool
	exit proc.Exit
}

var _ proc.Process = (*command)(nil)

// play goes through the script. It is the command's goroutine.
func (c *command) play() {
	exit := c.answer.exit
	for _, a := range c.answer.acts {
		if !a(c) {
			exit = c.exit
			break
		}
	}
	exit.Duration = time.Since(c.began)
	c.mu.Lock()
	c.exit = exit
	c.mu.Unlock()
	c.ended(c)
	close(c.over)
}

func (c *command) write(to io.Writer, text string) {
	if to != nil {
		_, _ = io.WriteString(to, text) // a command does not die because nobody listens
	}
}

// wait is false when a signal ended the command first.
func (c *command) wait(until <-chan time.Time) bool {
	return c.until(func() (done bool, s proc.Signal) {
		select {
		case <-until:
			return true, ""
		case s := <-c.killed:
			return false, s
		}
	})
}

func (c *command) read() bool {
	return c.until(func() (done bool, s proc.Signal) {
		select {
		case <-c.eof:
			return true, ""
		case s := <-c.killed:
			return false, s
		}
	})
}

func (c *command) until(next func() (bool, proc.Signal)) bool {
	for {
		done, s := next()
		if done {
			return true
		}
		if c.answer.stubborn && s != proc.KILL {
			continue
		}
		c.exit = proc.Exit{Code: -1, Signal: s}
		return false
	}
}

func (c *command) Pid() int              { return c.pid }
func (c *command) Stdin() io.WriteCloser { return c.stdin }
func (c *command) StopOutput(int)        {}

func (c *command) Wait() proc.Exit {
	<-c.over
	return c.exit
}

func (c *command) Signal(s proc.Signal) error {
	select {
	case <-c.over:
		return proc.ErrFinished
	default:
	}
	if s == "SIGCONT" || s == "SIGWINCH" { // these end nothing
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		select {
		case c.killed <- s:
			return nil
		case <-c.killed: // a later signal is a stronger one
		}
	}
}

// snapshot is the call as far as it has come.
func (c *command) snapshot() Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := *c.call
	out.Input = c.in.String()
	return out
}

// input is the command seen from its stdin.
type input command

func (i *input) Write(b []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.shut {
		return 0, io.ErrClosedPipe
	}
	return i.in.Write(b)
}

func (i *input) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.shut {
		i.shut = true
		close(i.eof)
	}
	return nil
}
