package observe

import (
	"math"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/kici/internal/agentmeter/series"
	"github.com/kici-dev/kici-go/transport/message"
)

// Fleet shows what agents have counted, each series with the agent's name. Agents
// may lie: what cannot be shown beside the rest is left out.
type Fleet struct {
	mu     sync.Mutex // guards agents
	agents map[engine.AgentID]*told
}

// told is the last that an agent said.
type told struct {
	by      any
	gone    bool
	metrics []prometheus.Metric
}

// NewFleet makes the collector.
func NewFleet() *Fleet { return &Fleet{agents: map[engine.AgentID]*told{}} }

// Told remembers what an agent has counted, in place of what it told before.
func (f *Fleet) Told(agent engine.AgentID, by any, counted []message.Metric) {
	t := &told{by: by, metrics: shown(string(agent), counted)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.agents[agent] = t
}

// Gone shows an agent once more, and then no longer.
func (f *Fleet) Gone(agent engine.AgentID, by any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.agents[agent]; t != nil && t.by == by {
		t.gone = true
	}
}

// Describe implements prometheus.Collector. It says nothing: what there is depends
// on the agents.
func (f *Fleet) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (f *Fleet) Collect(to chan<- prometheus.Metric) {
	f.mu.Lock()
	var all []prometheus.Metric
	for id, t := range f.agents {
		all = append(all, t.metrics...)
		if t.gone {
			delete(f.agents, id)
		}
	}
	f.mu.Unlock()
	for _, m := range all {
		to <- m
	}
}

// Bounds on what one agent may show.
const (
	mostSeries = 100
	mostLabel  = 100 // bytes of a label's value
)

// shown is what can be shown of what an agent told.
func shown(agent string, counted []message.Metric) (out []prometheus.Metric) {
	seen := map[string]bool{}
	for i := range counted {
		c := &counted[i]
		s, known := series.Find(c.Name)
		if !known || c.Kind != s.Kind || len(out) == mostSeries {
			continue
		}
		names, values := []string{"agent_id"}, []string{agent}
		if s.Label != "" {
			v := c.Labels[s.Label]
			if len(v) > mostLabel || !utf8.ValidString(v) {
				continue
			}
			names, values = append(names, s.Label), append(values, v)
		}
		key := strings.Join(append([]string{s.Name}, values...), "\x00")
		if seen[key] {
			continue
		}
		if m, err := constant(c, prometheus.NewDesc(s.Name, s.Help, names, nil), values); err == nil && m != nil {
			seen[key] = true
			out = append(out, m)
		}
	}
	return out
}

// constant is a metric with the value that was told; nil when none was.
func constant(c *message.Metric, d *prometheus.Desc, values []string) (prometheus.Metric, error) {
	switch {
	case c.Kind == message.Histogram && c.Count != nil && c.Sum != nil:
		buckets := map[float64]uint64{}
		for _, b := range c.Buckets {
			if !math.IsNaN(b.LE) && b.Count >= 0 {
				buckets[b.LE] = uint64(b.Count)
			}
		}
		return prometheus.NewConstHistogram(d, uint64(max(*c.Count, 0)), *c.Sum, buckets, values...)
	case c.Kind == message.Counter && c.Value != nil:
		return prometheus.NewConstMetric(d, prometheus.CounterValue, *c.Value, values...)
	case c.Kind == message.Gauge && c.Value != nil:
		return prometheus.NewConstMetric(d, prometheus.GaugeValue, *c.Value, values...)
	}
	return nil, nil
}
