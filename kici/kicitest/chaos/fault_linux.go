package chaos

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// wreck carries the plan out: each fault begins when so many deliveries were
// accepted, and none waits for the one before to be mended.
func (w *world) wreck(ctx context.Context, plan Plan, accepted *atomic.Int64) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, f := range plan {
		for accepted.Load() < int64(f.After) {
			if !rest(ctx, 5*time.Millisecond) {
				return
			}
		}
		all.Go(func() { w.suffer(ctx, f) })
	}
}

// pointLimit is how long a fault waits for its point; then it happens anyway.
const pointLimit = 5 * time.Second

// suffer is the life of one fault. One thing at a time is wrong with a node or a
// link: what comes meanwhile waits.
func (w *world) suffer(ctx context.Context, f Fault) {
	unlock := w.lock(f.Where)
	defer unlock()
	if ctx.Err() != nil {
		return
	}
	begin := sync.OnceFunc(func() {
		w.rec.add(Event{Kind: Began, Fault: f.What, Node: f.Where, Point: f.At})
		w.harm(ctx, f)
	})
	if f.At != "" {
		reached := make(chan struct{})
		w.links[f.Wire].arm(f.At, func() { begin(); close(reached) })
		select {
		case <-reached:
		case <-ctx.Done():
		case <-time.After(pointLimit):
		}
		w.links[f.Wire].disarm()
	}
	begin()
	rest(ctx, f.For)
	w.mend(f)
	w.rec.add(Event{Kind: Over, Fault: f.What, Node: f.Where})
}

// lock takes a node or link for one fault.
func (w *world) lock(where string) (unlock func()) {
	mu := &w.database
	if n := w.nodes[where]; n != nil {
		mu = &n.faulty
	} else if l := w.links[where]; l != nil {
		mu = &l.faulty
	}
	mu.Lock()
	return mu.Unlock
}

// harm begins a fault.
func (w *world) harm(ctx context.Context, f Fault) {
	n, l := w.nodes[f.Where], w.links[f.Where]
	switch {
	case f.Where == "postgres" && f.What == Kill:
		w.postgres.Crash()
	case f.Where == "postgres":
		freeze(w.postgres.Pid(), true)
	case l != nil && f.What == Drop:
		w.note(f, l.drop(ctx, true))
	case l != nil:
		l.harm(f.What)
	case f.What == Fill:
		w.note(f, fill(n.dir))
	case f.What == Pause:
		if pid := n.pid(); pid != 0 {
			freeze(pid, true)
		}
	case f.What == Kill:
		n.down.Store(true)
		n.kill()
	case f.What == Restart:
		n.down.Store(true)
		limited, cancel := context.WithTimeout(ctx, softLimit)
		defer cancel()
		if err := n.stop(limited); err != nil && ctx.Err() == nil {
			w.rec.add(Event{Kind: Ended, Node: n.Name, Fault: f.What, Text: []string{err.Error()}})
		}
	}
}

// note writes down that a fault could not be made or mended: then nothing is
// proved by it.
func (w *world) note(f Fault, err error) {
	if err != nil {
		w.rec.add(Event{Kind: Botched, Fault: f.What, Node: f.Where, Text: []string{err.Error()}})
	}
}

// softLimit is how long a service may take to end when it is asked to.
const softLimit = 60 * time.Second

func (l *link) harm(what string) {
	switch what {
	case Cut:
		l.Cut()
	case Hold:
		l.Hold(Up, Down)
	case HoldUp:
		l.Hold(Up)
	case HoldDown:
		l.Hold(Down)
	case Slow:
		l.Slow(slowBy)
	}
}

// slowBy is far above what anything takes on loopback.
const slowBy = 150 * time.Millisecond

// mend ends a fault.
func (w *world) mend(f Fault) {
	n, l := w.nodes[f.Where], w.links[f.Where]
	switch {
	case f.Where == "postgres" && f.What == Kill:
		limited, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := w.postgres.Restart(limited); err != nil {
			w.rec.add(Event{Kind: Ended, Node: f.Where, Status: 1, Text: []string{err.Error()}})
		}
	case f.Where == "postgres":
		freeze(w.postgres.Pid(), false)
	case l != nil && f.What == Drop:
		w.note(f, l.drop(context.Background(), false))
	case l != nil:
		l.Heal()
	case f.What == Fill:
		w.note(f, empty(n.dir))
	case f.What == Pause:
		if pid := n.pid(); pid != 0 {
			freeze(pid, false)
		}
	default:
		n.down.Store(false)
	}
}
