package node

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"syscall"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/js/std/child"
)

func isPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// read serves what Node says until it is gone.
func (r *Runtime) read(ready chan<- inbound) {
	err := r.serve(ready)
	if err != nil && r.process != nil {
		_ = r.process.Signal("SIGKILL") // an end of file, or nonsense: nobody can talk to it any more
	}
	r.bury(err)
}

// bury waits for the process and tells everybody how it ended.
func (r *Runtime) bury(err error) {
	exit := r.process.Wait()
	for _, f := range r.files[2:] {
		_ = f.Close()
	}
	r.raw[0].close()
	r.raw[1].close()
	r.mu.Lock()
	death := &Death{Exit: exit, Killed: r.killed, Stderr: r.stderr.String()}
	for _, c := range r.calls {
		c.cancel(death)
	}
	r.mu.Unlock()
	r.err = death
	if errors.Is(err, errFrame) {
		r.err = errors.Join(death, err)
	}
	close(r.over)
}

func (r *Runtime) serve(ready chan<- inbound) error {
	for {
		kind, body, err := readFrame(r.out)
		if err != nil {
			return err
		}
		switch kind {
		case frameOutput:
			if len(body) < 1 || body[0] != 1 && body[0] != 2 {
				return errFrame
			}
			r.cfg.Output(executor.Stream(body[0]), body[1:])
			continue
		case frameInput:
			if len(body) < 8 {
				return errFrame
			}
			r.input(int(binary.BigEndian.Uint32(body)), int(binary.BigEndian.Uint32(body[4:])), body[8:])
			continue
		case frameMessage:
		default:
			return fmt.Errorf("%w: type %q", errFrame, kind)
		}
		var m inbound
		if err := json.Unmarshal(body, &m); err != nil {
			return errors.Join(errFrame, err)
		}
		if len(m.Env) > 0 {
			r.cfg.Env.apply(m.Env)
		}
		if err := r.handle(m, ready); err != nil {
			return err
		}
	}
}

func (r *Runtime) handle(m inbound, ready chan<- inbound) error {
	switch m.Type {
	case "ready":
		ready <- m
	case "answer":
		r.raw[0].drain()
		r.raw[1].drain()
		r.mu.Lock()
		c := r.calls[m.ID]
		delete(r.calls, m.ID)
		r.mu.Unlock()
		if c != nil {
			c.answer <- m
		}
	case "alive":
		r.mu.Lock()
		if ch := r.alive[m.ID]; ch != nil {
			close(ch)
			delete(r.alive, m.ID)
		}
		r.mu.Unlock()
	case "sync":
		return r.answerSync(m)
	case "tell":
		r.tell(m)
	case "call":
		ctx := r.context(m.Call)
		r.work.Go(func() { r.answerAsync(ctx, m) })
	default:
		return fmt.Errorf("%w: message %q", errFrame, m.Type)
	}
	return nil
}

// context is that of the call a question belongs to. Code that runs on after
// its call (a timer at module level) may ask as long as the process lives.
func (r *Runtime) context(id int) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[id]; c != nil {
		return c.ctx
	}
	return context.Background()
}

// answerSync answers the question Node waits for. It is asked on the reading
// goroutine: Node says nothing else meanwhile.
func (r *Runtime) answerSync(m inbound) error {
	value, raw, err := r.question(r.context(m.Call), m)
	if raw != nil && err == nil {
		err = r.sync.frame(frameRaw, raw)
	} else if err != nil {
		err = r.sync.send(outbound{Error: thrown(err), Env: r.cfg.Env.take()})
	} else {
		err = r.sync.send(outbound{Value: value, Env: r.cfg.Env.take()})
	}
	if isPipe(err) {
		return nil // the end of file comes next
	}
	return err
}

// thrown is a Go error as the properties of an Error over there.
func thrown(err error) map[string]any {
	var start *child.StartFailure
	if errors.As(err, &start) {
		return start.Facts
	}
	return map[string]any{"message": err.Error()}
}

func (r *Runtime) answerAsync(ctx context.Context, m inbound) {
	value, raw, err := r.request(ctx, m)
	switch {
	case err != nil:
		err = r.in.send(outbound{Type: "reply", ID: m.ID, Error: thrown(err), Env: r.cfg.Env.take()})
	case raw != nil:
		var id [4]byte
		binary.BigEndian.PutUint32(id[:], uint32(m.ID))
		err = r.in.frame(frameRaw, id[:], raw)
	default:
		err = r.in.send(outbound{Type: "reply", ID: m.ID, Value: value, Env: r.cfg.Env.take()})
	}
	_ = err // a process that is gone needs no answer
}

// input queues bytes for a command; the answer comes when they are written.
func (r *Runtime) input(id, command int, data []byte) {
	r.table.Write(command, data, false, func(code string) { r.written(id, code) })
}

func (r *Runtime) written(id int, code string) {
	m := outbound{Type: "reply", ID: id}
	if code != "" {
		m.Value = code
	}
	_ = r.in.send(m)
}

func args(m inbound, into ...any) error {
	for i, at := range into {
		if i >= len(m.Args) {
			return nil
		}
		if err := json.Unmarshal(m.Args[i], at); err != nil {
			return fmt.Errorf("node: argument %d of %s: %w", i+1, m.Name, err)
		}
	}
	return nil
}

func decodeInput(o *child.SyncOptions) error {
	if o.Input == nil {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(*o.Input)
	text := string(data)
	o.Input = &text
	return err
}
