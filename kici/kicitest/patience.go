package kicitest

import (
	"context"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/executor/workflow"
)

const (
	defaultPatience = 10 * time.Second
	looks           = 5 // how often a machine is looked at before patience is lost
)

// watch keeps the machine of a job where the guard finds it.
func watch(ctx context.Context, m workflow.Machine) (done func()) {
	b, ok := ctx.Value(benchKey{}).(*bench)
	if !ok {
		return func() {}
	}
	r := b.run
	r.mu.Lock()
	r.machines[m] = struct{}{}
	r.mu.Unlock()
	return func() {
		r.mu.Lock()
		delete(r.machines, m)
		r.mu.Unlock()
	}
}

// guard interrupts JavaScript that computes without end. It lives outside of
// the bubble, where time passes, and must not touch channels of the inside.
func (r *running) guard(patience time.Duration) (stop func()) {
	if patience <= 0 {
		patience = defaultPatience
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(max(patience/looks, time.Millisecond))
		defer tick.Stop()
		turns, seen := map[workflow.Machine]uint64{}, map[workflow.Machine]int{}
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			for _, m := range r.busyMachines() {
				turn := m.Turn()
				if turn == 0 || turn != turns[m] {
					turns[m], seen[m] = turn, 0
					continue
				}
				if seen[m]++; seen[m] >= looks {
					m.Break(turn, fmt.Errorf("kicitest: it has computed for %v of real time without waiting for anything; is there a loop that never ends?", patience))
				}
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

func (r *running) busyMachines() []workflow.Machine {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []workflow.Machine
	for m := range r.machines {
		out = append(out, m)
	}
	return out
}
