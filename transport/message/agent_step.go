package message

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// PrepareStep is the index of everything outside of steps: clone, install, module
// top level, rules. Rows that the house adds around steps (hooks, init) have
// indexes behind those of the steps, so that an index names one row of a job.
const PrepareStep = -1

// StepStatus is a state that a step, or another row of a job, has reached.
type StepStatus struct {
	MessageID string `json:"messageId"`
	JobRef
	StepIndex int         `json:"stepIndex"`
	StepName  string      `json:"stepName"`
	State     status.Step `json:"state"`
	Timestamp int64       `json:"timestamp"`
	Data      *StepData   `json:"data,omitempty"`
	// StepType is "step" (or empty), "hook:cleanup" and the like, "init".
	StepType         string   `json:"step_type,omitempty"`
	SecretsAccessed  []string `json:"secretsAccessed,omitempty"`  // names
	LogBytesStreamed *int64   `json:"logBytesStreamed,omitempty"` // with a terminal state
}

// StepData is what a step.status says beyond the state. All of it is masked.
type StepData struct {
	DurationMS float64 `json:"durationMs,omitempty"`
	Error      string  `json:"error,omitempty"` // one line
	// Failure is the whole story, an executor.Failure, stored and shown and not
	// read on the way.
	Failure   json.RawMessage      `json:"failure,omitempty"`
	Outputs   json.RawMessage      `json:"outputs,omitempty"`
	Tolerated bool                 `json:"tolerated,omitempty"` // failed under continueOnError
	Reason    string               `json:"reason,omitempty"`    // why it was skipped
	Rules     []jobspec.RuleResult `json:"rules,omitempty"`
	File      string               `json:"file,omitempty"` // where the author wrote it
	Line      int                  `json:"line,omitempty"`
}

// StepApprovalRequest holds a step until people have agreed. The answer bears its
// message id.
type StepApprovalRequest struct {
	MessageID string `json:"messageId"`
	JobRef
	StepIndex      int                  `json:"stepIndex"`
	StepName       string               `json:"stepName"`
	Clauses        List[ApprovalClause] `json:"clauses"` // all of them; none: anybody who may approve
	Reason         string               `json:"reason"`
	TimeoutSeconds int                  `json:"timeoutSeconds,omitempty"`
	Payload        json.RawMessage      `json:"payload,omitempty"`
}

// ApprovalClause names a team or a user.
type ApprovalClause struct {
	Team string `json:"team,omitempty"`
	User string `json:"user,omitempty"`
}

// StepApprovalResolved is the answer.
type StepApprovalResolved struct {
	RequestID string `json:"requestId"`
	JobRef
	StepIndex int             `json:"stepIndex"`
	Outcome   ApprovalOutcome `json:"outcome"`
	Reason    string          `json:"reason,omitempty"`
}

// ApprovalOutcome is how a question to people ended.
type ApprovalOutcome string

// The outcomes.
const (
	Approved ApprovalOutcome = "approved"
	Rejected ApprovalOutcome = "rejected"
	Expired  ApprovalOutcome = "expired"
)

func (*StepStatus) Type() string           { return "step.status" }
func (*StepApprovalRequest) Type() string  { return "step.approval-request" }
func (*StepApprovalResolved) Type() string { return "step.approval-resolved" }
