package executor

import (
	"context"
	"encoding/json"
)

// Stream is one of the two output streams.
type Stream uint8

const (
	Stdout Stream = 1
	Stderr Stream = 2
)

// Sink hears what happens, in order, one call at a time. Every method may
// block, and then the job waits: nothing is dropped.
type Sink interface {
	Begin(Row)
	// Log passes output as it came, cut anywhere. p is only lent.
	Log(row int, stream Stream, p []byte)
	Rule(row int, r RuleResult)
	End(RowResult)
}

// Emission is an event that a job sends.
type Emission struct {
	Name    string          `json:"name"`
	Payload json.RawMessage `json:"payload"`
	Target  json.RawMessage `json:"target,omitempty"`
}

// Cache is one restore or save of ctx.cache, or of a cache declaration.
type Cache struct {
	Key         string   `json:"key"`
	Paths       []string `json:"paths"`
	RestoreKeys []string `json:"restoreKeys,omitempty"`
}

// CacheHit answers a restore.
type CacheHit struct {
	Hit        bool   `json:"hit"`
	MatchedKey string `json:"matchedKey,omitempty"`
}

// Services is what a job may ask of whoever runs it. Calls come from several
// goroutines.
type Services interface {
	Emit(ctx context.Context, e Emission) (deliveryID string, err error)
	// Reveal hears of a value that is secret from now on. It returns before
	// any later output is passed to the Sink.
	Reveal(values []string)
	// Secrets resolves the secrets of a job whose environment is only known
	// once the job's own code has run.
	Secrets(ctx context.Context, environment string) ([]Secret, error)
	RestoreCache(ctx context.Context, dir string, c Cache) (CacheHit, error)
	SaveCache(ctx context.Context, dir string, c Cache) error
}

// Host is both.
type Host interface {
	Sink
	Services
}

// Task is a job on its way to a Runner.
type Task struct {
	Job  *Job
	Host Host
	// Force ends a cancellation that takes too long: no hooks, everything
	// killed. Nil never does.
	Force <-chan struct{}
	// Container asks for a container of that image; nil means wherever the
	// Runner runs jobs. Only executor/sandbox/container knows how.
	Container *Container
	// Resources bound the processes of the job together, as far as the place
	// can; nil does not.
	Resources *Resources
}

// Runner runs jobs. The end of ctx cancels gracefully, with the hooks of the
// author; its cause is the reason they see. Run returns after everything the
// job started is gone. Several may run at once.
type Runner interface {
	Run(ctx context.Context, t Task) *Result
}
