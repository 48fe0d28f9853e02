package js

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
