package observe

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what an orchestrator does. Its methods do nothing on a nil one.
type Metrics struct {
	received, processed        *prometheus.CounterVec
	repeated                   prometheus.Counter
	matching                   prometheus.Histogram
	dispatched, requeued       prometheus.Counter
	waited                     prometheus.Histogram
	jobs, runs, steps          *prometheus.CounterVec
	runTime, jobTime           prometheus.Histogram
	dead, chunks, bytes, spans prometheus.Counter

	mu     sync.Mutex // guards events
	events map[string]bool
}

// NewMetrics makes the metrics and registers them. A registry takes them once.
func NewMetrics(reg prometheus.Registerer, version string) (*Metrics, error) {
	// Buckets in seconds: of what takes moments, to a minute, and of what takes
	// minutes, to an hour.
	momentary, lasting := prometheus.ExponentialBuckets(0.001, 2.5, 13), prometheus.ExponentialBuckets(0.1, 2.5, 12)
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	vector := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}
	m := &Metrics{
		received:   vector("kici_webhooks_received_total", "Deliveries that were stored, by the kind of their source and their event.", "source", "event"),
		processed:  vector("kici_webhooks_processed_total", "Deliveries that were worked through, by what came of them: matched, skipped or failed.", "result"),
		repeated:   counter("kici_dedup_hits_total", "Deliveries that had come before and were not taken in again."),
		matching:   histogram("kici_trigger_match_duration_seconds", "From the receipt of a delivery until it was matched against its lock file.", momentary),
		dispatched: counter("kici_jobs_dispatched_total", "Attempts at jobs that were given to agents."),
		requeued:   counter("kici_jobs_requeued_total", "Attempts at jobs that were taken back, so that the job is offered again."),
		waited:     histogram("kici_job_queue_wait_seconds", "From when a job could be taken until an agent began it.", lasting),
		jobs:       vector("kici_jobs_finished_total", "Jobs that are over, by how they ended.", "status"),
		runs:       vector("kici_runs_finished_total", "Runs that are over, by how they ended.", "status"),
		steps:      vector("kici_steps_finished_total", "Steps that are over, by how they ended.", "status"),
		runTime:    histogram("kici_run_duration_seconds", "From the creation of a run until its end.", lasting),
		jobTime:    histogram("kici_job_duration_seconds", "From when an agent began a job until its end.", lasting),
		dead:       counter("kici_orch_event_dlq_total", "Internal events that were given up."),
		chunks:     counter("kici_orch_log_chunks_received_total", "Chunks of logs that were stored."),
		bytes:      counter("kici_orch_log_bytes_stored_total", "Bytes of log text that were stored."),
		spans:      counter("kici_orch_trace_runs_dropped_total", "Finished runs of which no spans were made, because too many finished at once."),
		events:     map[string]bool{},
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "kici_build_info", Help: "Always 1; the label says the version.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	for _, c := range []prometheus.Collector{m.received, m.processed, m.repeated, m.matching, m.dispatched, m.requeued, m.waited, m.jobs, m.runs, m.steps,
		m.runTime, m.jobTime, m.dead, m.chunks, m.bytes, m.spans, build} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// manyEvents bounds the values of a label that senders choose.
const manyEvents = 50

// event is a label's value for an event: the first fifty names that come, and
// "other".
func (m *Metrics) event(name string) string {
	if name == "" {
		return "unknown"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.events[name] && len(m.events) >= manyEvents {
		return "other"
	}
	m.events[name] = true
	return name
}
