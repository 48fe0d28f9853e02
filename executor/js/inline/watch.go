package inline

import (
	"runtime/metrics"
	"time"

	"github.com/dop251/goja"
)

// heapMetric counts the bytes of objects, dead ones that wait for the collector
// included: those are in memory, too.
const heapMetric = "/memory/classes/heap/objects:bytes"

// tick is how often a running evaluation is looked at. Most have ended before
// the first time.
const tick = time.Millisecond

// watch interrupts the runtime when the evaluation has used up a limit. The
// watch is over when stop returns.
func watch(rt *goja.Runtime, l Limits) (stop func()) {
	w := &watcher{rt: rt, limits: l, sample: []metrics.Sample{{Name: heapMetric}}}
	w.heap, w.used = w.heapNow(), processor()
	w.end, w.over = make(chan struct{}), make(chan struct{})
	go w.run()
	return func() {
		close(w.end)
		<-w.over
	}
}

type watcher struct {
	rt        *goja.Runtime
	limits    Limits
	sample    []metrics.Sample
	heap      uint64        // at the beginning
	used      time.Duration // of the processor, at the beginning
	end, over chan struct{}
}

func (w *watcher) run() {
	defer close(w.over)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	start := time.Now()
	for {
		select {
		case <-w.end:
			return
		case <-ticker.C:
		}
		if heap := w.heapNow(); heap > w.heap+w.limits.Heap {
			w.rt.Interrupt(ErrMemory)
			return
		}
		// On a machine that is busy with other things the clock runs and the
		// function does not.
		if time.Since(start) >= w.limits.Time && processor()-w.used >= w.limits.Time/2 {
			w.rt.Interrupt(ErrTime)
			return
		}
	}
}

func (w *watcher) heapNow() uint64 {
	metrics.Read(w.sample)
	return w.sample[0].Value.Uint64()
}
