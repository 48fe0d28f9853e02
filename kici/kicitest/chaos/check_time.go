package chaos

import (
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
)

// What was promised of an agent that dies.
const (
	noticeWithin  = 15 * time.Second
	requeueWithin = 20 * time.Second
	// handOver is how long a leader that died may be missed while others wait in
	// line, and a store's file while somebody starts: sessions end with their
	// holder. A machine that is busy takes seconds; a lease would take a minute.
	handOver = 15 * time.Second
	// followWithin is how long the leadership of one that vanished without a word
	// may be held for it.
	followWithin = 15 * time.Second
)

// Faults that take an agent away from everybody.
const (
	Kill  = "kill"
	Pause = "pause"
	Hold  = "hold" // nothing passes, either way, and nobody is told
)

// window is the time of a fault.
type window struct {
	node, fault string
	from, to    time.Time // to is far away when it never ended
}

func (c *check) windows() []window {
	var out []window
	open := map[string]int{}
	far := time.Unix(1<<40, 0)
	for i := range c.h.Events {
		e := &c.h.Events[i]
		switch e.Kind {
		case Began:
			open[e.Fault+" "+e.Node] = len(out)
			out = append(out, window{e.Node, e.Fault, e.At, far})
		case Over:
			if at, ok := open[e.Fault+" "+e.Node]; ok {
				out[at].to = e.At
				delete(open, e.Fault+" "+e.Node)
			}
		}
	}
	return out
}

// isAgent tells agents, and the links that lead to nobody else, from the rest.
func isAgent(node string) bool { return strings.HasPrefix(node, "agent") }

func isClient(node string) bool { return strings.HasPrefix(node, KindClient) }

// noticed: of every agent that went away for long enough, what it held was given
// up in time.
func (c *check) noticed() {
	all := c.windows()
	for _, w := range all {
		if !isAgent(w.node) || w.fault != Kill && w.fault != Pause && w.fault != Hold && w.fault != Drop {
			continue
		}
		agent, _, _ := strings.Cut(w.node, ">")
		for i := range c.s.Runs {
			r := &c.s.Runs[i]
			for j := range r.Jobs {
				for k := range r.Jobs[j].Attempts {
					if a := &r.Jobs[j].Attempts[k]; string(a.Agent) == agent {
						c.given(w, all, r, a)
					}
				}
			}
		}
	}
}

// given looks at one attempt that the lost agent held.
func (c *check) given(w window, all []window, r *StoredRun, a *StoredAttempt) {
	if a.DispatchedAt.After(w.from) || !a.EndedAt.IsZero() && a.EndedAt.Before(w.from) {
		return
	}
	if missed(r, a.Job, w.from) {
		return
	}
	begun := !a.StartedAt.IsZero()
	limit, seen := requeueWithin, a.EndedAt
	if begun {
		limit, seen = noticeWithin, c.recovering(r, a.Job, w.from)
		if !a.EndedAt.IsZero() && (seen.IsZero() || a.EndedAt.Before(seen)) {
			seen = a.EndedAt
		}
	}
	due := c.due(w.from, limit, all)
	if w.to.Before(due) { // it was back before
		return
	}
	if seen.IsZero() || seen.After(due) {
		what := "was not offered again"
		if begun {
			what = "was not noticed to be lost"
		}
		late := "at all"
		if !seen.IsZero() {
			late = "but after " + seen.Sub(w.from).Round(10*time.Millisecond).String()
		}
		c.fail(Noticed, w.node, "%s of it; attempt %s %s within %s, %s", w.fault, a.ID, what, due.Sub(w.from).Round(10*time.Millisecond), late)
	}
}

// missed tells whether a job's agent was known to be away already.
func missed(r *StoredRun, job engine.JobID, at time.Time) (yes bool) {
	for _, e := range r.Events {
		if e.Job == job && e.At.Before(at) && (e.Kind == runs.KindJobRecover || e.Kind == runs.KindJobStarted) {
			yes = e.Kind == runs.KindJobRecover
		}
	}
	return yes
}

