package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/step"
)

// memory is what a guest must know again when its runtime had to be replaced:
// the outputs of finished steps, and the environment. Globals begin anew.
type memory struct {
	mu          sync.Mutex // guards what follows
	steps       map[int]json.RawMessage
	environment string
}

// keep looks at the result of a call.
func (m *memory) keep(method string, params any, raw json.RawMessage) error {
	if method != step.MethodStep && method != step.MethodField {
		return nil
	}
	data, err := json.Marshal(params)
	if err != nil {
		return err
	}
	var p struct {
		Name string `json:"name"`
		Step int    `json:"step"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if method == step.MethodField {
		if p.Name == "environment" {
			_ = json.Unmarshal(raw, &m.environment) // what is no text, the engine refuses
		}
		return nil
	}
	var out step.Outputs
	if err := json.Unmarshal(raw, &out); err != nil {
		return err
	}
	if out.Has {
		if m.steps == nil {
			m.steps = map[int]json.RawMessage{}
		}
		m.steps[p.Step] = out.Value
	}
	return nil
}

// state is the parameter of the guest's resume.
func (m *memory) state() map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	steps := map[int]json.RawMessage{}
	for i, v := range m.steps {
		steps[i] = v
	}
	state := map[string]any{"steps": steps}
	if m.environment != "" {
		state["environment"] = m.environment
	}
	return state
}

// reviver is a guest in a VM that is replaced when an interrupt has broken it.
// goja leaves a frame on its stack when it is interrupted inside an async
// function that had been resumed, and runs no promise jobs from then on: every
// hook of the job would wait for ever.
type reviver struct {
	memory memory
	open   func(context.Context) (*guest, error)

	mu      sync.Mutex // guards what follows
	current *guest
	suspect bool // a call was interrupted
}

var _ step.Guest = (*reviver)(nil)

func (r *reviver) guest(ctx context.Context) (*guest, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.suspect {
		return r.current, nil
	}
	r.suspect = false
	if _, err := r.current.vm.Invoke(ctx, r.current.exports, "alive"); !errors.Is(err, js.ErrNeverSettles) {
		return r.current, nil
	}
	fresh, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	r.current = fresh
	return fresh, fresh.Invoke(ctx, "resume", r.memory.state(), nil)
}

// Invoke implements step.Guest.
func (r *reviver) Invoke(ctx context.Context, method string, params, result any) error {
	g, err := r.guest(ctx)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	err = g.Invoke(ctx, method, params, &raw)
	if ctx.Err() != nil {
		r.mu.Lock()
		r.suspect = true
		r.mu.Unlock()
	}
	if err != nil {
		return err
	}
	if err := r.memory.keep(method, params, raw); err != nil || result == nil {
		return err
	}
	return json.Unmarshal(raw, result)
}
