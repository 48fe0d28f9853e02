package js

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"github.com/dop251/goja"
)

// Object is a handle on a JavaScript object: it can be passed back to Invoke
// and nothing else. It belongs to one VM.
type Object struct {
	vm    *VM
	value *goja.Object
}

// call is one Load, Require, Call or Invoke under way.
type call struct {
	ctx    context.Context // what host functions see; ends when the call is abandoned
	cancel context.CancelCauseFunc
	done   chan outcome // one slot
	where  chan []Frame // one slot: where its JavaScript was interrupted
	take   func(goja.Value) (any, error)
}

type outcome struct {
	value any
	err   error
}

func (c *call) settle(v any, err error) { c.done <- outcome{v, err} }

// abandoned reports that nobody wants the call's work any more, unlike work
// that outlives a call that ended well.
func (c *call) abandoned() bool { return c.ctx.Err() != nil }

// Load runs a program and waits for it: a bundle's namespace, or the exports
// of a CommonJS body.
func (vm *VM) Load(ctx context.Context, p *Program) (*Object, error) {
	return vm.object(ctx, func() (goja.Value, error) {
		if !p.bundle {
			return runBody(host{vm}, p, vm.rt.NewObject())
		}
		script, err := p.script()
		if err != nil {
			return nil, err
		}
		maps.Copy(vm.sources, p.sources)
		v, err := vm.rt.RunProgram(script)
		if err != nil {
			return nil, err
		}
		fn, ok := goja.AssertFunction(v)
		if !ok {
			return nil, fmt.Errorf("js: %s is not a bundle", p.name)
		}
		return fn(goja.Undefined(), vm.requireFunc, vm.importFunc)
	})
}

// Require returns the exports of a module.
func (vm *VM) Require(ctx context.Context, name string) (*Object, error) {
	return vm.object(ctx, func() (goja.Value, error) { return vm.require(name) })
}

// Call is Invoke with the result as a handle; nil when it is not an object.
func (vm *VM) Call(ctx context.Context, target *Object, method string, args ...any) (*Object, error) {
	start, err := vm.method(target, method, args)
	if err != nil {
		return nil, err
	}
	return vm.object(ctx, start)
}

// Invoke calls target[method](...args), or target(...args) when method is
// empty, awaits a promise, and returns the result as JSON (undefined is null).
// *Object arguments are passed as handles, all others by way of JSON. Several
// calls may be in flight. When ctx ends, running JavaScript is interrupted and
// the call returns the cause; the VM stays usable.
func (vm *VM) Invoke(ctx context.Context, target *Object, method string, args ...any) (json.RawMessage, error) {
	start, err := vm.method(target, method, args)
	if err != nil {
		return nil, err
	}
	v, err := vm.do(ctx, start, func(v goja.Value) (any, error) { return vm.toJSON(v) })
	if err != nil {
		return nil, err
	}
	return json.RawMessage(v.([]byte)), nil
}

func (vm *VM) object(ctx context.Context, start func() (goja.Value, error)) (*Object, error) {
	v, err := vm.do(ctx, start, func(v goja.Value) (any, error) {
		o, _ := v.(*goja.Object)
		return o, nil
	})
	if err != nil {
		return nil, err
	}
	if o := v.(*goja.Object); o != nil {
		return &Object{vm, o}, nil
	}
	return nil, nil
}

// method prepares a call. Arguments become JSON here, on the caller's
// goroutine, so that the loop is not held up and later changes do not race.
func (vm *VM) method(target *Object, method string, args []any) (func() (goja.Value, error), error) {
	if target == nil || target.vm != vm {
		return nil, fmt.Errorf("js: call of %q: the object belongs to another vm or is nil", method)
	}
	for i, a := range args {
		o, isObject := a.(*Object)
		if isObject && (o == nil || o.vm != vm) {
			return nil, fmt.Errorf("js: call of %q: argument %d belongs to another vm or is nil", method, i)
		}
		if isObject {
			continue
		}
		data, err := json.Marshal(a)
		if err != nil {
			return nil, fmt.Errorf("js: call of %q: argument %d: %w", method, i, err)
		}
		args[i] = json.RawMessage(data)
	}
	return func() (goja.Value, error) { return vm.callMethod(target.value, method, args) }, nil
}

