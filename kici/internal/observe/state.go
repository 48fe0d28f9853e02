package observe

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/route"
	"github.com/kici-dev/kici-go/engine/store"
)

// State reads what is not a sum from the store, when somebody asks.
type State struct {
	Store store.Store
	Now   func() time.Time
	// Agents tells how many are connected here, and how many of their slots are taken.
	Agents func() (connected, busy int)
	// Relay tells whether the relay is connected; nil without one.
	Relay func() bool

	descDepth, descRoute, descOldest, descAgents, descBusy, descDead, descRelay, descUp *prometheus.Desc
}

// readTime bounds what a scrape may take.
const readTime = 5 * time.Second

// Counting ends there: what is read in five seconds must not grow without bound.
const (
	manyDead = 10_000  // letters
	manyJobs = 100_000 // of a route
)

// NewState makes the collector.
func NewState(s State) *State {
	s.descDepth = prometheus.NewDesc("kici_dispatch_queue_depth", "Jobs that wait for an agent.", nil, nil)
	s.descRoute = prometheus.NewDesc("kici_orch_dispatch_queue_depth", "Jobs that wait for an agent, by what they ask of one.", []string{"label"}, nil)
	s.descOldest = prometheus.NewDesc("kici_dispatch_queue_oldest_seconds", "How long the job that has waited longest for an agent has.", nil, nil)
	s.descAgents = prometheus.NewDesc("kici_agents_active", "Agents that are connected to this orchestrator.", nil, nil)
	s.descBusy = prometheus.NewDesc("kici_agent_slots_busy", "Slots of these agents that are taken.", nil, nil)
	s.descDead = prometheus.NewDesc("kici_orch_event_dlq_depth", "Internal events that were given up and are still kept.", nil, nil)
	s.descRelay = prometheus.NewDesc("kici_platform_connection_status", "1 while the relay is connected.", nil, nil)
	s.descUp = prometheus.NewDesc("kici_store_up", "1 when the store answered this scrape.", nil, nil)
	return &s
}

// Describe implements prometheus.Collector.
func (s *State) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.descDepth, s.descRoute, s.descOldest, s.descAgents, s.descBusy, s.descDead, s.descRelay, s.descUp} {
		to <- d
	}
}

// Collect implements prometheus.Collector. A store that does not answer costs the
// values that lie in it, and says so.
func (s *State) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	agents, busy := s.Agents()
	gauge(s.descAgents, float64(agents))
	gauge(s.descBusy, float64(busy))
	if s.Relay != nil {
		gauge(s.descRelay, one(s.Relay()))
	}
	ctx, stop := context.WithTimeout(context.Background(), readTime) // a scrape has none that reaches here
	defer stop()
	var backlog []store.Backlog
	var dead []engine.DeadEvent
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		if backlog, err = tx.Queue().Backlog(ctx, s.Now(), manyJobs); err != nil {
			return err
		}
		dead, err = tx.Events().Dead(ctx, 0, manyDead)
		return err
	})
	gauge(s.descUp, one(err == nil))
	if err != nil {
		return
	}
	sum, oldest := 0, time.Duration(0)
	byLabel := map[string]int{} // several routes may ask for the same labels, and refuse others
	for _, b := range backlog {
		sum += b.Count
		oldest = max(oldest, s.Now().Sub(b.Oldest))
		byLabel[strings.Join(route.Labels(b.Route), ",")] += b.Count
	}
	for label, n := range byLabel {
		gauge(s.descRoute, float64(n), label)
	}
	gauge(s.descDepth, float64(sum))
	gauge(s.descOldest, oldest.Seconds())
	gauge(s.descDead, float64(len(dead)))
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