// recovering is when a job was first said to be without its agent, or over.
func (c *check) recovering(r *StoredRun, job engine.JobID, from time.Time) time.Time {
	for _, e := range r.Events {
		if e.Job == job && !e.At.Before(from) && (e.Kind == runs.KindJobRecover || e.Kind == runs.KindJobFinished) {
			return e.At
		}
	}
	return time.Time{}
}

// due is until when something is to be done that was due within a time. The
// clock stands still while the whole machine did, and begins anew when those who
// are to notice were themselves disturbed meanwhile.
func (c *check) due(from time.Time, limit time.Duration, all []window) time.Time {
	start, due := from, from.Add(limit)
	for changed := true; changed; {
		changed = false
		for _, w := range all {
			if isAgent(w.node) || isClient(w.node) || !w.from.Before(due) || !w.to.After(start) {
				continue
			}
			if next := w.to.Add(limit); next.After(due) {
				start, due, changed = w.to, next, true
			}
		}
	}
	for i := range c.h.Events {
		if e := &c.h.Events[i]; e.Kind == Stalled && e.At.After(start) && e.At.Add(-e.Took).Before(due) {
			due = due.Add(e.Took)
		}
	}
	return due
}

// vanished: a leader that froze or was cut off from the database is followed by
// another before long, although it never said that it goes.
func (c *check) vanished() {
	all := c.windows()
	for k, w := range all {
		node, _, _ := strings.Cut(w.node, ">")
		if !strings.HasPrefix(node, "orchestrator") || w.fault != Pause && w.fault != Hold && w.fault != Drop {
			continue
		}
		due := c.due(w.from, followWithin, slices.Concat(all[:k], all[k+1:]))
		if w.to.Before(due) {
			continue
		}
		for name, by := range c.leaders(due) {
			if led, _, _ := strings.Cut(by, " "); led == node {
				c.fail(Sessions, node, "%s of %s; it still leads %s %s later", w.fault, w.node, name, due.Sub(w.from).Round(time.Second))
			}
		}
	}
}

// leaders are who leads at a time.
func (c *check) leaders(at time.Time) map[string]string {
	out := map[string]string{}
	for i := range c.h.Events {
		e := &c.h.Events[i]
		if e.At.After(at) {
			break
		}
		switch e.Kind {
		case Led:
			out[e.ID] = e.Node
		case Vacant:
			out[e.ID] = ""
		}
	}
	return out
}

// sessions: a name is led again as soon as its leader is gone, and a store of
// one process is free as soon as that process is.
func (c *check) sessions() {
	all := c.windows()
	vacant, starting := map[string]time.Time{}, map[string]time.Time{}
	for i := range c.h.Events {
		switch e := &c.h.Events[i]; e.Kind {
		case Vacant:
			if vacant[e.ID].IsZero() {
				vacant[e.ID] = e.At
			}
		case Led:
			since := vacant[e.ID]
			delete(vacant, e.ID)
			if since.IsZero() {
				continue
			}
			if due := c.due(since, handOver, all); e.At.After(due) {
				c.fail(Sessions, e.ID, "nobody led for %s", e.At.Sub(since).Round(10*time.Millisecond))
			}
		case Started:
			starting[e.Node] = e.At
		case Ended:
			delete(starting, e.Node)
		case Ready:
			since, ok := starting[e.Node]
			if ok && !isAgent(e.Node) && e.At.After(c.due(since, handOver, all)) {
				c.fail(Sessions, e.Node, "waited %s before it worked", e.At.Sub(since).Round(10*time.Millisecond))
			}
		case Rested:
			for name, since := range vacant {
				if e.At.After(c.due(since, handOver, all)) {
					c.fail(Sessions, name, "nobody led for %s, to the end", e.At.Sub(since).Round(10*time.Millisecond))
				}
			}
			return
		case Locked:
			if e.Status != 0 {
				c.fail(Sessions, e.Node, "a second process got the store that %s", strings.Join(e.Text, " "))
			}
		}
	}
}
