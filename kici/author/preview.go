package author

import (
	"context"
	"io"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// PreviewOptions says which event to imagine. Dir and Event are required.
type PreviewOptions struct {
	Dir     string // working directory
	KiciDir string // absolute or relative to Dir; default .kici
	Event   event.Arg
	event.Simulation

	Environ []string  // KEY=VALUE, what top-level code of workflows sees; Node is found by its PATH
	Stdout  io.Writer // what top-level code prints; nil drops it
	Stderr  io.Writer //
}

// Decision is what the event would do to one workflow, and why.
type Decision = trigger.Decision

// Check is one comparison of a Decision.
type Check = trigger.Check

// PreviewResult is the answer of Preview.
type PreviewResult struct {
	Root        string // what the files of Diagnostics are relative to
	KiciDir     string
	Event       event.Event
	Diagnostics []Diagnostic
	Lock        *lockfile.File // nil when the workflows do not compile
	Decisions   []Decision     // one for each workflow, in order
}

// Preview tells what an event would start, without running anything and
// without writing the lock file. It looks at the workflows as they are on disk:
// a stale lock file does not mislead it.
func Preview(ctx context.Context, o PreviewOptions) (*PreviewResult, error) {
	sources := CompileOptions{Dir: o.Dir, KiciDir: o.KiciDir, Check: true, Environ: o.Environ, Stdout: o.Stdout, Stderr: o.Stderr}
	compiled, err := compile.Compile(ctx, sources.options())
	if err != nil {
		return nil, err
	}
	res := &PreviewResult{Root: compiled.Project.Root, KiciDir: compiled.Project.KiciDir, Diagnostics: compiled.Diagnostics}
	if compiled.Failed() {
		return res, nil
	}
	res.Lock = compiled.Lock
	if res.Event, err = event.Simulate(o.Event, o.Simulation); err != nil {
		return nil, err
	}
	res.Decisions = trigger.Compile(res.Lock).Match(&res.Event)
	return res, nil
}
