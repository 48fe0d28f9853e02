package runs

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Kinds of events. Data of a run's is [RunChange], of a job's [JobChange], of a
// step's [StepChange].
const (
	KindRunCreated   = "run.created"
	KindRunStarted   = "run.started"
	KindRunWaiting   = "run.waiting"
	KindRunFinished  = "run.finished"
	KindRunCancel    = "run.cancel"
	KindJobCreated   = "job.created"
	KindJobWaiting   = "job.waiting"
	KindJobQueued    = "job.queued"
	KindJobStarted   = "job.started"
	KindJobRequeued  = "job.requeued"
	KindJobCancel    = "job.cancelling"
	KindJobRecover   = "job.recovering"
	KindJobFinished  = "job.finished"
	KindStepStarted  = "step.started"
	KindStepFinished = "step.finished"
)

// RunChange is the data of a run's event.
type RunChange struct {
	Workflow string     `json:"workflow"`
	Status   status.Run `json:"status"`
	Reason   string     `json:"reason,omitempty"`
	Group    string     `json:"group,omitempty"`
	Ahead    int        `json:"ahead,omitempty"` // runs before this one in its group
}

// JobChange is the data of a job's event.
type JobChange struct {
	Name   string     `json:"name"`
	Status status.Job `json:"status"`
	Reason string     `json:"reason,omitempty"`
	// Attempt and Agent say who has it, once somebody does.
	Attempt engine.AttemptID `json:"attempt,omitempty"`
	Agent   engine.AgentID   `json:"agent,omitempty"`
	// Detail is the jobspec.Result of a finished job, without outputs.
	Detail json.RawMessage `json:"detail,omitempty"`
}

// StepChange is the data of a step's event.
type StepChange struct {
	Job     string           `json:"job"`
	Attempt engine.AttemptID `json:"attempt"`
	Index   int              `json:"index"`
	Kind    string           `json:"kind"`
	Name    string           `json:"name"`
	Status  status.Step      `json:"status"`
	Error   string           `json:"error,omitempty"`
	Data    json.RawMessage  `json:"data,omitempty"`
}

// encode never fails: the data are ours.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return b
}