func (vm *VM) callMethod(target *goja.Object, method string, args []any) (goja.Value, error) {
	var this, member goja.Value = goja.Undefined(), target
	if method != "" {
		this = target
		if ex := vm.rt.Try(func() { member = target.Get(method) }); ex != nil {
			return nil, ex
		}
	}
	fn, ok := goja.AssertFunction(member)
	if !ok {
		return nil, &Error{Name: "TypeError", Message: fmt.Sprintf("%s is not a function", method)}
	}
	values := make([]goja.Value, len(args))
	for i, a := range args {
		if o, ok := a.(*Object); ok {
			values[i] = o.value
			continue
		}
		v, err := vm.parseJSON(a.(json.RawMessage))
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return fn(this, values...)
}

// do hands start to the loop and waits until what it returned has settled.
func (vm *VM) do(ctx context.Context, start func() (goja.Value, error), take func(goja.Value) (any, error)) (any, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c := &call{done: make(chan outcome, 1), where: make(chan []Frame, 1), take: take}
	c.ctx, c.cancel = context.WithCancelCause(vm.ctx)
	vm.mu.Lock()
	if vm.closing {
		vm.mu.Unlock()
		c.cancel(ErrClosed)
		return nil, ErrClosed
	}
	vm.calls[c] = struct{}{}
	vm.queue = append(vm.queue, task{func() error { return vm.begin(c, start) }, &flow{call: c}})
	vm.mu.Unlock()
	vm.nudge()
	select {
	case o := <-c.done:
		return o.value, o.err
	case <-ctx.Done():
		cause := context.Cause(ctx)
		if vm.abandon(c, cause) {
			return nil, c.whereabouts(cause)
		}
		return nil, cause
	}
}

func (vm *VM) begin(c *call, start func() (goja.Value, error)) error {
	if c.abandoned() {
		return nil
	}
	v, err := start()
	if err != nil {
		vm.fault(&flow{call: c}, err)
		return nil
	}
	return vm.await(c, v)
}

// await finishes the call with v, or with what v settles to.
func (vm *VM) await(c *call, v goja.Value) error {
	o, ok := v.(*goja.Object)
	if !ok {
		vm.fulfil(c, v)
		return nil
	}
	promise := promiseOf(o)
	if promise == nil {
		var then goja.Value
		if ex := vm.rt.Try(func() { then = o.Get("then") }); ex != nil {
			return ex
		}
		if _, thenable := goja.AssertFunction(then); !thenable {
			vm.fulfil(c, v)
			return nil
		}
		p, resolve, _ := vm.rt.NewPromise()
		promise = p
		if err := resolve(v); err != nil {
			return err
		}
	}
	return vm.intrinsics.then(vm.rt, vm.rt.ToValue(promise),
		func(v goja.Value) { vm.fulfil(c, v) },
		func(reason goja.Value) { vm.finish(c, nil, vm.describe(reason), false) })
}

// promiseOf is the promise that an object is, else nil. Export is asked only
// when it will be one: it walks everything that an object leads to, getters
// included, and a workflow's namespace leads to all of its jobs.
func promiseOf(o *goja.Object) *goja.Promise {
	if o.ExportType() != reflect.TypeFor[*goja.Promise]() {
		return nil
	}
	p, _ := o.Export().(*goja.Promise)
	return p
}

func (vm *VM) fulfil(c *call, v goja.Value) {
	result, err := c.take(v)
	if err != nil {
		err = vm.convert(err)
	}
	vm.finish(c, result, err, false)
}

// finish settles a call, once; false when it had been settled before. crashed
// calls are abandoned too: what is left of them must not go on.
func (vm *VM) finish(c *call, v any, err error, crashed bool) bool {
	vm.mu.Lock()
	live := vm.live(c)
	if live {
		delete(vm.calls, c)
		c.settle(v, err)
	}
	vm.mu.Unlock()
	if live && crashed {
		c.cancel(err)
	}
	return live
}

// abandon ends a call whose context ended. JavaScript that runs at this moment
// is interrupted unless it serves another call that is still waited for. It
// reports whether that JavaScript was the call's own.
func (vm *VM) abandon(c *call, cause error) (own bool) {
	vm.mu.Lock()
	if vm.live(c) {
		delete(vm.calls, c)
		if vm.running && !vm.live(vm.flow.call) {
			vm.interrupted = true
			vm.rt.Interrupt(cause)
			own = vm.flow.call == c
		}
	}
	vm.mu.Unlock()
	c.cancel(cause)
	vm.nudge()
	return own
}
