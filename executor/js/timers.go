package js

import (
	"container/heap"
	"time"
)

// Timer is one timeout or interval. Only the loop may touch it.
type Timer struct {
	owner  *timers
	at     time.Time
	period time.Duration
	repeat bool
	run    func() error
	flow   *flow
	order  uint64 // creation order breaks ties, as on Node
	index  int    // in the heap, -1 when it is not there
	unref  bool
}

// timers is the loop's own heap, because Go's timers promise no order among
// those due at the same time and JavaScript does.
type timers struct {
	vm    *VM
	heap  timerHeap
	order uint64
	refs  int // timers in the heap that keep calls waiting
}

func (q *timers) add(d time.Duration, repeat bool, run func() error, f *flow) *Timer {
	t := &Timer{owner: q, period: d, repeat: repeat, run: run, flow: f, index: -1}
	q.insert(t)
	return t
}

func (q *timers) insert(t *Timer) {
	q.order++
	t.order, t.at = q.order, time.Now().Add(t.period)
	heap.Push(&q.heap, t)
	if !t.unref {
		q.refs++
	}
}

func (q *timers) remove(t *Timer) {
	heap.Remove(&q.heap, t.index)
	if !t.unref {
		q.refs--
	}
}

func (q *timers) next() (time.Time, bool) {
	if len(q.heap) == 0 {
		return time.Time{}, false
	}
	return q.heap[0].at, true
}

// fire runs what is due, in order, each in a turn of its own. Timers that a
// callback adds wait for the next round, so that a zero timeout setting itself
// again cannot starve the queue.
func (q *timers) fire(now time.Time) {
	last := q.order
	for len(q.heap) > 0 && !q.heap[0].at.After(now) && q.heap[0].order <= last {
		t := q.heap[0]
		q.remove(t)
		if t.flow.call != nil && t.flow.call.abandoned() {
			continue
		}
		q.vm.turn(task{t.run, t.flow})
		if t.repeat && t.index < 0 {
			q.insert(t)
		}
	}
}

// Stop removes the timer; it never fires again.
func (t *Timer) Stop() {
	t.repeat = false
	if t.index >= 0 {
		t.owner.remove(t)
	}
}

// Refresh starts the time anew.
func (t *Timer) Refresh() {
	if t.index >= 0 {
		t.owner.remove(t)
		t.owner.insert(t)
	}
}

// SetRef says whether the timer keeps calls waiting.
func (t *Timer) SetRef(ref bool) {
	if t.unref == !ref {
		return
	}
	t.unref = !ref
	if t.index < 0 {
		return
	}
	if ref {
		t.owner.refs++
	} else {
		t.owner.refs--
	}
}

// HasRef reports what SetRef last said.
func (t *Timer) HasRef() bool { return !t.unref }

type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].order < h[j].order
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
