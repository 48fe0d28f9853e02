package compile

import (
	"context"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// Bundle makes the program of one workflow file, for whoever runs a job of a
// lock file that was compiled elsewhere. It loads nothing: the author's code
// runs in the job's own child and nowhere else. So the runtime is what the
// file's text asks for; only a file that computes the value of `runtime` is
// read differently by Compile.
//
// The error is a *Failure when the file is at fault.
func Bundle(ctx context.Context, o Options, file string) (*executor.Program, error) {
	c, err := Open(o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.once = true
	sources := newSources(c.project.Root)
	r := &run{Compiler: c, result: &Result{Project: c.project}, sources: sources, report: &report{sources: sources}, started: time.Now()}
	if files := r.readable([]string{file}); len(files) > 0 {
		programs, err := r.bundle(ctx, files)
		if err != nil {
			return nil, err
		}
		if err := r.guessRuntimes(ctx, programs); err != nil {
			return nil, err
		}
	}
	r.result.Diagnostics = r.report.sorted()
	if err := r.result.Err(); err != nil {
		return nil, err
	}
	p := r.result.Program(file)
	if p == nil {
		return nil, fmt.Errorf("compile: %s has no program", file)
	}
	return p, nil
}
