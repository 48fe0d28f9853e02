package step

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/proc"
)

// Guest is the author's code, opened at one job. Methods are listed below with
// their parameters and results. An error that the author's code threw is an
// *executor.Failure; when ctx ends the call returns its cause.
type Guest interface {
	Invoke(ctx context.Context, method string, params, result any) error
}

// Methods of a Guest.
const (
	MethodDescribe = "describe" // → Description
	MethodField    = "field"    // {name, inline} → any
	MethodRules    = "rules"    // {level, step} → Verdict
	MethodStep     = "step"     // {step} → Outputs
	MethodHook     = "hook"     // {level, kind, step, outcome}
	MethodMatrix   = "matrix"   // {index} → array or object
	MethodGenerate = "generate" // {index} → []executor.Generated
	MethodGroup    = "group"    // → string
	MethodJobGroup = "jobGroup" // {index} → string
)

// Level is where a rule or a hook stands.
type Level string

const (
	LevelWorkflow Level = "workflow"
	LevelJob      Level = "job"
	LevelStep     Level = "step"
)

// Hook kinds.
const (
	OnCancel   = "onCancel"
	Cleanup    = "cleanup"
	OnSuccess  = "onSuccess"
	OnFailure  = "onFailure"
	BeforeStep = "beforeStep"
	AfterStep  = "afterStep"
)

// params is what every method takes; each reads its own part.
type params struct {
	Name    string            `json:"name,omitempty"`
	Inline  bool              `json:"inline,omitempty"` // the field must have a value
	Index   int               `json:"index"`
	Level   Level             `json:"level,omitempty"`
	Kind    string            `json:"kind,omitempty"`
	Step    int               `json:"step"`
	Outcome *executor.Outcome `json:"outcome,omitempty"`
}

// Description is what the engine needs to know of a job before it runs.
type Description struct {
	Steps []StepInfo `json:"steps"`
	// Fields names the dynamic values the job has: "environment", "env".
	Fields      []string            `json:"fields"`
	Rules       int                 `json:"rules"`
	Hooks       map[string]HookInfo `json:"hooks"`
	Timeout     float64             `json:"timeout"`     // ms, 0 none
	GracePeriod float64             `json:"gracePeriod"` // s, 0 none
	Init        []InitSpec          `json:"init"`
	Cache       []executor.Cache    `json:"cache"`
	// Workflow is what hangs on the workflow itself.
	Workflow struct {
		Rules int                 `json:"rules"`
		Hooks map[string]HookInfo `json:"hooks"`
	} `json:"workflow"`
}

// StepInfo describes one step.
type StepInfo struct {
	Name            string              `json:"name"`
	Timeout         float64             `json:"timeout"`
	ContinueOnError bool                `json:"continueOnError"`
	Rules           int                 `json:"rules"`
	Hooks           map[string]HookInfo `json:"hooks"`
	Cache           []executor.Cache    `json:"cache"`
	File            string              `json:"file"`
	Line            int                 `json:"line"`
}

// HookInfo says that a hook exists, and its budget.
type HookInfo struct {
	Timeout float64 `json:"timeout"` // ms, 0 the default
}

// InitSpec is one entry of a job's init.
type InitSpec struct {
	Run     string            `json:"run"`
	Shell   string            `json:"shell"`
	Timeout float64           `json:"timeout"`
	Env     map[string]string `json:"env"`
	Cache   []executor.Cache  `json:"cache"`
	Preset  string            `json:"preset"` // "mise" or "auto": Run is empty then
}

// Verdict is the outcome of a list of rules.
type Verdict struct {
	Passed  bool                  `json:"allPassed"`
	Results []executor.RuleResult `json:"results"`
}

// Outputs is what a step returned; Has is false for nothing.
type Outputs struct {
	Has   bool            `json:"has"`
	Value json.RawMessage `json:"value"`
}

// Environment is the live environment of the job: what the engine changes here
// is seen by the author's code and by the next command at once. *js.Env is one.
type Environment interface {
	Get(key string) (string, bool)
	Set(key, value string)
	Delete(key string)
	Environ() []string
}

// Processes starts the job's commands and ends them. *proc.Host is one.
type Processes interface {
	proc.Spawner
	Mark() proc.Mark
	Terminate(ctx context.Context, since proc.Mark, grace time.Duration) error
}

// Function is something the engine offers to the guest.
type Function = func(ctx context.Context, args []json.RawMessage) (any, error)

// Functions are offered under fixed names: Sync ones answer at once, Async
// ones may take time.
type Functions struct {
	Sync, Async map[string]Function
}
