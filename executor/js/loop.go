package js

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dop251/goja"
)

// task is one turn of the loop: a function, and what it serves.
type task struct {
	run  func() error
	flow *flow
}

// flow is what asynchronous execution carries along: the call it serves, and
// the value of AsyncLocalStorage. Immutable.
type flow struct {
	call  *call
	store any
}

// loop owns the runtime from New to Close.
func (vm *VM) loop() {
	defer close(vm.done)
	clock := time.NewTimer(time.Hour)
	defer clock.Stop()
	for {
		batch, open := vm.take()
		if !open {
			break
		}
		for _, t := range batch {
			vm.turn(t)
		}
		vm.timers.fire(time.Now())
		vm.failStarved()
		if vm.busy() {
			continue
		}
		vm.sleep(clock)
	}
	vm.drain()
}

func (vm *VM) take() (batch []task, open bool) {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	batch, vm.queue = vm.queue, nil
	return batch, !vm.closing
}

func (vm *VM) busy() bool {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	return len(vm.queue) > 0 || vm.closing
}

// sleep waits for a push or for the first timer.
func (vm *VM) sleep(clock *time.Timer) {
	at, ok := vm.timers.next()
	if !ok {
		<-vm.wake
		return
	}
	clock.Reset(time.Until(at))
	select {
	case <-vm.wake:
		clock.Stop()
	case <-clock.C:
	}
}

func (vm *VM) nudge() {
	select {
	case vm.wake <- struct{}{}:
	default:
	}
}

// push queues a task; false when the VM is closing.
func (vm *VM) push(t task) bool {
	vm.mu.Lock()
	open := !vm.closing
	if open {
		vm.queue = append(vm.queue, t)
	}
	vm.mu.Unlock()
	vm.nudge()
	return open
}

// register counts one piece of host work and returns its answer function.
func (vm *VM) register() func(func() error) {
	vm.mu.Lock()
	vm.registered++
	f := vm.flow
	vm.mu.Unlock()
	answered := false
	return func(run func() error) {
		vm.mu.Lock()
		if !answered {
			answered = true
			vm.registered--
			if run != nil && !vm.closing {
				vm.queue = append(vm.queue, task{run, f})
			}
		}
		vm.mu.Unlock()
		vm.nudge()
	}
}

// turn runs one task with its promise jobs, and deals with what went wrong.
func (vm *VM) turn(t task) {
	vm.mu.Lock()
	if vm.closing {
		vm.mu.Unlock()
		return
	}
	vm.running, vm.flow = true, t.flow
	vm.turns++
	vm.base = t.flow
	vm.mu.Unlock()

	err := vm.protect(t.run)
	if err == nil {
		// A host function may have settled promises without leaving the runtime.
		err = vm.protect(vm.intrinsics.drain)
	}

	vm.mu.Lock()
	f := vm.flow
	vm.running, vm.flow = false, &flow{}
	if !vm.closing {
		vm.rt.ClearInterrupt()
	}
	vm.interrupted = false
	vm.mu.Unlock()
	if err != nil {
		vm.fault(f, err)
	}
	vm.reportRejections()
}

// protect keeps a panic, of goja or of a host function, from ending the
// process.
func (vm *VM) protect(run func() error) (err error) {
	defer func() {
		x := recover()
		if x == nil {
			return
		}
		switch x := x.(type) {
		case *goja.Exception:
			err = x
		case *goja.InterruptedError:
			err = x
		case *goja.Object:
			err = vm.describe(x)
		default:
			err = &Error{Name: "InternalError", Message: fmt.Sprintf("the JavaScript engine failed: %v", x)}
		}
	}()
	return run()
}

// fault gives an uncaught error to the call that caused it; when that call has
// ended already, to whoever reads standard error.
func (vm *VM) fault(f *flow, err error) {
	var interrupt *goja.InterruptedError
	if errors.As(err, &interrupt) {
		vm.stopped(f.call, interrupt)
		return
	}
	err = vm.convert(err)
	if f.call != nil && vm.finish(f.call, nil, err, true) {
		return
	}
	vm.cfg.Output(Stderr, []byte("Uncaught "+err.Error()+"\n"))
	vm.cfg.Log.Warn("uncaught error in JavaScript after its call ended", "error", err)
}

// failStarved ends the calls that nothing can settle any more.
func (vm *VM) failStarved() {
	vm.mu.Lock()
	var starved []*call
	if len(vm.queue) == 0 && vm.registered == 0 && len(vm.timers.heap) == 0 && !vm.closing {
		for c := range vm.calls {
			starved = append(starved, c)
		}
	}
	vm.mu.Unlock()
	for _, c := range starved {
		vm.finish(c, nil, ErrNeverSettles, true)
	}
}

// drain waits for host work after the VM was shut, then runs the closers.
func (vm *VM) drain() {
	grace := time.NewTimer(vm.cfg.Limits.CloseGrace)
	defer grace.Stop()
	for {
		vm.mu.Lock()
		left := vm.registered
		vm.mu.Unlock()
		if left == 0 {
			break
		}
		select {
		case <-vm.wake:
			continue
		case <-grace.C:
		}
		vm.mu.Lock()
		vm.leak = fmt.Errorf("js: close: %d host calls ignored the end of their context for %v", left, vm.cfg.Limits.CloseGrace)
		vm.mu.Unlock()
		break
	}
	for _, fn := range vm.onClose {
		if err := vm.protect(func() error { fn(); return nil }); err != nil {
			vm.cfg.Log.Warn("closing a host module failed", "error", err)
		}
	}
}

func (vm *VM) flowNow() *flow {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	return vm.flow
}

// enter switches the running turn to another flow. An interrupt is meant for
// one call: when the turn moves on to another before goja has seen the flag,
// the flag must go.
func (vm *VM) enter(f *flow) {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	if vm.interrupted && !vm.closing && f.call != vm.flow.call && vm.live(f.call) {
		vm.rt.ClearInterrupt()
		vm.interrupted = false
	}
	vm.flow = f
}

// live says whether a call is still waited for. The caller holds mu.
func (vm *VM) live(c *call) bool {
	_, ok := vm.calls[c]
	return ok
}

func (vm *VM) callContext() context.Context {
	if f := vm.flowNow(); f.call != nil {
		return f.call.ctx
	}
	return vm.ctx
}

// tracker carries the flow through promise reactions.
type tracker struct{ vm *VM }

func (t tracker) Grab() any { return t.vm.flowNow() }

func (t tracker) Resumed(v any) {
	if f, ok := v.(*flow); ok {
		t.vm.enter(f)
	}
}

func (t tracker) Exited() { t.vm.enter(t.vm.base) }
