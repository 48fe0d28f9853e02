package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// forceLimit is how long a child may take to end its job by force before it is
// itself killed.
const forceLimit = 3 * time.Second

// forcedError: the child had to be killed because it would not end.
type forcedError struct{}

func (*forcedError) Error() string { return "runner: killed after it did not end by force" }

// session is one job in one child, from the parent's side.
type session struct {
	child *child
	task  executor.Task
	job   *executor.Job
	calls sync.WaitGroup // service calls under way
}

// run sends the job and serves the child until its result. An error means that
// the child can no longer be believed.
func (s *session) run(ctx context.Context) (*executor.Result, error) {
	if err := s.send(); err != nil {
		return nil, fmt.Errorf("send job: %w", err)
	}
	callCtx, stopCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer s.calls.Wait()
	defer stopCalls()
	done := make(chan struct{})
	watch := make(chan error, 1)
	go func() { watch <- s.watch(ctx, done) }()
	result, err := s.serve(callCtx)
	close(done)
	if werr := <-watch; werr != nil && err != nil {
		err = werr
	}
	return result, err
}

func (s *session) send() error {
	p := s.job.Program
	if p == nil {
		return errors.New("the job has no program")
	}
	if !s.child.known[p.Hash] {
		if err := s.child.wire.send(message{Type: typeProgram, Hash: p.Hash, Entry: p.Entry, Runtime: p.Runtime, Reason: p.Reason}); err != nil {
			return err
		}
		if err := s.child.wire.raw(p.Code); err != nil {
			return err
		}
		if err := s.child.wire.raw(p.Map); err != nil {
			return err
		}
		s.child.known[p.Hash] = true
	}
	return s.child.wire.send(message{Type: typeJob, Hash: p.Hash, Job: s.job})
}

// watch passes on cancellation and force, and kills a child that ignores
// force. It returns an error when it killed.
func (s *session) watch(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		select {
		case <-s.task.Force: // forced at once: no hook is to begin
		default:
			_ = s.child.wire.send(message{Type: typeCancel, Reason: context.Cause(ctx).Error()})
		}
	case <-s.task.Force:
	}
	select {
	case <-done:
		return nil
	case <-s.task.Force:
		_ = s.child.wire.send(message{Type: typeForce})
	}
	timer := time.NewTimer(forceLimit)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		s.child.proc.Kill()
		return &forcedError{}
	}
}

// serve reads frames until the result. Calls of the Sink are made here, one at
// a time; a slow Sink stops the reading, which is the back-pressure.
func (s *session) serve(ctx context.Context) (*executor.Result, error) {
	for {
		kind, body, err := s.child.wire.read()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("it closed its output before the job ended")
			}
			return nil, err
		}
		if kind == frameLog {
			row, stream, p, err := splitLog(body)
			if err != nil {
				return nil, err
			}
			s.task.Host.Log(row, stream, p)
			continue
		}
		var m message
		if kind != frameMessage {
			return nil, errFrame
		}
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, errors.Join(errFrame, err)
		}
		if m.Type == typeResult && m.Result != nil {
			return m.Result, nil
		}
		if err := s.handle(ctx, m); err != nil {
			return nil, err
		}
	}
}

func (s *session) handle(ctx context.Context, m message) error {
	host := s.task.Host
	switch {
	case m.Type == typeBegin && m.Row != nil:
		host.Begin(*m.Row)
	case m.Type == typeRule && m.Rule != nil:
		host.Rule(m.Index, *m.Rule)
	case m.Type == typeEnd && m.End != nil:
		host.End(*m.End)
	case m.Type == typeRequest && m.Method == methodReveal:
		var values []string
		if err := json.Unmarshal(m.Params, &values); err != nil {
			return errFrame
		}
		host.Reveal(values)
	case m.Type == typeRequest:
		s.calls.Go(func() { s.answer(ctx, m) })
	default:
		return fmt.Errorf("%w: message %q", errFrame, m.Type)
	}
	return nil
}

// answer serves one service call, beside the reading: a cache restore may take
// minutes and output goes on meanwhile.
func (s *session) answer(ctx context.Context, m message) {
	reply := message{Type: typeAnswer, ID: m.ID}
	value, err := s.call(ctx, m)
	if err == nil {
		reply.Answer, err = json.Marshal(value)
	}
	if err != nil {
		reply.Error = err.Error()
	}
	_ = s.child.wire.send(reply)
}

func (s *session) call(ctx context.Context, m message) (any, error) {
	switch m.Method {
	case methodEmit:
		var e executor.Emission
		if err := json.Unmarshal(m.Params, &e); err != nil {
			return nil, err
		}
		return s.task.Host.Emit(ctx, e)
	case methodSecrets:
		var environment string
		if err := json.Unmarshal(m.Params, &environment); err != nil {
			return nil, err
		}
		return s.task.Host.Secrets(ctx, environment)
	case methodRestore, methodSave:
		var c cacheCall
		if err := json.Unmarshal(m.Params, &c); err != nil {
			return nil, err
		}
		if m.Method == methodRestore {
			return s.task.Host.RestoreCache(ctx, c.Dir, c.Cache)
		}
		return nil, s.task.Host.SaveCache(ctx, c.Dir, c.Cache)
	}
	return nil, fmt.Errorf("runner: unknown service %q", m.Method)
}
