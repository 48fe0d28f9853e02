package agentmeter

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/kici/internal/agentmeter/series"
	"github.com/kici-dev/kici-go/transport/message"
)

// Meter counts.
type Meter struct {
	jobs, steps            *prometheus.CounterVec
	stepTime, cloneTime    prometheus.Histogram
	bytes, dropped, behind prometheus.Counter
	own                    *prometheus.Registry // of these alone, whatever else the other one holds
}

// New makes the metrics and registers them.
func New(reg prometheus.Registerer, connected func() bool, active func() int) (*Meter, error) {
	counter := func(s series.Series) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: s.Name, Help: s.Help})
	}
	vector := func(s series.Series) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: s.Name, Help: s.Help}, []string{s.Label})
	}
	histogram := func(s series.Series, factor float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: s.Name, Help: s.Help, Buckets: prometheus.ExponentialBuckets(0.01, factor, 12)})
	}
	gauge := func(s series.Series, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: s.Name, Help: s.Help}, value)
	}
	m := &Meter{
		jobs: vector(series.Jobs), steps: vector(series.Steps), stepTime: histogram(series.StepTime, 3), cloneTime: histogram(series.CloneTime, 2.5),
		bytes: counter(series.LogBytes), dropped: counter(series.LogDropped), behind: counter(series.LogBehind), own: prometheus.NewRegistry(),
	}
	status := gauge(series.Connected, func() float64 {
		if connected() {
			return 1
		}
		return 0
	})
	busy := gauge(series.Active, func() float64 { return float64(active()) })
	for _, c := range []prometheus.Collector{m.jobs, m.steps, m.stepTime, m.cloneTime, m.bytes, m.dropped, m.behind, status, busy} {
		for _, r := range []prometheus.Registerer{reg, m.own} {
			if err := r.Register(c); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// Tell is what was counted so far, as the orchestrator is told; nothing of a nil
// meter.
func (m *Meter) Tell() []message.Metric {
	if m == nil {
		return nil
	}
	families, err := m.own.Gather()
	if err != nil { // only for metrics that contradict each other
		return nil
	}
	var out []message.Metric
	for _, f := range families {
		s, _ := series.Find(f.GetName())
		for _, v := range f.GetMetric() {
			t := message.Metric{Name: s.Name, Kind: s.Kind}
			for _, l := range v.GetLabel() {
				t.Labels = map[string]string{l.GetName(): l.GetValue()}
			}
			switch s.Kind {
			case message.Counter:
				t.Value = v.GetCounter().Value
			case message.Gauge:
				t.Value = v.GetGauge().Value
			case message.Histogram:
				h := v.GetHistogram()
				count := int64(h.GetSampleCount())
				t.Count, t.Sum = &count, h.SampleSum
				for _, b := range h.GetBucket() {
					t.Buckets = append(t.Buckets, message.Bucket{LE: b.GetUpperBound(), Count: int64(b.GetCumulativeCount())})
				}
			}
			out = append(out, t)
		}
	}
	return out
}

// Agent is the meter as the agent takes it: nothing when there is none.
func (m *Meter) Agent() agent.Meter {
	if m == nil {
		return nil
	}
	return m
}

// Dropped implements agent.Meter.
func (m *Meter) Dropped(lines int) { m.dropped.Add(float64(lines)) }

// Behind implements agent.Meter.
func (m *Meter) Behind() { m.behind.Inc() }

// Reporter implements agent.Meter.
func (m *Meter) Reporter(r agent.Reporter) agent.Reporter { return &reporter{r, m} }

type reporter struct {
	agent.Reporter
	m *Meter
}

func (r *reporter) Step(ctx context.Context, u agent.StepUpdate) error {
	err := r.Reporter.Step(ctx, u)
	if err == nil && !u.Running {
		r.m.steps.WithLabelValues(string(u.Status)).Inc()
		r.m.stepTime.Observe(u.Duration.Seconds())
	}
	return err
}

func (r *reporter) Log(ctx context.Context, b agent.LogBatch) error {
	err := r.Reporter.Log(ctx, b)
	if err == nil {
		n := 0
		for _, l := range b.Lines {
			n += len(l) + 1
		}
		r.m.bytes.Add(float64(n))
	}
	return err
}

func (r *reporter) Finished(ctx context.Context, f agent.Finish) error {
	err := r.Reporter.Finished(ctx, f)
	if err == nil {
		r.m.jobs.WithLabelValues(string(f.Result.Status)).Inc()
	}
	return err
}

// Trees implements agent.Meter.
func (m *Meter) Trees(t agent.Trees) agent.Trees { return &trees{t, m} }

type trees struct {
	agent.Trees
	m *Meter
}

func (t *trees) Create(ctx context.Context, src clone.Source, dir string) (*clone.Tree, error) {
	began := time.Now()
	tree, err := t.Trees.Create(ctx, src, dir)
	if err == nil {
		t.m.cloneTime.Observe(time.Since(began).Seconds())
	}
	return tree, err
}

var _ agent.Meter = (*Meter)(nil)
