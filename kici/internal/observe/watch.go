package observe

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Watch is a store that counts what is written through it.
func Watch(s store.Store, m *Metrics, t *Tracer) store.Store {
	if m == nil && t == nil {
		return s
	}
	if m == nil {
		m = &Metrics{}
	}
	return &watched{s, m, t}
}

type watched struct {
	store.Store
	m *Metrics
	t *Tracer
}

// Tx counts after the commit. fn may be called more than once, and only its last
// call counts.
func (w *watched) Tx(ctx context.Context, fn func(store.Tx) error) error {
	var tx *watchedTx
	err := w.Store.Tx(ctx, func(inner store.Tx) error {
		tx = &watchedTx{Tx: inner, m: w.m}
		return fn(tx)
	})
	if err != nil || tx == nil {
		return err
	}
	if w.m.received != nil {
		for _, count := range tx.done {
			count()
		}
	}
	for _, id := range tx.over {
		w.t.finished(id, w.m)
	}
	return nil
}

type watchedTx struct {
	store.Tx
	m    *Metrics
	done []func() // what to count
	over []engine.RunID
}

func (t *watchedTx) after(count func()) { t.done = append(t.done, count) }

func (t *watchedTx) Deliveries() store.Deliveries { return watchedDeliveries{t.Tx.Deliveries(), t} }
func (t *watchedTx) Queue() store.Queue           { return watchedQueue{t.Tx.Queue(), t} }
func (t *watchedTx) Events() store.Events         { return watchedEvents{t.Tx.Events(), t} }
func (t *watchedTx) Logs() store.Logs             { return watchedLogs{t.Tx.Logs(), t} }
func (t *watchedTx) Runs() store.Runs             { return watchedRuns{t.Tx.Runs(), t} }
func (t *watchedTx) Jobs() store.Jobs             { return watchedJobs{t.Tx.Jobs(), t} }

type watchedDeliveries struct {
	store.Deliveries
	t *watchedTx
}

func (d watchedDeliveries) First(ctx context.Context, key string, now, until time.Time) (bool, error) {
	first, err := d.Deliveries.First(ctx, key, now, until)
	if err == nil {
		d.repeated(first)
	}
	return first, err
}

func (d watchedDeliveries) Firsts(ctx context.Context, now time.Time, keys ...store.Key) ([]bool, error) {
	firsts, err := d.Deliveries.Firsts(ctx, now, keys...)
	if err == nil {
		d.repeated(firsts...)
	}
	return firsts, err
}

func (d watchedDeliveries) repeated(firsts ...bool) {
	for _, first := range firsts {
		if !first {
			d.t.after(func() { d.t.m.repeated.Inc() })
		}
	}
}

func (d watchedDeliveries) Insert(ctx context.Context, x *engine.Delivery, payload []byte) error {
	err := d.Deliveries.Insert(ctx, x, payload)
	if err == nil {
		d.received(x)
	}
	return err
}

func (d watchedDeliveries) InsertAll(ctx context.Context, xs ...store.Received) error {
	err := d.Deliveries.InsertAll(ctx, xs...)
	for i := range xs {
		if err == nil {
			d.received(&xs[i].Delivery)
		}
	}
	return err
}

func (d watchedDeliveries) received(x *engine.Delivery) {
	source, event := "direct", x.Event
	if x.Provider == "generic" {
		source = "generic"
	}
	d.t.after(func() { d.t.m.received.WithLabelValues(source, d.t.m.event(event)).Inc() })
}

func (d watchedDeliveries) Save(ctx context.Context, x *engine.Delivery, was status.Event) error {
	err := d.Deliveries.Save(ctx, x, was)
	if err == nil {
		d.processed(x, was)
	}
	return err
}

func (d watchedDeliveries) SaveAll(ctx context.Context, was status.Event, xs ...*engine.Delivery) ([]bool, error) {
	saved, err := d.Deliveries.SaveAll(ctx, was, xs...)
	for i := range saved {
		if err == nil && saved[i] {
			d.processed(xs[i], was)
		}
	}
	return saved, err
}

