package message

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/lockfile/status"
)

// ExecutionStatus is a run as a relay shows it.
type ExecutionStatus struct {
	MessageID      string     `json:"messageId"`
	RunID          string     `json:"runId"`
	WorkflowName   string     `json:"workflowName"`
	Status         status.Run `json:"status"`
	RepoIdentifier string     `json:"repoIdentifier,omitempty"`
	SHA            string     `json:"sha,omitempty"`
	Ref            string     `json:"ref,omitempty"`
	TriggerEvent   string     `json:"triggerEvent,omitempty"`
	CommitMessage  string     `json:"commitMessage,omitempty"` // its first line
	JobCount       int        `json:"jobCount,omitempty"`
	StartedAt      int64      `json:"startedAt"`
	CompletedAt    int64      `json:"completedAt,omitempty"`
	DurationMS     int64      `json:"durationMs,omitempty"`
	Timestamp      int64      `json:"timestamp"`
	ParentRunID    string     `json:"parentRunId,omitempty"`
	OriginalRunID  string     `json:"originalRunId,omitempty"`
	TriggeredBy    string     `json:"triggeredBy,omitempty"`
	FailureReason  string     `json:"failureReason,omitempty"`
	// RoutingKey is an addition: it stands in snapshots, and a relay needs it.
	RoutingKey string `json:"routingKey,omitempty"`
}

// JobSnapshot is a job as state.replay lists it.
type JobSnapshot struct {
	JobID        string     `json:"jobId"`
	JobName      string     `json:"jobName"`
	Status       status.Job `json:"status"`
	StartedAt    int64      `json:"startedAt,omitempty"`
	CompletedAt  int64      `json:"completedAt,omitempty"`
	DurationMS   int64      `json:"durationMs,omitempty"`
	ErrorMessage string     `json:"errorMessage,omitempty"`
	AgentID      string     `json:"agentId,omitempty"`
	RunsOnLabels Strings    `json:"runsOnLabels,omitempty"`
}

// JobStatusForward is a job as a relay shows it.
type JobStatusForward struct {
	MessageID string `json:"messageId"`
	RunID     string `json:"runId"`
	JobSnapshot
	MatrixValues   json.RawMessage `json:"matrixValues,omitempty"`
	OrchestratorID string          `json:"orchestratorId,omitempty"`
	Timestamp      int64           `json:"timestamp"`
}

// StepStatusForward is a step as a relay shows it.
type StepStatusForward struct {
	MessageID       string          `json:"messageId"`
	RunID           string          `json:"runId"`
	JobID           string          `json:"jobId"`
	JobName         string          `json:"jobName"`
	StepIndex       int             `json:"stepIndex"`
	StepName        string          `json:"stepName"`
	State           status.Step     `json:"state"`
	Timestamp       int64           `json:"timestamp"`
	Data            json.RawMessage `json:"data,omitempty"`
	SecretsAccessed Strings         `json:"secretsAccessed,omitempty"` // names
}

// RunSnapshot is an active run with its jobs.
type RunSnapshot struct {
	ExecutionStatus
	Jobs List[JobSnapshot] `json:"jobs"`
}

// StateReplay is every active run, sent when a connection begins.
type StateReplay struct {
	MessageID string            `json:"messageId"`
	Runs      List[RunSnapshot] `json:"runs"`
	Timestamp int64             `json:"timestamp"`
}

// ExecutionEvent is a decision, or that a run is finished.
type ExecutionEvent struct {
	MessageID string          `json:"messageId"`
	RunID     string          `json:"runId"`
	Event     string          `json:"event"`
	Data      json.RawMessage `json:"data,omitempty"`
	Timestamp int64           `json:"timestamp"`
}

// Kinds of [Actor].
const (
	ActorUser     = "user"
	ActorKey      = "api_key"
	ActorService  = "service_account"
	ActorOperator = "platform_operator"
	ActorSystem   = "system"
)

