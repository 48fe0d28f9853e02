package chaos

import (
	"fmt"
	"slices"
	"strings"
)

// Promises, as violations name them.
const (
	Durable   = "durable"   // a delivery that got a 2xx has its runs
	Once      = "once"      // no delivery has two
	Terminal  = "terminal"  // every job and run ends, once
	Blameless = "blameless" // a job that its machine failed says so
	Fenced    = "fenced"    // no two attempts of a job both wrote, no two agents ran one
	Logged    = "logged"    // every acknowledged line is there, once and in order
	Noticed   = "noticed"   // an agent's death is noticed in 15 s, unstarted work re-queued in 20 s
	Sessions  = "sessions"  // leadership and locks end with their holder, not with a time
	Legal     = "legal"     // every step was one of engine/state's table
	Spotless  = "spotless"  // nothing is left behind
	Exercised = "exercised" // the run proved something at all
)

// Violation is a promise that was not kept.
type Violation struct {
	Promise string
	About   string // the delivery, run, job, attempt or node
	Text    string
}

func (v Violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Promise, v.About, v.Text) }

// check is one look at all there is.
type check struct {
	h   *History
	s   *Snapshot
	out []Violation
}

func (c *check) fail(promise, about, format string, args ...any) {
	c.out = append(c.out, Violation{promise, about, fmt.Sprintf(format, args...)})
}

// Check says which promises were not kept. It is a pure function.
func Check(h *History, s *Snapshot) []Violation {
	c := &check{h: h, s: s}
	c.deliveries()
	c.terminal()
	c.fenced()
	c.logged()
	c.noticed()
	c.sessions()
	c.vanished()
	c.legal()
	for i := range h.Events {
		if e := &h.Events[i]; e.Kind == Botched {
			c.fail(Exercised, e.Node, "the fault %s failed: %v", e.Fault, e.Text)
		}
	}
	for _, left := range s.Left {
		c.fail(Spotless, "the machine", "%s", left)
	}
	slices.SortStableFunc(c.out, func(a, b Violation) int { return strings.Compare(a.Promise, b.Promise) })
	return c.out
}

// Promises lists those that were broken, each once.
func Promises(vs []Violation) []string {
	var out []string
	for _, v := range vs {
		out = append(out, v.Promise)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
