package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Faults beside Kill, Pause and Hold, which are done to nodes as well as links.
const (
	Cut      = "cut"       // of a link: connections end, none begins
	HoldUp   = "hold-up"   // of a link: nothing passes towards who listens
	HoldDown = "hold-down" // nothing passes towards who dialled
	Slow     = "slow"      // of a link: every piece takes a while
	Drop     = "drop"      // of a link: the kernel throws everything away, as a pulled cable does
	Fill     = "fill"      // of a node: its disk is full
	Restart  = "restart"   // of a node: it is asked to end, and started again
)

// Fault is one thing that goes wrong.
type Fault struct {
	After int    // deliveries that were accepted before
	What  string // Kill, Pause, …
	Where string // a node or a link
	// At is the point, on the wire Wire, that is waited for; empty is at once.
	At   Point
	Wire string
	For  time.Duration // until it is mended
}

func (f Fault) String() string {
	s := fmt.Sprintf("after %d: %s %s for %s", f.After, f.What, f.Where, f.For)
	if f.At != "" {
		s += fmt.Sprintf(", %s on %s", f.At, f.Wire)
	}
	return s
}

// Plan is what goes wrong, in order.
type Plan []Fault

func (p Plan) String() string {
	var b strings.Builder
	for _, f := range p {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

// choice is a kind of fault and how long it lasts, in seconds.
type choice struct {
	what     string
	min, max int
	where    []string
	at       Point // on the wire of its node, if any
}

// choices are what can be done to a topology; private is whether disks and the
// kernel's own network are ours.
func choices(t *Topology, private bool) []choice {
	agents, orchestrators := t.of(KindAgent), t.of(KindOrchestrator)
	sockets, databases, clients := t.wires(SpeaksSocket), t.wires(SpeaksPostgres), t.wires(SpeaksHTTP)
	out := []choice{
		{Kill, 0, 3, agents, ""}, {Kill, 0, 3, agents, BeforeDispatch}, {Kill, 0, 3, agents, BeforeReport}, {Kill, 0, 3, agents, BeforeAck},
		{Pause, 1, 8, agents, ""}, {Restart, 0, 1, agents, ""},
		{Kill, 0, 3, orchestrators, ""}, {Kill, 0, 3, orchestrators, BeforeAnswer}, {Pause, 1, 6, orchestrators, ""}, {Restart, 0, 1, orchestrators, ""},
		{Cut, 0, 4, sockets, ""}, {Hold, 1, 8, sockets, ""}, {HoldUp, 1, 6, sockets, ""}, {HoldDown, 1, 6, sockets, ""}, {Slow, 2, 6, sockets, ""},
		{Cut, 0, 3, clients, ""}, {HoldDown, 1, 4, clients, ""}, {Slow, 1, 3, clients, ""},
		// Long enough for somebody to have to notice.
		{Kill, 25, 40, agents, ""}, {Pause, 25, 40, agents, ""}, {Pause, 25, 40, agents, BeforeReport}, {Hold, 25, 40, sockets, ""}, {Pause, 25, 40, orchestrators, ""},
	}
	if relays, up, peers := t.of(KindRelay), t.wires(SpeaksRelay), t.wires(SpeaksPeer); len(relays) > 0 {
		out = append(out, choice{Kill, 0, 3, relays, ""}, choice{Kill, 0, 3, relays, BeforeAnswer}, choice{Pause, 1, 6, relays, ""}, choice{Restart, 0, 1, relays, ""}, choice{Pause, 25, 40, relays, ""},
			choice{Cut, 0, 4, up, ""}, choice{Hold, 1, 8, up, ""}, choice{HoldUp, 1, 6, up, ""}, choice{HoldDown, 1, 6, up, ""}, choice{Slow, 2, 6, up, ""}, choice{Hold, 25, 40, up, ""},
			choice{Cut, 0, 3, peers, ""}, choice{Hold, 1, 6, peers, ""})
	}
	if private {
		out = append(out, choice{Drop, 1, 8, sockets, ""}, choice{Drop, 25, 40, sockets, ""}, choice{Drop, 1, 4, clients, ""}, choice{Fill, 1, 6, agents, ""}, choice{Fill, 1, 6, orchestrators, ""})
	}
	if len(databases) == 0 {
		return out
	}
	if private {
		out = append(out, choice{Drop, 1, 8, databases, ""}, choice{Drop, 25, 40, databases, ""})
	}
	return append(out, choice{Hold, 25, 40, databases, ""},
		choice{Kill, 0, 3, orchestrators, BeforeCommit}, choice{Kill, 0, 3, orchestrators, AfterCommit},
		choice{Kill, 0, 2, t.of(KindPostgres), ""}, choice{Pause, 1, 5, t.of(KindPostgres), ""}, choice{Kill, 0, 2, t.of(KindPostgres), AfterCommit},
		choice{Cut, 0, 3, databases, ""}, choice{Hold, 1, 6, databases, ""}, choice{HoldUp, 1, 5, databases, ""}, choice{HoldDown, 1, 5, databases, ""}, choice{Slow, 1, 4, databases, ""})
}

// DrawPlan makes a plan of n faults over so many deliveries. Every choice comes
// once before any comes again, so that a plan which is long enough has them all.
func DrawPlan(r *rand.Rand, t *Topology, n, deliveries int, private bool) Plan {
	var p Plan
	var left []choice
	for i := range n {
		if len(left) == 0 {
			left = choices(t, private)
			r.Shuffle(len(left), func(a, b int) { left[a], left[b] = left[b], left[a] })
		}
		c := left[0]
		left = left[1:]
		f := Fault{What: c.what, Where: c.where[r.IntN(len(c.where))], At: c.at, For: time.Duration(c.min)*time.Second + time.Duration(r.IntN(1+1000*(c.max-c.min)))*time.Millisecond}
		f.After = (i + 1) * deliveries / (n + 1)
		f.Wire = wireOf(t, f)
		p = append(p, f)
	}
	return p
}

// wireOf is where the point of a fault is waited for.
func wireOf(t *Topology, f Fault) string {
	if f.At == "" {
		return ""
	}
	speaks := SpeaksSocket
	switch f.At {
	case BeforeCommit, AfterCommit:
		speaks = SpeaksPostgres
	case BeforeAnswer:
		speaks = SpeaksHTTP
	}
	for i := range t.Wires {
		if w := &t.Wires[i]; w.Speaks == speaks && (w.From == f.Where || speaks == SpeaksHTTP) {
			return w.Name
		}
	}
	return t.wires(speaks)[0]
}
