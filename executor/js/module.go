package js

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dop251/goja"
)

// Exports is what a module hands to those who import it.
type Exports = goja.Value

// Module is a factory of exports. Instance runs on the loop, once per VM, when
// the module is first imported; the module value itself is shared by all VMs
// and must not keep data of any of them.
type Module interface {
	Instance(h Host) (Exports, error)
}

// ModuleFunc is a Module written in Go against the runtime; only packages
// below executor/js write such.
type ModuleFunc func(h Host) (Exports, error)

// Instance calls f.
func (f ModuleFunc) Instance(h Host) (Exports, error) { return f(h) }

// Source is a module in JavaScript: a CommonJS body.
func Source(p *Program) Module { return Native(p, nil) }

// Native is a module in JavaScript over Go primitives: natives builds the
// values that the body sees as the object __native.
func Native(p *Program, natives func(h Host) (map[string]any, error)) Module {
	return ModuleFunc(func(h Host) (Exports, error) {
		object := h.Runtime().NewObject()
		if natives != nil {
			values, err := natives(h)
			if err != nil {
				return nil, err
			}
			for name, v := range values {
				if err := object.Set(name, v); err != nil {
					return nil, err
				}
			}
		}
		return runBody(h, p, object)
	})
}

// runBody runs a CommonJS body and returns its module.exports.
func runBody(h Host, p *Program, native goja.Value) (goja.Value, error) {
	rt := h.Runtime()
	script, err := p.script()
	if err != nil {
		return nil, err
	}
	v, err := rt.RunProgram(script)
	if err != nil {
		return nil, err
	}
	call, ok := goja.AssertFunction(v)
	if !ok || p.bundle {
		return nil, fmt.Errorf("js: %s is not a CommonJS body", p.name)
	}
	module, exports := rt.NewObject(), rt.NewObject()
	if err := module.Set("exports", exports); err != nil {
		return nil, err
	}
	if _, err := call(goja.Undefined(), h.RequireFunc(), module, exports, native); err != nil {
		return nil, err
	}
	return module.Get("exports"), nil
}

// GoFunc is a Go function that JavaScript calls with JSON both ways. An error
// becomes an exception (or a rejection) with its text; errors.Is still finds
// it behind the js.Error that reaches Go again.
type GoFunc = func(ctx context.Context, args []json.RawMessage) (any, error)

// Funcs is a module of Go functions for rooms that may not see goja. Sync ones
// run on the loop and must be quick; Async ones run on goroutines of their own
// and return promises.
type Funcs struct {
	Sync  map[string]GoFunc
	Async map[string]GoFunc
}

var _ Module = Funcs{}

// Instance makes one JavaScript function of each Go function.
func (f Funcs) Instance(h Host) (Exports, error) {
	rt := h.Runtime()
	exports := rt.NewObject()
	for name, fn := range f.Sync {
		if err := exports.Set(name, syncFunc(h, fn)); err != nil {
			return nil, err
		}
	}
	for name, fn := range f.Async {
		if err := exports.Set(name, asyncFunc(h, fn)); err != nil {
			return nil, err
		}
	}
	return exports, nil
}

func syncFunc(h Host, fn GoFunc) func(goja.FunctionCall) goja.Value {
	return func(c goja.FunctionCall) goja.Value {
		result, err := fn(h.Context(), jsonArgs(h, c.Arguments))
		return settleJSON(h, result, err)
	}
}

func asyncFunc(h Host, fn GoFunc) func(goja.FunctionCall) goja.Value {
	return func(c goja.FunctionCall) goja.Value {
		args := jsonArgs(h, c.Arguments)
		return Async(h, func(ctx context.Context) (any, error) { return fn(ctx, args) },
			func(result any, err error) goja.Value { return settleJSON(h, result, err) })
	}
}

func jsonArgs(h Host, values []goja.Value) []json.RawMessage {
	args := make([]json.RawMessage, len(values))
	for i, v := range values {
		args[i] = json.RawMessage(h.ToJSON(v))
	}
	return args
}

// settleJSON turns a Go result into a value, or throws its error.
func settleJSON(h Host, result any, err error) goja.Value {
	if err != nil {
		panic(h.NewError(err))
	}
	v, err := h.FromGo(result)
	if err != nil {
		panic(h.NewError(err))
	}
	return v
}

// Async runs work on a goroutine of its own and returns a promise. convert
// runs on the loop with what work returned; what it returns fulfils the
// promise, and what it throws (by panicking with a value) rejects it.
func Async[T any](h Host, work func(ctx context.Context) (T, error), convert func(T, error) goja.Value) goja.Value {
	promise, resolve, reject := h.Runtime().NewPromise()
	ctx, answer := h.Context(), h.Defer()
	go func() {
		result, err := guard(ctx, work)
		answer(func() error {
			var v goja.Value
			if ex := h.Runtime().Try(func() { v = convert(result, err) }); ex != nil {
				return reject(ex.Value())
			}
			return resolve(v)
		})
	}()
	return h.Runtime().ToValue(promise)
}

// guard turns a panic of host work into an error: it would otherwise end the
// process from a goroutine nobody can recover.
func guard[T any](ctx context.Context, work func(context.Context) (T, error)) (result T, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("js: host function panicked: %v", x)
		}
	}()
	return work(ctx)
}
