package runner

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cgroup"
)

// Warmer is an engine that can get ready before its first job.
type Warmer interface{ Warm() }

// Serve is the child half: it runs jobs on engine until the parent closes the
// connection. It returns nil then.
func Serve(ctx context.Context, engine executor.Runner, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s := &server{engine: engine, wire: newWire(in, out), programs: map[string]*executor.Program{}}
	if err := s.wire.send(message{Type: typeHello, Protocol: protocol}); err != nil {
		return err
	}
	var warm sync.WaitGroup
	if w, ok := engine.(Warmer); ok {
		warm.Go(w.Warm)
	}
	err := s.loop(ctx)
	// Whatever ended the conversation, a job that still runs has nobody to
	// report to: end it by force and wait, so that its processes are gone.
	s.force()
	s.jobs.Wait()
	warm.Wait()
	if errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return err
}

// server is the state of a child between frames.
type server struct {
	engine   executor.Runner
	wire     *wire
	programs map[string]*executor.Program // by hash; the parent sends each once
	jobs     sync.WaitGroup
	replies  replies

	mu      sync.Mutex // guards current
	current *running
}

// running is the job under way.
type running struct {
	cancel context.CancelCauseFunc
	once   sync.Once
	force  chan struct{}
}

func (r *running) kill() { r.once.Do(func() { close(r.force) }) }

func (s *server) loop(ctx context.Context) error {
	type read struct {
		m   message
		err error
	}
	// Reading happens beside waiting for ctx, which ends on SIGTERM. The
	// reader is not waited for: it ends with the input, and only a signal
	// leaves it behind, in a process that is about to exit.
	frames := make(chan read)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			m, err := s.next()
			select {
			case frames <- read{m, err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-frames:
			if f.err != nil {
				return f.err
			}
			if err := s.handle(ctx, f.m); err != nil {
				return err
			}
		}
	}
}

// next reads one message; programs are put away on the way.
func (s *server) next() (message, error) {
	var m message
	kind, body, err := s.wire.read()
	if err != nil {
		return m, err
	}
	if kind != frameMessage {
		return m, errFrame
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, errors.Join(errFrame, err)
	}
	if m.Type != typeProgram {
		return m, nil
	}
	p := &executor.Program{Hash: m.Hash, Entry: m.Entry, Runtime: m.Runtime, Reason: m.Reason}
	for _, at := range []*[]byte{&p.Code, &p.Map} {
		kind, body, err := s.wire.read()
		if err != nil {
			return m, noEOF(err)
		}
		if kind != frameRaw {
			return m, errFrame
		}
		*at = append([]byte(nil), body...)
	}
	s.mu.Lock()
	s.programs[p.Hash] = p
	s.mu.Unlock()
	return m, nil
}

func (s *server) handle(ctx context.Context, m message) error {
	switch m.Type {
	case typeProgram: // next has kept it
	case typeJob:
		return s.start(ctx, m)
	case typeCancel:
		s.mu.Lock()
		if s.current != nil {
			s.current.cancel(errors.New(m.Reason))
		}
		s.mu.Unlock()
	case typeForce:
		s.force()
	case typeAnswer:
		s.replies.answer(m)
	default: // a newer parent may say more than we know
	}
	return nil
}

func (s *server) force() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.kill()
	}
}

func (s *server) start(ctx context.Context, m message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Job == nil || s.current != nil {
		return errFrame
	}
	m.Job.Program = s.programs[m.Hash]
	if m.Job.Program == nil {
		return errFrame
	}
	jobCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	run := &running{cancel: cancel, force: make(chan struct{})}
	s.current = run
	s.jobs.Go(func() {
		defer cancel(nil)
		before, kerr := cgroup.Kills()
		result := s.engine.Run(jobCtx, executor.Task{Job: m.Job, Host: &childHost{s: s}, Force: run.force})
		// Only from in here can a step that the kernel killed be told from one
		// that went away: engines count the death of the whole container.
		if after, err := cgroup.Kills(); kerr == nil && err == nil && after > before && result != nil {
			result.OutOfMemory = true
		}
		s.mu.Lock()
		s.current = nil
		s.mu.Unlock()
		// A parent that is gone cannot be told; the loop sees that itself.
		_ = s.wire.send(message{Type: typeResult, Result: result})
	})
	return nil
}
