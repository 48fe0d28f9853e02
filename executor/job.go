package executor

import (
	"encoding/json"
	"time"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// Kind says what is asked of a workflow program.
type Kind = jobspec.Kind

// The kinds.
const (
	KindJob     = jobspec.KindJob
	KindPrepare = jobspec.KindPrepare
	KindFinally = jobspec.KindFinally
)

// RuntimeName says what runs a program.
type RuntimeName string

// The runtimes. The zero value means Embedded.
const (
	Embedded RuntimeName = "embedded" // executor/js, inside the child
	Node     RuntimeName = "node"     // executor/node, a process per job
)

// Program is one bundled workflow file, ready for its runtime.
type Program struct {
	Entry     string // path of the file, relative to the sources' root
	Code, Map []byte
	Hash      string
	Runtime   RuntimeName
	// Reason says why it is not the embedded runtime, for the log.
	Reason string
}

// Origin is the place of a workflow, and of a job in it. Functions cannot
// travel, so whoever runs a job loads the program again and looks there.
type Origin struct {
	Export    string   `json:"export"`             // "#default", "#default[2]", "#name"
	Generated bool     `json:"generated"`          // the job comes out of a generator
	Index     int      `json:"index"`              // entry of the workflow's jobs array
	Siblings  []string `json:"siblings,omitempty"` // names the generator gave when the plan was made
}

// Secret is one value that ctx.secrets hands out.
type Secret struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Scope   string `json:"scope,omitempty"`
	Backend string `json:"backend,omitempty"`
	// Quiet values are readable but not masked: what somebody typed as a
	// plain variable is no secret to the one who typed it.
	Quiet bool `json:"quiet,omitempty"`
}

// Limits bound a job. Zero values mean the documented defaults.
type Limits struct {
	Step  time.Duration `json:"step,omitempty"`  // a step without a timeout of its own; 30 min
	Hook  time.Duration `json:"hook,omitempty"`  // a hook without one; 5 min
	Field time.Duration `json:"field,omitempty"` // a dynamic value; 60 s
	Grace time.Duration `json:"grace,omitempty"` // from TERM to KILL; 30 s
}

// Defaults fills what is zero.
func (l Limits) Defaults() Limits {
	for _, d := range []struct {
		at *time.Duration
		to time.Duration
	}{{&l.Step, 30 * time.Minute}, {&l.Hook, 5 * time.Minute}, {&l.Field, time.Minute}, {&l.Grace, 30 * time.Second}} {
		if *d.at <= 0 {
			*d.at = d.to
		}
	}
	return l
}

// Job is one piece of work for one child.
type Job struct {
	Kind     Kind   `json:"kind"`
	Run      string `json:"run"`
	Workflow string `json:"workflow"`
	Name     string `json:"name"` // with the matrix suffix
	Base     string `json:"base"` // without it
	Origin   Origin `json:"origin"`
	RunsOn   string `json:"runsOn,omitempty"`

	Matrix       json.RawMessage `json:"matrix,omitempty"`
	Event        json.RawMessage `json:"event"` // the normalised envelope
	ChangedFiles []string        `json:"changedFiles,omitempty"`
	Provider     string          `json:"provider,omitempty"`
	TestRun      bool            `json:"testRun,omitempty"`

	Dir    string `json:"dir"`    // where steps work
	Source string `json:"source"` // root of the author's sources, for code frames

	System    []string          `json:"system,omitempty"`    // environment of the machine, unfiltered
	Meta      map[string]string `json:"meta,omitempty"`      // KICI_*
	Variables map[string]string `json:"variables,omitempty"` // organisation's, then the source's
	Typed     map[string]string `json:"typed,omitempty"`     // what somebody typed for this run; beats the job's own

	Secrets []Secret `json:"secrets,omitempty"`
	// Inline names the fields whose functions the lock file holds: they must
	// return a value, as they must where an orchestrator evaluates them.
	Inline   []string                   `json:"inline,omitempty"`
	Needs    []string                   `json:"needs,omitempty"`    // base names, for ctx.inputs
	Upstream map[string]json.RawMessage `json:"upstream,omitempty"` // outputs of finished jobs
	Limits   Limits                     `json:"limits"`
	Debug    bool                       `json:"debug,omitempty"`

	Prepare *Prepare `json:"prepare,omitempty"`
	Outcome *Outcome `json:"outcome,omitempty"` // of the run, for KindFinally

	// Cookie marks every process of the job; the runner sets it.
	Cookie string `json:"cookie,omitempty"`

	Program *Program `json:"-"`
}

// What the prepare phase is asked and answers travels between orchestrator and
// agent as well, so it is declared with the rest of what travels.
type (
	Prepare       = jobspec.Prepare
	Prepared      = jobspec.Prepared
	Generated     = jobspec.Generated
	GeneratedNeed = jobspec.GeneratedNeed
)
