package executor

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// Status is how a job, a step or a hook ended.
type Status = jobspec.Status

// All statuses of this room. What a run may be besides is the engine's.
const (
	Success   = jobspec.Success
	Failed    = jobspec.Failed
	Skipped   = jobspec.Skipped
	Cancelled = jobspec.Cancelled
)

// Reasons that callers branch on.
const (
	ReasonJobTimeout      = "job_timeout"
	ReasonWorkflowTimeout = "workflow_timeout"
)

// Result is what became of a job.
type Result struct {
	Status   Status        `json:"status"`
	Reason   string        `json:"reason,omitempty"`
	Failure  *Failure      `json:"failure,omitempty"`
	Duration time.Duration `json:"duration"`
	Rules    []RuleResult  `json:"rules,omitempty"` // of the job; of the workflow for KindPrepare
	Rows     []RowResult   `json:"rows,omitempty"`
	// OutOfMemory: the kernel ended a process of the job for want of memory.
	OutOfMemory bool `json:"outOfMemory,omitempty"`

	// Outputs is what other jobs see: flat when the job has one step, else by
	// step name. Nil when there are none.
	Outputs     json.RawMessage `json:"outputs,omitempty"`
	Environment string          `json:"environment,omitempty"`
	Secrets     []Secret        `json:"secrets,omitempty"` // published by setSecretOutput
	SecretsRead []string        `json:"secretsRead,omitempty"`
	Prepared    *Prepared       `json:"prepared,omitempty"`
}

// Failed finds the first row that failed and was not allowed to.
func (r *Result) FailedRow() *RowResult {
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Status == Failed && !row.Tolerated {
			return row
		}
	}
	return nil
}

// Explain puts what only the place of a job knows before why it failed.
func (r *Result) Explain(why string) {
	tell := func(f *Failure) {
		if f != nil {
			f.Message = why + ": " + f.Message
		}
	}
	tell(r.Failure)
	if row := r.FailedRow(); row != nil && row.Failure != r.Failure {
		tell(row.Failure)
	}
	r.Reason = strings.TrimSuffix(why+": "+r.Reason, ": ")
}

// RowKind tells steps from what the house adds around them.
type RowKind string

const (
	RowStep RowKind = "step"
	RowHook RowKind = "hook"
	RowInit RowKind = "init"
)

// PrepareRow is the index of the log bucket for everything outside of steps:
// module top level, rules, dynamic values.
const PrepareRow = -1

// Row is a line of a job's timeline. Steps have the indexes of their array;
// the other rows follow them.
type Row struct {
	Index int     `json:"index"`
	Kind  RowKind `json:"kind"`
	Name  string  `json:"name"`
	File  string  `json:"file,omitempty"` // where the author wrote it
	Line  int     `json:"line,omitempty"`
}

// RowResult is what became of a row.
type RowResult struct {
	Row
	Status    Status          `json:"status"`
	Tolerated bool            `json:"tolerated,omitempty"` // failed under continueOnError
	Duration  time.Duration   `json:"duration"`
	Failure   *Failure        `json:"failure,omitempty"`
	Rules     []RuleResult    `json:"rules,omitempty"`
	Outputs   json.RawMessage `json:"outputs,omitempty"`
	Bytes     int64           `json:"bytes,omitempty"` // of output
}

// RuleResult is what a rule said, and Outcome what a hook learns as ctx.outcome.
type (
	RuleResult = jobspec.RuleResult
	Outcome    = jobspec.Outcome
)
