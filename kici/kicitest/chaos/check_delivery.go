package chaos

import (
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// sent is what a client knows of one delivery.
type sent struct {
	event    string
	lines    int
	accepted []string // ids of answers that were no duplicates
	answered []string // all ids
}

// deliveries looks at every delivery by the client's name for it.
func (c *check) deliveries() {
	known := c.sent()
	if len(known) == 0 {
		c.fail(Exercised, "the clients", "nothing was sent")
	}
	stored := map[string][]*engine.Delivery{}
	byID := map[string]*engine.Delivery{}
	for i := range c.s.Deliveries {
		d := &c.s.Deliveries[i]
		byID[string(d.ID)] = d
		if d.Status != status.EventDuplicate {
			stored[d.Key] = append(stored[d.Key], d)
		}
	}
	runs := map[engine.DeliveryID][]string{}
	for i := range c.s.Runs {
		if r := &c.s.Runs[i]; r.Parent == "" { // a repetition was asked for by somebody
			runs[r.Delivery] = append(runs[r.Delivery], r.Workflow)
		}
	}
	for key, s := range known {
		for _, id := range s.answered {
			if byID[id] == nil && !c.h.Foreign {
				c.fail(Durable, key, "was answered with the id %s, which is not stored", id)
			}
		}
		if len(s.answered) > 0 && len(stored[key]) == 0 {
			c.fail(Durable, key, "was answered with success and is not stored")
		}
		if len(stored[key]) > 1 {
			c.fail(Once, key, "is stored %d times", len(stored[key]))
		}
		var started []string
		for _, d := range stored[key] {
			if d.Status != status.EventProcessed {
				c.fail(Durable, key, "was not worked through: it is %s (%s)", d.Status, d.Error)
			}
			started = append(started, runs[d.ID]...)
		}
		c.started(key, s, started, len(stored[key]) > 0)
	}
}

// started compares the runs of a delivery with what its event starts.
func (c *check) started(key string, s *sent, started []string, isStored bool) {
	want := slices.Sorted(slices.Values(c.h.Expect[s.event]))
	slices.Sort(started)
	for i := 1; i < len(started); i++ {
		if started[i] == started[i-1] {
			c.fail(Once, key, "started %s more than once", started[i])
		}
	}
	got := slices.Compact(started)
	if isStored && !slices.Equal(got, want) {
		c.fail(Durable, key, "started [%s], want [%s]", strings.Join(got, " "), strings.Join(want, " "))
	}
}

// sent gathers what clients know.
func (c *check) sent() map[string]*sent {
	out := map[string]*sent{}
	for i := range c.h.Events {
		e := &c.h.Events[i]
		switch {
		case e.Kind == Sent:
			if out[e.Key] == nil {
				out[e.Key] = &sent{event: e.Event, lines: e.Lines}
			}
		case e.Kind == Answered && e.Status/100 == 2 && out[e.Key] != nil:
			s := out[e.Key]
			s.answered = append(s.answered, e.ID)
			if !e.Duplicate {
				s.accepted = append(s.accepted, e.ID)
			}
		}
	}
	for key, s := range out {
		if len(s.accepted) > 1 {
			c.fail(Once, key, "was accepted as new %d times", len(s.accepted))
		}
	}
	return out
}
