package node

import (
	"context"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/executor/js/std/child"
)

// question is what Node asks synchronously: an answer as JSON, or as bytes.
func (r *Runtime) question(ctx context.Context, m inbound) (value any, raw []byte, err error) {
	if name, ok := strings.CutPrefix(m.Name, "engine."); ok {
		f := r.cfg.Functions.Sync[name]
		if f == nil {
			return nil, nil, fmt.Errorf("node: the engine has no %s", name)
		}
		value, err = f(ctx, m.Args)
		return value, nil, err
	}
	var id, to int
	var text, which string
	switch m.Name {
	case "source":
		if err := args(m, &text); err != nil {
			return nil, nil, err
		}
		body, ok := r.cfg.Modules[text]
		if !ok {
			return nil, nil, fmt.Errorf("node: no module '%s'", text)
		}
		return nil, []byte(body), nil
	case "program":
		if err := args(m, &text, &which); err != nil {
			return nil, nil, err
		}
		r.mu.Lock()
		p := r.programs[text]
		r.mu.Unlock()
		if p == nil {
			return nil, nil, fmt.Errorf("node: no program %s", text)
		}
		if which == "map" {
			return nil, nonNil(p.Map), nil
		}
		return nil, nonNil(p.Code), nil
	case "settle":
		r.raw[0].drain()
		r.raw[1].drain()
		return nil, nil, nil
	case "child.spawn":
		var spec child.Spec
		if err := args(m, &spec); err != nil {
			return nil, nil, err
		}
		id, pid, err := r.table.Spawn(ctx, spec, func(id int, e child.Exit) {
			_ = r.in.send(outbound{Type: "exit", ID: id, Exit: e, Env: r.cfg.Env.take()})
		})
		return map[string]int{"id": id, "pid": pid}, nil, err
	case "child.spawnSync":
		var spec child.Spec
		var o child.SyncOptions
		if err := args(m, &spec, &o); err != nil {
			return nil, nil, err
		}
		if err := decodeInput(&o); err != nil {
			return nil, nil, err
		}
		id, pid, exit, err := r.table.SpawnSync(ctx, spec, o)
		return map[string]any{"id": id, "pid": pid, "exit": exit}, nil, err
	case "child.pipe":
		if err := args(m, &id, &to); err != nil {
			return nil, nil, err
		}
		return nil, nil, r.table.Pipe(id, to)
	}
	if err := args(m, &id, &text); err != nil {
		return nil, nil, err
	}
	switch m.Name {
	case "child.takeInput":
		return r.table.TakeInput(id), nil, nil
	case "child.kill":
		sent, err := r.table.Kill(id, text)
		return sent, nil, err
	case "child.text":
		s, _, err := r.table.Captured(id, text)
		return nil, []byte(s), err
	case "child.lost":
		return r.table.Lost(id, text), nil, nil
	case "child.follow":
		follower, err := r.table.Follow(id, text)
		return follower, nil, err
	}
	return nil, nil, fmt.Errorf("node: unknown question %q", m.Name)
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// request is what Node asks and does not wait for.
func (r *Runtime) request(ctx context.Context, m inbound) (value any, raw []byte, err error) {
	if name, ok := strings.CutPrefix(m.Name, "engine."); ok {
		f := r.cfg.Functions.Async[name]
		if f == nil {
			return nil, nil, fmt.Errorf("node: the engine has no %s", name)
		}
		value, err = f(ctx, m.Args)
		return value, nil, err
	}
	var id int
	var stream, path string
	if err := args(m, &id, &stream, &path); err != nil {
		return nil, nil, err
	}
	switch m.Name {
	case "child.end":
		done := make(chan string, 1)
		r.table.Write(id, nil, true, func(code string) { done <- code })
		if code := <-done; code != "" {
			return code, nil, nil
		}
		return nil, nil, nil
	case "child.next":
		return nil, r.table.Next(id), nil
	case "child.pipeFile":
		return nil, nil, r.table.PipeFile(id, stream, path)
	}
	return nil, nil, fmt.Errorf("node: unknown request %q", m.Name)
}

// tell is what Node says without expecting an answer.
func (r *Runtime) tell(m inbound) {
	var id int
	var out, err bool
	if m.Name == "env" || args(m, &id, &out, &err) != nil {
		return
	}
	switch m.Name {
	case "child.open":
		r.table.Open(id, out, err)
	case "child.idle":
		r.table.Idle(id)
	case "child.unfollow":
		r.table.Unfollow(id)
	case "child.stop":
		r.table.Stop(id)
	case "child.drop":
		r.table.Drop(id)
	}
}
