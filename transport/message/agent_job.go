package message

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// JobStatus is a state a job has reached on its agent.
type JobStatus struct {
	MessageID string `json:"messageId"`
	JobRef
	State     status.Job `json:"state"`
	Timestamp int64      `json:"timestamp"`
	Data      *JobData   `json:"data,omitempty"`
	// DroppedJobs are the names a generator no longer gave.
	DroppedJobs   []string                `json:"droppedJobs,omitempty"`
	SecretOutputs map[string]SealedSecret `json:"secretOutputs,omitempty"`
}

// JobData is what a job.status says beyond the state.
type JobData struct {
	// Result comes with a terminal state. Of a prepare job it carries what the
	// author's code answered.
	Result *jobspec.Result `json:"result,omitempty"`
}

// SealedSecret is a secret output that only the run's private key opens.
type SealedSecret struct {
	AgentPublicKey string `json:"agentPublicKey"`
	Encrypted      string `json:"encrypted"`
}

// JobHeartbeat is the sign of life of one job. It has no message id.
type JobHeartbeat struct {
	JobRef
	Timestamp int64 `json:"timestamp"`
}

// JobContext describes where a job runs. It is shown and not kept.
type JobContext struct {
	MessageID string `json:"messageId"`
	JobRef
	Timestamp   int64             `json:"timestamp"`
	NodeVersion string            `json:"nodeVersion,omitempty"`
	Platform    string            `json:"platform,omitempty"`
	Arch        string            `json:"arch,omitempty"`
	OSRelease   string            `json:"osRelease,omitempty"`
	SandboxType string            `json:"sandboxType,omitempty"`
	Runtime     string            `json:"runtime,omitempty"` // what runs the TypeScript
	WorkingDir  string            `json:"workingDir,omitempty"`
	GitRef      string            `json:"gitRef,omitempty"`
	Env         map[string]string `json:"env,omitempty"` // masked
}

// JobConcurrencyReport asks for the slot of a concurrency group.
type JobConcurrencyReport struct {
	MessageID string `json:"messageId"`
	JobRef
	Group string `json:"group"`
}

// JobConcurrencyAck answers it. A released slot wakes a waiting job with the same
// message, which then names the job.
type JobConcurrencyAck struct {
	RequestID string            `json:"requestId"`
	Action    ConcurrencyAction `json:"action"`
	Reason    string            `json:"reason,omitempty"`
	RunID     string            `json:"runId,omitempty"`
	JobID     string            `json:"jobId,omitempty"`
}

// ConcurrencyAction is what a job is to do about its group.
type ConcurrencyAction string

// The actions.
const (
	ConcurrencyProceed ConcurrencyAction = "proceed"
	ConcurrencyWait    ConcurrencyAction = "wait"
	ConcurrencyCancel  ConcurrencyAction = "cancel"
)

// RunEvent is an entry of a run's infrastructure timeline, such as
// agent.clone.start.
type RunEvent struct {
	MessageID string `json:"messageId"`
	JobRef
	Event     string          `json:"event"`
	Timestamp int64           `json:"timestamp"`
	Data      json.RawMessage `json:"data,omitempty"`
}

func (*JobStatus) Type() string            { return "job.status" }
func (*JobHeartbeat) Type() string         { return "job.heartbeat" }
func (*JobContext) Type() string           { return "job.context" }
func (*JobConcurrencyReport) Type() string { return "job.concurrency.report" }
func (*JobConcurrencyAck) Type() string    { return "job.concurrency.ack" }
func (*RunEvent) Type() string             { return "run.event" }
