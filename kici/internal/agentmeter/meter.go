package agentmeter

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/kici/internal/agent"
)

// Meter counts.
type Meter struct {
	jobs, steps            *prometheus.CounterVec
	stepTime, cloneTime    prometheus.Histogram
	bytes, dropped, behind prometheus.Counter
}

// New makes the metrics and registers them.
func New(reg prometheus.Registerer, connected func() bool, active func() int) (*Meter, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &Meter{
		jobs:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kici_agent_jobs_total", Help: "Jobs that ended here, by how."}, []string{"status"}),
		steps:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kici_agent_steps_total", Help: "Steps that ended here, by how."}, []string{"status"}),
		stepTime:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kici_agent_step_duration_seconds", Help: "How long steps took.", Buckets: prometheus.ExponentialBuckets(0.01, 3, 12)}),
		cloneTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kici_agent_clone_duration_seconds", Help: "How long it took to make a work tree.", Buckets: prometheus.ExponentialBuckets(0.01, 2.5, 12)}),
		bytes:     counter("kici_agent_log_bytes_total", "Bytes of log that were sent to the orchestrator."),
		dropped:   counter("kici_agent_log_lines_dropped_total", "Lines of log that were dropped, because the orchestrator was slow and the operator said so."),
		behind:    counter("kici_agent_log_backpressure_events_total", "Times that a job waited, or its lines went to disk, until the orchestrator took them."),
	}
	status := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "kici_agent_connection_status", Help: "1 while an orchestrator has this agent."}, func() float64 {
		if connected() {
			return 1
		}
		return 0
	})
	busy := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "kici_agent_jobs_active", Help: "Jobs that take a slot now."}, func() float64 { return float64(active()) })
	for _, c := range []prometheus.Collector{m.jobs, m.steps, m.stepTime, m.cloneTime, m.bytes, m.dropped, m.behind, status, busy} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
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
