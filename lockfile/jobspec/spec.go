package jobspec

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/lockfile"
)

// Kind says what is asked of a workflow's program.
type Kind string

const (
	// KindJob runs one job.
	KindJob Kind = "job"
	// KindPrepare evaluates what a plan needs and only the author's code can
	// say: workflow rules, the concurrency group, generators and matrices.
	KindPrepare Kind = "prepare"
	// KindFinally runs the workflow's own hooks after all jobs.
	KindFinally Kind = "finally"
)

// Spec is one job of a run, as far as it is known when the plan is made.
type Spec struct {
	Kind     Kind            `json:"kind"`
	Workflow string          `json:"workflow"`
	Source   lockfile.Source `json:"source"` // file and export of the workflow
	// ContentHash is the workflow's in the lock file. Sources that have another
	// are refused before any step: the lock file is out of date.
	ContentHash string `json:"contentHash,omitempty"`
	// HashFiles are the files beside the source that the hash covers, in the
	// order the lock file recorded.
	HashFiles []string `json:"hashFiles,omitempty"`

	Name      string               `json:"name"` // with the matrix suffix
	Base      string               `json:"base"` // without it
	Group     string               `json:"group,omitempty"`
	Index     int                  `json:"index"` // entry of the workflow's jobs array
	Generated bool                 `json:"generated,omitempty"`
	Siblings  []string             `json:"siblings,omitempty"` // names the generator gave when the plan was made
	Matrix    lockfile.Map[string] `json:"matrix,omitempty"`
	Needs     []string             `json:"needs,omitempty"` // base names, for ctx.inputs

	// Lock is the job in the lock file: checkout, container, resources,
	// timeout. Nil for prepare and finally.
	Lock *lockfile.StaticJob `json:"lock,omitempty"`

	Prepare *Prepare `json:"prepare,omitempty"` // for KindPrepare
	Outcome *Outcome `json:"outcome,omitempty"` // for KindFinally
}

// Input is what a job is given when it is sent out. It is not stored with the
// job: the event lies in the run's snapshot, outputs with the jobs that gave
// them.
type Input struct {
	Event        json.RawMessage            `json:"event"` // the normalised envelope
	ChangedFiles []string                   `json:"changedFiles,omitempty"`
	Provider     string                     `json:"provider,omitempty"`
	TestRun      bool                       `json:"testRun,omitempty"`
	Upstream     map[string]json.RawMessage `json:"upstream,omitempty"` // outputs by job; joined for a matrix
	// Environment and Env are the values of inline functions, evaluated before
	// dispatch; Variables those of the environment.
	Environment string            `json:"environment,omitempty"`
	Env         map[string]string `json:"env,omitempty"`
	Variables   map[string]string `json:"variables,omitempty"`
	Debug       bool              `json:"debug,omitempty"`
}

// Secret is one value that ctx.secrets hands out. It travels with a dispatch
// and is stored nowhere in the clear.
type Secret struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Scope   string `json:"scope,omitempty"`
	Backend string `json:"backend,omitempty"`
}
