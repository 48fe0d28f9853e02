package lockfile

import "encoding/json"

// Job is either a job written out, or a function that makes jobs at run time.
// Exactly one of the two is set.
type Job struct {
	Static  *StaticJob
	Dynamic *DynamicJob
}

// StaticJob is a job known at compile time.
type StaticJob struct {
	Type                    string        `json:"_type"` // always "static"
	Name                    string        `json:"name" lock:"required"`
	RunsOn                  Labels        `json:"runsOn,omitzero"`
	ExcludeLabels           Labels        `json:"excludeLabels,omitempty"`
	Needs                   []Need        `json:"needs"`
	DependsOnGroups         []string      `json:"dependsOnGroups,omitempty"`
	Steps                   []Step        `json:"steps"`
	Matrix                  *Matrix       `json:"matrix,omitzero"`
	Include                 []Map[string] `json:"include,omitzero"`
	Exclude                 []Map[string] `json:"exclude,omitzero"`
	Rules                   []RuleRef     `json:"rules,omitzero"`
	Description             string        `json:"description,omitzero"`
	Checkout                *bool         `json:"checkout,omitzero"`
	Cache                   Caches        `json:"cache,omitzero"`
	Container               *Container    `json:"container,omitzero"`
	DynamicEnvironment      bool          `json:"dynamicEnvironment,omitzero"`
	Environment             *Text         `json:"environment,omitzero"`
	DynamicEnv              bool          `json:"dynamicEnv,omitzero"`
	Env                     *Env          `json:"env,omitzero"`
	DynamicConcurrencyGroup bool          `json:"dynamicConcurrencyGroup,omitzero"`
	ConcurrencyGroup        *Text         `json:"concurrencyGroup,omitzero"`
	Contexts                []string      `json:"contexts,omitzero" lock:"read"`
	HasOnCancel             bool          `json:"hasOnCancel,omitzero"`
	HasCleanup              bool          `json:"hasCleanup,omitzero"`
	HasOnSuccess            bool          `json:"hasOnSuccess,omitzero"`
	HasOnFailure            bool          `json:"hasOnFailure,omitzero"`
	HasBeforeStep           bool          `json:"hasBeforeStep,omitzero"`
	HasAfterStep            bool          `json:"hasAfterStep,omitzero"`
	GracePeriod             *float64      `json:"gracePeriod,omitzero"` // seconds
	Timeout                 *float64      `json:"timeout,omitzero"`     // milliseconds
	// Resources and Init are the author's JSON as given; their readers live
	// where machines are chosen and where jobs are set up.
	Resources json.RawMessage `json:"resources,omitzero"`
	Init      json.RawMessage `json:"init,omitzero"`
}

// DynamicJob stands for a generator function: Source.Index is its place in the
// workflow's jobs array, Group the name its jobs can be needed by.
type DynamicJob struct {
	Type        string    `json:"_type"` // always "dynamic"
	Source      RefSource `json:"source"`
	Group       string    `json:"group,omitzero"`
	Needs       []Need    `json:"needs,omitzero"`
	ResultAware bool      `json:"resultAware,omitzero"`
}

// Step is what the lock remembers of a step: enough to draw and annotate it.
type Step struct {
	Name            string    `json:"name" lock:"required"`
	HasOutputs      bool      `json:"hasOutputs"`
	ContinueOnError bool      `json:"continueOnError,omitzero"`
	Timeout         *float64  `json:"timeout,omitzero"` // milliseconds
	Cache           Caches    `json:"cache,omitzero"`
	SourceLocation  *Location `json:"sourceLocation,omitzero"`
	HasRules        bool      `json:"hasRules,omitzero"`
	Rules           []RuleRef `json:"rules,omitempty"`
	HasOnCancel     bool      `json:"hasOnCancel,omitzero"`
	HasCleanup      bool      `json:"hasCleanup,omitzero"`
}

// Location is a position in an author's TypeScript, counted from one.
type Location struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// CacheSpec is one cache declaration.
type CacheSpec struct {
	Key         string   `json:"key"`
	Paths       []string `json:"paths"`
	RestoreKeys []string `json:"restoreKeys,omitzero"`
}

// Caches is always written as an array, also for a single declaration; a
// single object is accepted when read.
type Caches []CacheSpec

// What a job does when the one it needs did not succeed.
const (
	IfFailedSkip = "skip"
	IfFailedRun  = "run"
)

// Need is an edge: either the name of a job or of a group of generated jobs.
// IfFailed is empty when the author said nothing, which means skip.
type Need struct {
	Job      string
	Group    string
	IfFailed string
}

// Kinds of Matrix.
const (
	MatrixStatic  = "static"
	MatrixDynamic = "dynamic"
)

// Matrix holds the dimensions of a job. A static one has either Values (one
// unnamed dimension) or Dimensions in author order; a dynamic one has Source.
type Matrix struct {
	Type       string
	Values     []string
	Dimensions Map[[]string]
	Source     *MatrixSource
}

// MatrixSource names the job whose matrix function is to be called.
type MatrixSource struct {
	File    string `json:"file"`
	JobName string `json:"jobName"`
}

// Container is the image a job runs in. Object keeps the author's choice of
// {image} over a bare string when there is no env.
type Container struct {
	Image  string
	Env    Map[string]
	Object bool
}

// Text is a string, or a pure function to be evaluated before dispatch. Where
// the function is impure the job carries only its dynamic flag and no Text.
type Text struct {
	Literal string
	Inline  *Inline
}

// Env is a set of variables, or a pure function that returns one.
type Env struct {
	Values Map[string]
	Inline *Inline
}

// Inline is a pure JavaScript function of the event, as source text.
type Inline struct {
	Type       string `json:"_type"` // always "inline"
	Expression string `json:"expression"`
}

// NewInline wraps the text of a function.
func NewInline(expression string) *Inline { return &Inline{Type: "inline", Expression: expression} }
