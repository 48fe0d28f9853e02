package lockfile

// SchemaVersion is the schema written here, and the newest one read.
const SchemaVersion = 15

// CompileSchemaVersion is mixed into every workflow's content hash; raising it
// throws away all cached sources although no source changed.
const CompileSchemaVersion = 5

// Path is where a lock file lives inside a project's kici directory.
const Path = "kici.lock.json"

// Limits of what Parse accepts. They bound memory when the bytes come from a
// pull request of a stranger; a generated file stays far below.
const (
	MaxBytes = 16 << 20
	MaxDepth = 64
)

// File is a whole lock file.
type File struct {
	SchemaVersion int        `json:"schemaVersion" lock:"required"`
	Source        Source     `json:"source"`
	ContentHash   string     `json:"contentHash"`
	LockfileHash  string     `json:"lockfileHash,omitzero"`
	Workflows     []Workflow `json:"workflows" lock:"required"`
}

// Source names an export of a file: File is relative to the git root with
// forward slashes, Export is "#default", "#default[2]" or "#name".
type Source struct {
	File   string `json:"file"`
	Export string `json:"export"`
}

// Workflow is one compiled workflow.
type Workflow struct {
	Name                 string       `json:"name" lock:"required"`
	Source               Source       `json:"source"`
	ContentHash          string       `json:"contentHash"`
	CompileSchemaVersion int          `json:"compileSchemaVersion"`
	Triggers             []Trigger    `json:"triggers"`
	Jobs                 []Job        `json:"jobs"`
	Rules                []RuleRef    `json:"rules,omitzero"`
	Description          string       `json:"description,omitzero"`
	HashFiles            []string     `json:"hashFiles,omitempty"`
	ResolvedHashFiles    []string     `json:"resolvedHashFiles,omitempty"`
	Contexts             []string     `json:"contexts,omitzero" lock:"read"`
	Registries           []Registry   `json:"registries,omitempty"`
	InstallEnv           []string     `json:"installEnv,omitempty"`
	HasOnCancel          bool         `json:"hasOnCancel,omitzero"`
	HasCleanup           bool         `json:"hasCleanup,omitzero"`
	HasOnSuccess         bool         `json:"hasOnSuccess,omitzero"`
	HasOnFailure         bool         `json:"hasOnFailure,omitzero"`
	Concurrency          *Concurrency `json:"concurrency,omitzero"`
	Timeout              *float64     `json:"timeout,omitzero"` // milliseconds
}

// Find returns the workflow of that name, or nil.
func (f *File) Find(name string) *Workflow {
	for i := range f.Workflows {
		if f.Workflows[i].Name == name {
			return &f.Workflows[i]
		}
	}
	return nil
}

// RuleRef points at a rule function; functions cannot live in a lock file, so
// whoever evaluates the rule loads the file and takes the index-th one.
type RuleRef struct {
	Type   string    `json:"_type"` // always "dynamic"
	Label  string    `json:"label"`
	Source RefSource `json:"source"`
}

// RefSource is a position inside a workflow file: what Index counts depends on
// the thing referred to (rules, or entries of the jobs array).
type RefSource struct {
	File  string `json:"file"`
	Index int    `json:"index"`
}

// Registry is a private npm registry declaration; the token itself never
// appears in a lock file, only its "environment:name".
type Registry struct {
	URL         string `json:"url"`
	Scope       string `json:"scope,omitzero"`
	TokenSecret string `json:"tokenSecret"`
	AlwaysAuth  *bool  `json:"alwaysAuth,omitzero"` // nil: author said nothing, readers assume true
}

// Concurrency is the workflow-level declaration. The group is a function and
// stays in the source; nil fields mean the run-time defaults (cancel: true, max: 1).
type Concurrency struct {
	HasGroup         bool     `json:"hasGroup"`
	CancelInProgress *bool    `json:"cancelInProgress,omitzero"`
	Max              *float64 `json:"max,omitzero"`
}
