package step

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/proc"
)

const initTimeout = 10 * time.Minute

// init sets the job up: each spec a row, the first failure ends the job.
func (e *Engine) init(ctx context.Context, d *Description) error {
	for i := range d.Init {
		spec := &d.Init[i]
		if !e.preset(spec) {
			continue
		}
		row := executor.Row{Index: len(d.Steps) + i, Kind: executor.RowInit, Name: fmt.Sprintf("init:%d", i)}
		e.begin(row)
		start := time.Now()
		err := e.initOne(ctx, spec)
		r := executor.RowResult{Row: row, Status: executor.Success, Duration: time.Since(start)}
		if err != nil {
			f := *e.asFailure(ctx, err)
			if f.Kind != executor.Interrupted {
				f.Message = fmt.Sprintf("init[%d] failed: %s", i, f.Message)
			}
			r.Status, r.Failure = executor.Failed, &f
			e.end(r)
			return &f
		}
		e.end(r)
	}
	return nil
}

// preset fills in a named spec; false means there is nothing to do.
func (e *Engine) preset(spec *InitSpec) bool {
	if spec.Preset == "" {
		return true
	}
	if spec.Preset == "auto" {
		found := false
		for _, name := range []string{"mise.toml", ".mise.toml", ".tool-versions"} {
			if _, err := os.Stat(filepath.Join(e.job.Dir, name)); err == nil {
				found = true
			}
		}
		if !found {
			return false
		}
	}
	spec.Run = `mise install && mise bin-paths >> "$KICI_PATH" && mise env --dotenv >> "$KICI_ENV"`
	return true
}

func (e *Engine) initOne(ctx context.Context, spec *InitSpec) error {
	if err := e.files.reset(); err != nil {
		return err
	}
	hit, err := e.restoreHit(ctx, spec.Cache)
	if err != nil {
		return err
	}
	if err := e.shell(ctx, spec); err != nil {
		return err
	}
	e.applyFiles()
	if hit {
		return nil
	}
	return e.save(ctx, spec.Cache)
}

// shell runs a spec's command.
func (e *Engine) shell(ctx context.Context, spec *InitSpec) error {
	budget := ms(spec.Timeout, initTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, budget, &executor.Failure{
		Kind: executor.TimedOut, Message: fmt.Sprintf("timed out after %d ms", budget.Milliseconds()),
	})
	defer cancel()
	shell := spec.Shell
	if shell == "" {
		shell = "bash"
	}
	env := e.env.Environ()
	for k, v := range spec.Env {
		env = append(env, k+"="+v)
	}
	mark := e.procs.Mark()
	p, err := e.procs.Start(ctx, proc.Command{
		Args: []string{shell, "-c", spec.Run}, Dir: e.job.Dir, Env: env,
		Stdout: output{e, executor.Stdout}, Stderr: output{e, executor.Stderr},
	})
	if err != nil {
		return &executor.Failure{Kind: executor.Thrown, Message: err.Error(), Command: spec.Run}
	}
	ended := make(chan proc.Exit, 1)
	go func() { ended <- p.Wait() }()
	var exit proc.Exit
	select {
	case exit = <-ended:
	case <-ctx.Done():
		if err := e.terminate(mark); err != nil {
			return err
		}
		<-ended
		return context.Cause(ctx)
	}
	if exit.Signal != "" {
		return &executor.Failure{Kind: executor.Thrown, Message: "ended by " + string(exit.Signal), Command: spec.Run, Signal: string(exit.Signal)}
	}
	if exit.Code != 0 {
		return &executor.Failure{Kind: executor.Thrown, Message: fmt.Sprintf("exit code %d", exit.Code), Command: spec.Run, Exit: &exit.Code}
	}
	return nil
}

// output is a stream of the engine as a writer.
type output struct {
	e      *Engine
	stream executor.Stream
}

func (o output) Write(p []byte) (int, error) {
	o.e.Output(o.stream, p)
	return len(p), nil
}