// Actor is who asks for something through a relay.
type Actor struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// RunRerunRequest asks for a run again.
type RunRerunRequest struct {
	MessageID   string `json:"messageId"`
	RequestID   string `json:"requestId"`
	RunID       string `json:"runId"`
	TriggeredBy string `json:"triggeredBy"`
	Actor       Actor  `json:"actor"`
}

// RunRerunResponse answers it: a run, or an error.
type RunRerunResponse struct {
	MessageID string `json:"messageId"` // of the request
	RequestID string `json:"requestId"`
	NewRunID  string `json:"newRunId,omitempty"`
	Failure
}

// RunCancelRequest asks for the end of a run.
type RunCancelRequest struct {
	MessageID   string `json:"messageId"`
	RequestID   string `json:"requestId"`
	RunID       string `json:"runId"`
	CancelledBy string `json:"cancelledBy"`
	Force       bool   `json:"force,omitempty"`
	Actor       Actor  `json:"actor"`
}

// RunCancelResponse answers it: how many jobs that concerned, or an error.
type RunCancelResponse struct {
	MessageID     string `json:"messageId"` // of the request
	RequestID     string `json:"requestId"`
	CancelledJobs int    `json:"cancelledJobs"`
	Failure
}

// Failure is why a request was not done.
type Failure struct {
	Error  string `json:"error,omitempty"`
	Code   string `json:"code,omitempty"`   // unsupported_request_type, invalid_payload, operation_disabled, …
	Status int    `json:"status,omitempty"` // as an HTTP answer
}

// DashboardRequest is a request of a dashboard; what it asks for is in its type.
type DashboardRequest struct {
	Kind      string          `json:"-"` // "runs.list": the type without "dashboard."
	RequestID string          `json:"requestId"`
	Actor     Actor           `json:"actor"`
	Params    json.RawMessage `json:"params,omitempty"`
}

// DashboardResponse answers it. A long answer comes in several: Seq counts from 0,
// and the last one says so.
type DashboardResponse struct {
	Kind      string          `json:"-"`
	RequestID string          `json:"requestId"`
	Result    json.RawMessage `json:"result,omitempty"`
	Chunk     []byte          `json:"chunk,omitempty"` // base64; of a payload
	Part      int             `json:"part,omitempty"`
	More      bool            `json:"more,omitempty"`
	Failure
}

// Kinds of dashboard requests that are known.
const (
	DashboardRuns       = "runs.list"
	DashboardRun        = "run.get"
	DashboardDeliveries = "event-log.list"
	DashboardPayload    = "payload"
)

// DashboardKinds lists them.
func DashboardKinds() []string {
	return []string{DashboardRuns, DashboardRun, DashboardDeliveries, DashboardPayload}
}

const (
	dashboardPrefix = "dashboard."
	responseSuffix  = ".response"
)

// DashboardTypes are the types of the requests, as an orchestrator lists what it
// supports.
func DashboardTypes() []string {
	var out []string
	for _, k := range DashboardKinds() {
		out = append(out, dashboardPrefix+k)
	}
	return out
}

func (*ExecutionStatus) Type() string   { return "execution.status" }
func (*JobStatusForward) Type() string  { return "job.status.forward" }
func (*StepStatusForward) Type() string { return "step.status.forward" }
func (*StateReplay) Type() string       { return "state.replay" }
func (*ExecutionEvent) Type() string    { return "execution.event" }
func (*RunRerunRequest) Type() string   { return "run.rerun.request" }
func (*RunRerunResponse) Type() string  { return "run.rerun.response" }
func (*RunCancelRequest) Type() string  { return "run.cancel.request" }
func (*RunCancelResponse) Type() string { return "run.cancel.response" }

// Type is made of the kind.
func (m *DashboardRequest) Type() string { return dashboardPrefix + m.Kind }

// Type is made of the kind.
func (m *DashboardResponse) Type() string { return dashboardPrefix + m.Kind + responseSuffix }
