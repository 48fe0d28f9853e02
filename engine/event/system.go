package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// WorkflowComplete is the payload of a workflow_complete event.
type WorkflowComplete struct {
	WorkflowName     string       `json:"workflowName"`
	RunID            engine.RunID `json:"runId"`
	Status           string       `json:"status"`
	Conclusion       string       `json:"conclusion"`
	Duration         int64        `json:"duration"` // milliseconds
	JobResults       []Outcome    `json:"jobResults"`
	SourceRepo       string       `json:"sourceRepo"`
	SourceRoutingKey string       `json:"sourceRoutingKey"`
}

// JobComplete is the payload of a job_complete event.
type JobComplete struct {
	WorkflowName     string       `json:"workflowName"`
	JobName          string       `json:"jobName"`
	RunID            engine.RunID `json:"runId"`
	JobID            engine.JobID `json:"jobId"`
	Status           string       `json:"status"`
	Duration         int64        `json:"duration"` // milliseconds
	StepResults      []Outcome    `json:"stepResults"`
	SourceRepo       string       `json:"sourceRepo"`
	SourceRoutingKey string       `json:"sourceRoutingKey"`
}

// Outcome is how a job of a run, or a step of a job, ended.
type Outcome struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

// signal is what an event says to those who hear it; nil when nobody does.
func (a audience) signal(ctx context.Context, tx store.Tx, e *engine.Event) (*intake.Signal, error) {
	switch e.Kind {
	case runs.KindRunFinished:
		if a.any(event.WorkflowComplete) {
			return a.workflowComplete(ctx, tx, e)
		}
	case runs.KindJobFinished:
		if a.any(event.JobComplete) {
			return a.jobComplete(ctx, tx, e)
		}
	case intake.KindRegistered:
		return a.registered(e)
	}
	return nil, nil
}

func (a audience) workflowComplete(ctx context.Context, tx store.Tx, e *engine.Event) (*intake.Signal, error) {
	run, err := tx.Runs().Get(ctx, e.Run)
	if err != nil || run.Status == status.RunSkipped || !a.hears(run.RoutingKey, event.WorkflowComplete, run.Workflow, "") {
		return nil, err
	}
	jobs, err := tx.Jobs().Of(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	p := WorkflowComplete{
		WorkflowName: run.Workflow, RunID: run.ID, Status: string(run.Status), Conclusion: conclusion(run.Status), Duration: between(run.StartedAt, run.FinishedAt),
		JobResults: []Outcome{}, SourceRepo: run.Ref.Repo, SourceRoutingKey: run.RoutingKey,
	}
	for k := range jobs {
		if !runs.Pseudo(&jobs[k]) {
			p.JobResults = append(p.JobResults, Outcome{jobs[k].Name, word(jobs[k].Status)})
		}
	}
	return about(ctx, tx, run, event.WorkflowComplete, p)
}

func (a audience) jobComplete(ctx context.Context, tx store.Tx, e *engine.Event) (*intake.Signal, error) {
	run, err := tx.Runs().Get(ctx, e.Run)
	if err != nil || !a.hears(run.RoutingKey, event.JobComplete, run.Workflow, "") {
		return nil, err
	}
	job, err := tx.Jobs().Get(ctx, e.Job)
	if err != nil || runs.Pseudo(job) || !a.hears(run.RoutingKey, event.JobComplete, run.Workflow, job.Name) {
		return nil, err
	}
	p := JobComplete{
		WorkflowName: run.Workflow, JobName: job.Name, RunID: run.ID, JobID: job.ID, Status: word(job.Status), Duration: between(job.StartedAt, job.FinishedAt),
		StepResults: []Outcome{}, SourceRepo: run.Ref.Repo, SourceRoutingKey: run.RoutingKey,
	}
	attempts, err := tx.Queue().Attempts(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	if len(attempts) > 0 {
		steps, err := tx.Steps().Of(ctx, attempts[len(attempts)-1].ID)
		if err != nil {
			return nil, err
		}
		for k := range steps {
			if steps[k].Kind == "step" {
				p.StepResults = append(p.StepResults, Outcome{steps[k].Name, string(steps[k].Status)})
			}
		}
	}
	return about(ctx, tx, run, event.JobComplete, p)
}

func (a audience) registered(e *engine.Event) (*intake.Signal, error) {
	var g intake.Registration
	if err := json.Unmarshal(e.Data, &g); err != nil {
		return nil, fmt.Errorf("%w: stored registration: %w", errBroken, err)
	}
	if !a.hears(g.Origin.RoutingKey, intake.KindRegistered, "", "") {
		return nil, nil
	}
	payload, err := json.Marshal(map[string]any{"repo": g.Origin.Repo, "sha": g.SHA, "workflows": g.Workflows})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	ev, err := intake.Custom(intake.KindRegistered, payload, g.Origin)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return &intake.Signal{Event: ev, Depth: g.Depth + 1, Registered: intake.Registered{RoutingKey: g.Origin.RoutingKey}}, nil
}

// about makes the signal of a run.
func about(ctx context.Context, tx store.Tx, run *engine.Run, kind string, payload any) (*intake.Signal, error) {
	depth, err := depthOf(ctx, tx, run.ID)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return &intake.Signal{
		Event: provider.Event{Name: kind, Event: event.Event{
			Type: kind, Payload: body, TargetBranch: event.InternalBranch, SourceRepo: run.Ref.Repo, SenderUsername: run.Sender,
		}},
		Depth: depth + 1, Untrusted: run.Trust == intake.Untrusted, Registered: intake.Registered{RoutingKey: run.RoutingKey},
	}, nil
}

// errBroken: what is stored cannot be understood, and will not be tomorrow.
var errBroken = errors.New("broken")

// depthOf is how many events led to a run.
func depthOf(ctx context.Context, tx store.Tx, id engine.RunID) (int, error) {
	stored, err := tx.Runs().Plan(ctx, id)
	if err != nil {
		return 0, err
	}
	p, err := runs.PlanOf(&engine.Snapshot{Plan: stored})
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errBroken, err)
	}
	return p.Depth, nil
}

// word is a status as triggers may name it.
func word(s status.Job) string {
	switch s {
	case status.JobTimedOut, status.JobDropped:
		return string(status.JobFailed)
	}
	return string(s)
}

// conclusion is what forges call it.
func conclusion(s status.Run) string {
	if s == status.RunFailed {
		return "failure"
	}
	return string(s)
}

func between(start, end time.Time) int64 {
	if start.IsZero() || end.Before(start) {
		return 0
	}
	return end.Sub(start).Milliseconds()
}
