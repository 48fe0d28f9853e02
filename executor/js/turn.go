package js

import (
	"time"

	"github.com/dop251/goja"
)

// Stopped is why a call ended whose JavaScript was interrupted, and where that
// was. It wraps the cause of the context that ended.
type Stopped struct {
	Cause  error
	Frames []Frame // the author's positions, innermost first
}

func (e *Stopped) Error() string { return e.Cause.Error() }

// Unwrap gives the cause, which is what callers branch on.
func (e *Stopped) Unwrap() error { return e.Cause }

// stopGrace is how long an ended call waits to learn where it was stopped.
// JavaScript stops within a millisecond; a host function it is in may take as
// long as it likes, and then nobody learns.
const stopGrace = 200 * time.Millisecond

// stopped tells the call of an interrupted turn where that was.
func (vm *VM) stopped(c *call, interrupt *goja.InterruptedError) {
	if c == nil {
		return
	}
	frames := vm.frames(interrupt.Stack())
	if b, ok := interrupt.Value().(broken); ok {
		vm.finish(c, nil, &Stopped{b.cause, frames}, true)
		return
	}
	select {
	case c.where <- frames:
	default: // told already
	}
}

// whereabouts is the error of a call whose running turn was interrupted.
func (c *call) whereabouts(cause error) error {
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case frames := <-c.where:
		return &Stopped{cause, frames}
	case <-timer.C:
		return cause
	}
}

// broken is what Break interrupts with.
type broken struct{ cause error }

// Turn is the number of the turn that runs at this moment, 0 when none does. A
// number that stays is JavaScript that does not give up control.
func (vm *VM) Turn() uint64 {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	if !vm.running {
		return 0
	}
	return vm.turns
}

// Break interrupts that turn, if it is still the one that runs; the call it
// serves fails with cause. The end of a context does the same, but cannot be
// brought about from outside of a bubble of testing/synctest, and inside of
// one no clock goes on while JavaScript computes.
func (vm *VM) Break(turn uint64, cause error) {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	if vm.running && vm.turns == turn && !vm.closing {
		vm.rt.Interrupt(broken{cause})
	}
}
