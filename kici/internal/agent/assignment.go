package agent

import (
	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/executor/deps"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// Ref names one attempt at a job. Fence rises with every attempt, so that what
// an older one still writes can be told.
type Ref struct {
	Run     string
	Job     string
	Attempt string
	Fence   int64
}

// Assignment is a job that this agent is to run.
type Assignment struct {
	Ref
	Spec    jobspec.Spec
	Input   jobspec.Input
	Secrets []jobspec.Secret
	Source  clone.Source // Standalone is this room's to set

	// Registries and InstallSecrets are for the install of .kici alone.
	Registries     []deps.Registry
	InstallSecrets map[string]string

	LogCap       int64  // stored bytes of a step's log; zero is the agent's own
	RunPublicKey string // secret outputs are sealed to it
	// CacheScope is CacheTrusted, or anything else: what an untrusted run
	// installs must not be found by a trusted one.
	CacheScope string
	TraceID    string
}

// CacheTrusted is the scope of the repository's own branches.
const CacheTrusted = "trusted"
