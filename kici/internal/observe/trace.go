package observe

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Tracer makes spans of finished runs. Its methods do nothing on a nil one.
type Tracer struct {
	tracer trace.Tracer
	log    *slog.Logger
	queue  chan engine.RunID
}

// manyWaiting bounds the runs that wait for their spans.
const manyWaiting = 1000

// NewTracer makes one; without a provider it is nil.
func NewTracer(p trace.TracerProvider, version string, log *slog.Logger) *Tracer {
	if p == nil {
		return nil
	}
	return &Tracer{
		tracer: p.Tracer("github.com/kici-dev/kici-go", trace.WithInstrumentationVersion(version)), log: log.With("room", "observe"),
		queue: make(chan engine.RunID, manyWaiting),
	}
}

// finished takes a run in, or passes it over when there are too many.
func (t *Tracer) finished(id engine.RunID, m *Metrics) {
	if t == nil {
		return
	}
	select {
	case t.queue <- id:
	default:
		if m.spans != nil {
			m.spans.Inc()
		}
	}
}

// Run makes spans until ctx ends, and then of what is left.
func (t *Tracer) Run(ctx context.Context, s store.Store) error {
	if t == nil {
		return nil
	}
	for {
		select {
		case id := <-t.queue:
			t.trace(context.WithoutCancel(ctx), s, id)
		case <-ctx.Done():
			for {
				select {
				case id := <-t.queue:
					t.trace(context.WithoutCancel(ctx), s, id)
				default:
					return nil
				}
			}
		}
	}
}

// record is a run as it is stored.
type record struct {
	run      *engine.Run
	delivery *engine.Delivery // nil: it was removed, or there never was one
	jobs     []jobRecord
}

type jobRecord struct {
	job     engine.Job
	attempt *engine.Attempt // the last
	steps   []engine.Step
}

func (t *Tracer) trace(ctx context.Context, s store.Store, id engine.RunID) {
	ctx, stop := context.WithTimeout(ctx, readTime)
	defer stop()
	r, err := read(ctx, s, id)
	if err != nil {
		t.log.Warn("no spans were made of a run", "run", id, "err", err)
		return
	}
	ctx = trace.ContextWithRemoteSpanContext(ctx, parent(r))
	if d := r.delivery; d != nil {
		var span trace.Span
		ctx, span = t.start(ctx, "delivery "+d.Event, d.ReceivedAt, attribute.String("kici.delivery.id", string(d.ID)), attribute.String("kici.routing_key", d.RoutingKey),
			attribute.String("kici.provider", d.Provider))
		defer span.End(trace.WithTimestamp(latest(d.ProcessedAt, d.ReceivedAt)))
	}
	ctx, span := t.start(ctx, "run "+r.run.Workflow, r.run.CreatedAt, attribute.String("cicd.pipeline.name", r.run.Workflow), attribute.String("cicd.pipeline.run.id", string(r.run.ID)),
		attribute.String("cicd.pipeline.result", string(r.run.Status)), attribute.String("vcs.repository.name", r.run.Ref.Repo), attribute.String("vcs.ref.head.name", r.run.Ref.Name),
		attribute.String("vcs.ref.head.revision", r.run.Ref.SHA))
	outcome(span, string(r.run.Status), r.run.Reason)
	for i := range r.jobs {
		t.job(ctx, &r.jobs[i])
	}
	span.End(trace.WithTimestamp(latest(r.run.FinishedAt, r.run.CreatedAt)))
}

func (t *Tracer) job(ctx context.Context, j *jobRecord) {
	begin := j.job.CreatedAt
	if !j.job.StartedAt.IsZero() {
		begin = j.job.StartedAt
	}
	with := []attribute.KeyValue{attribute.String("cicd.pipeline.task.name", j.job.Name), attribute.String("cicd.pipeline.task.run.id", string(j.job.ID)),
		attribute.String("cicd.pipeline.task.run.result", string(j.job.Status))}
	if j.attempt != nil {
		with = append(with, attribute.String("cicd.worker.id", string(j.attempt.Agent)), attribute.String("kici.attempt.id", string(j.attempt.ID)))
	}
	ctx, span := t.start(ctx, "job "+j.job.Name, begin, with...)
	outcome(span, string(j.job.Status), j.job.Reason)
	for i := range j.steps {
		s := &j.steps[i]
		if s.StartedAt.IsZero() {
			continue // it was skipped
		}
		_, step := t.start(ctx, "step "+s.Name, s.StartedAt, attribute.String("kici.step.kind", s.Kind), attribute.Int("kici.step.index", s.Index))
		outcome(step, string(s.Status), s.Error)
		step.End(trace.WithTimestamp(latest(s.FinishedAt, s.StartedAt)))
	}
	span.End(trace.WithTimestamp(latest(j.job.FinishedAt, begin)))
}

func (t *Tracer) start(ctx context.Context, name string, at time.Time, with ...attribute.KeyValue) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, name, trace.WithTimestamp(at), trace.WithAttributes(with...))
}

// outcome marks what failed.
func outcome(span trace.Span, how, why string) {
	switch how {
	case "failed", "timed_out_stale", "cancelled":
		span.SetStatus(codes.Error, why)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// parent gives all runs of a delivery one trace. Its root is the sender's, of
// which there is no span.
func parent(r *record) trace.SpanContext {
	seed := string(r.run.Delivery)
	if seed == "" {
		seed = string(r.run.ID)
	}
	sum := sha256.Sum256([]byte(seed))
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID(sum[:16]), SpanID: trace.SpanID(sum[16:24]), TraceFlags: trace.FlagsSampled, Remote: true,
	})
}
