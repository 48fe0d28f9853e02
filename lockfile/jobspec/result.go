package jobspec

import (
	"encoding/json"
)

// Status is how a job, a step or a hook ended.
type Status string

const (
	Success   Status = "success"
	Failed    Status = "failed"
	Skipped   Status = "skipped"
	Cancelled Status = "cancelled"
)

// RuleResult is what a rule said.
type RuleResult struct {
	Label    string  `json:"label"`
	Passed   bool    `json:"passed"`
	Duration float64 `json:"durationMs"`
	Error    string  `json:"error,omitempty"`
}

// Outcome is what a hook learns as ctx.outcome.
type Outcome struct {
	Status      Status                     `json:"status"`
	Reason      string                     `json:"reason,omitempty"`
	FailedStep  string                     `json:"failedStep,omitempty"`
	StepOutputs map[string]json.RawMessage `json:"stepOutputs"`
	Duration    float64                    `json:"duration"` // milliseconds
}

// Result is what became of a job, masked. Steps and logs travelled before it.
type Result struct {
	Status Status `json:"status"`
	// Reason is one line; Failure the whole story, an executor.Failure as JSON,
	// which orchestrators store and show and do not read.
	Reason  string          `json:"reason,omitempty"`
	Failure json.RawMessage `json:"failure,omitempty"`
	// Infrastructure: neither the author's code nor the budget is to blame.
	Infrastructure bool            `json:"infrastructure,omitempty"`
	Rules          []RuleResult    `json:"rules,omitempty"`
	Outputs        json.RawMessage `json:"outputs,omitempty"`
	Environment    string          `json:"environment,omitempty"`
	FailedStep     string          `json:"failedStep,omitempty"` // the first, for hooks of the workflow
	SecretsRead    []string        `json:"secretsRead,omitempty"`
	Prepared       *Prepared       `json:"prepared,omitempty"`
}
