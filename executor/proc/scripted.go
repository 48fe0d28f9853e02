package proc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Play is what a scripted command does.
type Play struct {
	Stdout, Stderr string
	Code           int
	Signal         Signal        // the command dies of it
	Takes          time.Duration // between its output and its end
	ReadsStdin     bool          // ends only after its input has ended
	StartError     error         // the command cannot be started
}

// Call is a command that a Scripted was asked to start.
type Call struct {
	Command
	Input func() string // what has been written to its stdin so far
}

// Text is the command as a reader knows it: its last argument, which for a
// shell is the script.
func (c Call) Text() string { return c.Args[len(c.Args)-1] }

// Scripted is a Spawner without processes. A command is matched against the
// texts given to On, newest first; one that nothing matches cannot be started,
// so that a test never passes on a command it does not know.
type Scripted struct {
	// After is the clock for Play.Takes. Nil is time.After, which inside a
	// testing/synctest bubble is virtual.
	After func(time.Duration) <-chan time.Time

	mu    sync.Mutex // guards what follows
	rules []rule
	calls []Call
	busy  sync.WaitGroup
}

type rule struct {
	text string
	play Play
}

// On scripts every command whose text contains text.
func (s *Scripted) On(text string, p Play) *Scripted {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, rule{text, p})
	return s
}

// Calls lists what was started, in order.
func (s *Scripted) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Close waits for the commands that were started.
func (s *Scripted) Close() { s.busy.Wait() }

// Start implements Spawner.
func (s *Scripted) Start(ctx context.Context, c Command) (Process, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if len(c.Args) == 0 {
		return nil, &StartError{Err: errors.New("empty command")}
	}
	p := &scriptedProcess{killed: make(chan Signal, 1), over: make(chan struct{}), eof: make(chan struct{})}
	call := Call{Command: c, Input: p.input}
	s.mu.Lock()
	play, found := s.find(call.Text())
	s.calls = append(s.calls, call)
	p.pid = 1000 + len(s.calls)
	s.mu.Unlock()
	if !found {
		return nil, &StartError{File: c.Args[0], Dir: c.Dir, Err: errors.New("no script for: " + call.Text())}
	}
	if play.StartError != nil {
		return nil, &StartError{File: c.Args[0], Dir: c.Dir, Err: play.StartError}
	}
	if c.Stdin {
		p.stdin = (*scriptedInput)(p)
	} else {
		close(p.eof)
	}
	after := s.After
	if after == nil {
		after = time.After
	}
	s.busy.Add(1)
	go func() {
		defer s.busy.Done()
		p.play(c, play, after)
	}()
	return p, nil
}

func (s *Scripted) find(text string) (Play, bool) {
	for _, r := range slices.Backward(s.rules) {
		if strings.Contains(text, r.text) {
			return r.play, true
		}
	}
	return Play{}, false
}

type scriptedProcess struct {
	pid    int
	stdin  io.WriteCloser
	killed chan Signal
	over   chan struct{}
	exit   Exit

	mu     sync.Mutex // guards what follows
	in     bytes.Buffer
	closed bool
	eof    chan struct{} // closed with the input
}

func (p *scriptedProcess) play(c Command, play Play, after func(time.Duration) <-chan time.Time) {
	if c.Stdout != nil && play.Stdout != "" {
		_, _ = io.WriteString(c.Stdout, play.Stdout)
	}
	if c.Stderr != nil && play.Stderr != "" {
		_, _ = io.WriteString(c.Stderr, play.Stderr)
	}
	p.exit = Exit{Code: play.Code, Signal: play.Signal, Duration: play.Takes}
	if play.Signal != "" {
		p.exit.Code = -1
	}
	defer close(p.over)
	if play.ReadsStdin {
		select {
		case <-p.eof:
		case s := <-p.killed:
			p.exit = Exit{Code: -1, Signal: s}
			return
		}
	}
	if play.Takes > 0 {
		select {
		case <-after(play.Takes):
		case s := <-p.killed:
			p.exit = Exit{Code: -1, Signal: s}
		}
	}
}

func (p *scriptedProcess) Pid() int              { return p.pid }
func (p *scriptedProcess) Stdin() io.WriteCloser { return p.stdin }
func (p *scriptedProcess) StopOutput(int)        {}

func (p *scriptedProcess) Wait() Exit {
	<-p.over
	return p.exit
}

func (p *scriptedProcess) Signal(s Signal) error {
	select {
	case <-p.over:
		return ErrFinished
	default:
	}
	select {
	case p.killed <- s:
	default: // one is on its way already
	}
	return nil
}

func (p *scriptedProcess) input() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in.String()
}

// scriptedInput is the process seen from its stdin.
type scriptedInput scriptedProcess

func (i *scriptedInput) Write(b []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return 0, io.ErrClosedPipe
	}
	return i.in.Write(b)
}

func (i *scriptedInput) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.closed {
		i.closed = true
		close(i.eof)
	}
	return nil
}

var _ Spawner = (*Scripted)(nil)
var _ Process = (*scriptedProcess)(nil)