func (d watchedDeliveries) processed(x *engine.Delivery, was status.Event) {
	if was != status.EventReceived || x.Status == status.EventReceived {
		return
	}
	result, took := "skipped", x.ProcessedAt.Sub(x.ReceivedAt)
	switch {
	case x.Matched > 0:
		result = "matched"
	case x.Error != "":
		result = "failed"
	}
	d.t.after(func() {
		d.t.m.processed.WithLabelValues(result).Inc()
		d.t.m.matching.Observe(took.Seconds())
	})
}

type watchedQueue struct {
	store.Queue
	t *watchedTx
}

func (q watchedQueue) Claim(ctx context.Context, c store.Claim) ([]engine.Attempt, error) {
	as, err := q.Queue.Claim(ctx, c)
	if n := len(as); err == nil && n > 0 {
		q.t.after(func() { q.t.m.dispatched.Add(float64(n)) })
	}
	return as, err
}

func (q watchedQueue) Requeue(ctx context.Context, t engine.Token, reason string, now, from time.Time, counts bool) error {
	err := q.Queue.Requeue(ctx, t, reason, now, from, counts)
	if err == nil {
		q.t.after(func() { q.t.m.requeued.Inc() })
	}
	return err
}

type watchedEvents struct {
	store.Events
	t *watchedTx
}

func (e watchedEvents) Bury(ctx context.Context, seq int64, reason string) error {
	err := e.Events.Bury(ctx, seq, reason)
	if err == nil {
		e.t.after(func() { e.t.m.dead.Inc() })
	}
	return err
}

func (e watchedEvents) Append(ctx context.Context, es ...engine.Event) error {
	err := e.Events.Append(ctx, es...)
	if err != nil {
		return err
	}
	for i := range es {
		e.note(&es[i])
	}
	return nil
}

// note counts what an event tells of.
func (e watchedEvents) note(x *engine.Event) {
	var change struct {
		Status string `json:"status"`
	}
	m := e.t.m
	switch x.Kind {
	case runs.KindRunFinished, runs.KindJobFinished, runs.KindStepFinished:
		if json.Unmarshal(x.Data, &change) != nil {
			return
		}
	}
	switch x.Kind {
	case runs.KindRunFinished:
		e.t.over = append(e.t.over, x.Run)
		e.t.after(func() { m.runs.WithLabelValues(change.Status).Inc() })
	case runs.KindJobFinished:
		e.t.after(func() { m.jobs.WithLabelValues(change.Status).Inc() })
	case runs.KindStepFinished:
		e.t.after(func() { m.steps.WithLabelValues(change.Status).Inc() })
	}
}

type watchedJobs struct {
	store.Jobs
	t *watchedTx
}

func (j watchedJobs) Save(ctx context.Context, x *engine.Job, was status.Job) error {
	err := j.Jobs.Save(ctx, x, was)
	if err != nil || x.StartedAt.IsZero() {
		return err
	}
	wait, took := x.StartedAt.Sub(x.ReadyAt), x.FinishedAt.Sub(x.StartedAt)
	switch {
	case was == status.JobQueued && x.Status == status.JobRunning && !x.ReadyAt.IsZero():
		j.t.after(func() { j.t.m.waited.Observe(max(0, wait.Seconds())) })
	case x.Status.Terminal() && !was.Terminal():
		j.t.after(func() { j.t.m.jobTime.Observe(max(0, took.Seconds())) })
	}
	return nil
}

type watchedRuns struct {
	store.Runs
	t *watchedTx
}

func (r watchedRuns) Save(ctx context.Context, x *engine.Run, was status.Run) error {
	err := r.Runs.Save(ctx, x, was)
	if err == nil && x.Status.Terminal() && !was.Terminal() {
		took := x.FinishedAt.Sub(x.CreatedAt)
		r.t.after(func() { r.t.m.runTime.Observe(max(0, took.Seconds())) })
	}
	return err
}

type watchedLogs struct {
	store.Logs
	t *watchedTx
}

func (l watchedLogs) Append(ctx context.Context, cs ...engine.Chunk) error {
	err := l.Logs.Append(ctx, cs...)
	if err == nil {
		n := 0
		for i := range cs {
			n += cs[i].Bytes
		}
		l.t.after(func() { l.t.m.chunks.Add(float64(len(cs))); l.t.m.bytes.Add(float64(n)) })
	}
	return err
}
