package orchestrator

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/route"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/transport/message"
)

// teller tells the relay what becomes of runs. It follows the events of the store,
// so it tells of runs that another orchestrator of the same store works on as well;
// a relay takes the same news twice for once.
type teller struct {
	h    *house
	past int64 // everything up to here was told
	told map[int64]bool
}

const tellPage = 500

// tellSettle is how old an event is before nothing with a lower number can still
// appear: no transaction takes that long.
const tellSettle = 10 * time.Second

// tellRelay is the service. What happened before it began is in the snapshot that
// the link sends first.
func (h *house) tellRelay(ctx context.Context) error {
	t := &teller{h: h, told: map[int64]bool{}}
	l := h.store.Listen(store.TopicRuns)
	defer l.Close()
	begun := false
	for {
		err := h.store.View(ctx, func(tx store.Tx) (err error) {
			if !begun {
				t.past, err = tx.Events().Last(ctx)
				return err
			}
			return nil
		})
		begun = begun || err == nil
		if err == nil && begun {
			err = t.tell(ctx)
		}
		if err != nil && ctx.Err() == nil {
			h.o.o.Log.Warn("the relay could not be told what runs do; it will be tried again", "err", err)
		}
		if _, err := l.Wait(ctx); err != nil {
			return nil
		}
	}
}

// tell tells what has not been told.
func (t *teller) tell(ctx context.Context) error {
	from := t.past
	for {
		var news []message.Message
		var page []engine.Event
		err := t.h.store.View(ctx, func(tx store.Tx) (err error) {
			news = nil
			if page, err = tx.Events().Since(ctx, from, tellPage); err != nil {
				return err
			}
			for i := range page {
				if e := &page[i]; !t.told[e.Seq] {
					m, err := t.news(ctx, tx, e)
					if err != nil {
						return err
					}
					news = append(news, m...)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, m := range news {
			t.h.relay.Report(m)
		}
		settled := true
		for i := range page {
			e := &page[i]
			t.told[e.Seq] = true
			if settled = settled && t.h.o.o.Now().Sub(e.At) > tellSettle; settled {
				t.past = e.Seq
			}
			from = e.Seq
		}
		for seq := range t.told {
			if seq <= t.past {
				delete(t.told, seq)
			}
		}
		if len(page) < tellPage {
			return nil
		}
	}
}

// news is what an event of the store is on the wire.
func (t *teller) news(ctx context.Context, tx store.Tx, e *engine.Event) ([]message.Message, error) {
	if e.Run == "" {
		return nil, nil
	}
	switch e.Kind {
	case runs.KindRunCreated, runs.KindRunStarted, runs.KindRunWaiting, runs.KindRunCancel, runs.KindRunFinished:
		return t.run(ctx, tx, e)
	case runs.KindStepStarted, runs.KindStepFinished:
		var c runs.StepChange
		if err := json.Unmarshal(e.Data, &c); err != nil || c.Kind != "step" {
			return nil, nil // hooks share the index of their step
		}
		return []message.Message{&message.StepStatusForward{
			MessageID: t.h.ids.next(), RunID: string(e.Run), JobID: string(e.Job), JobName: c.Job, StepIndex: c.Index, StepName: c.Name, State: c.Status, Timestamp: e.At.UnixMilli(),
		}}, nil
	}
	if e.Job == "" {
		return nil, nil
	}
	var c runs.JobChange
	if err := json.Unmarshal(e.Data, &c); err != nil || c.Status == "" {
		return nil, nil
	}
	job, err := tx.Jobs().Alone(ctx, e.Job)
	if err != nil {
		return nil, nil //nolint:nilerr // the run was removed meanwhile
	}
	s := snapshot(job)
	s.Status, s.AgentID = c.Status, string(c.Agent) // as it was then
	return []message.Message{&message.JobStatusForward{MessageID: t.h.ids.next(), RunID: string(e.Run), JobSnapshot: s, Timestamp: e.At.UnixMilli()}}, nil
}

func (t *teller) run(ctx context.Context, tx store.Tx, e *engine.Event) ([]message.Message, error) {
	run, err := tx.Runs().Get(ctx, e.Run)
	if err != nil {
		return nil, nil //nolint:nilerr // it was removed meanwhile
	}
	jobs, err := tx.Jobs().Of(ctx, e.Run)
	if err != nil {
		return nil, err
	}
	var c runs.RunChange
	_ = json.Unmarshal(e.Data, &c) // then the run's own status is told
	x := executionStatus(run, len(jobs))
	x.MessageID, x.Timestamp = t.h.ids.next(), e.At.UnixMilli()
	if c.Status != "" {
		x.Status = c.Status
	}
	out := []message.Message{x}
	if e.Kind == runs.KindRunFinished {
		out = append(out, &message.ExecutionEvent{MessageID: t.h.ids.next(), RunID: string(e.Run), Event: "finished", Timestamp: x.Timestamp})
	}
	return out, nil
}

func executionStatus(r *engine.Run, jobs int) *message.ExecutionStatus {
	x := &message.ExecutionStatus{
		RunID: string(r.ID), WorkflowName: r.Workflow, Status: r.Status, RepoIdentifier: r.Ref.Repo, SHA: r.Ref.SHA, Ref: r.Ref.Name, JobCount: jobs,
		StartedAt: millis(r.CreatedAt), CompletedAt: millis(r.FinishedAt), ParentRunID: string(r.Parent), OriginalRunID: string(r.Original),
		TriggeredBy: r.TriggeredBy, FailureReason: r.Reason, RoutingKey: r.RoutingKey,
	}
	if !r.StartedAt.IsZero() {
		x.StartedAt = millis(r.StartedAt)
	}
	if !r.FinishedAt.IsZero() {
		x.DurationMS = max(0, x.CompletedAt-x.StartedAt)
	}
	return x
}

func snapshot(j *engine.Job) message.JobSnapshot {
	s := message.JobSnapshot{
		JobID: string(j.ID), JobName: j.Name, Status: j.Status, StartedAt: millis(j.StartedAt), CompletedAt: millis(j.FinishedAt), ErrorMessage: j.Reason,
		RunsOnLabels: route.Labels(j.Route),
	}
	if s.CompletedAt > 0 && s.StartedAt > 0 {
		s.DurationMS = max(0, s.CompletedAt-s.StartedAt)
	}
	return s
}

// millis is a time on the wire; none is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// replayed bounds a snapshot: a frame has a limit too.
const replayed = 1000

// Replay is every active run with its jobs.
func (d *desk) Replay(ctx context.Context) (*message.StateReplay, error) {
	out := &message.StateReplay{}
	err := d.h.store.View(ctx, func(tx store.Tx) error {
		out.Runs = nil
		active, err := tx.Runs().Unfinished(ctx, "", replayed)
		if err != nil {
			return err
		}
		for i := range active {
			jobs, err := tx.Jobs().Of(ctx, active[i].ID)
			if err != nil {
				return err
			}
			s := message.RunSnapshot{ExecutionStatus: *executionStatus(&active[i], len(jobs))}
			for k := range jobs {
				s.Jobs = append(s.Jobs, snapshot(&jobs[k]))
			}
			out.Runs = append(out.Runs, s)
		}
		return nil
	})
	return out, err
}
