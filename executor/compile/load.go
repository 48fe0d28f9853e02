package compile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
)

// bundle makes the programs of all sound files. The bundler is opened anew when
// the set of files changes.
func (r *run) bundle(ctx context.Context, files []string) ([]bundle.Program, error) {
	c := r.Compiler
	if c.bundler == nil || !slices.Equal(c.entries, files) {
		c.Close()
		bundler, err := bundle.Open(bundle.Options{Root: c.project.Root, Entries: files, Provided: provided(c.o.Modules)})
		if err != nil {
			return nil, fmt.Errorf("compile: %w", err)
		}
		c.bundler, c.entries = bundler, files
	}
	built, err := c.bundler.Rebuild(ctx)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	r.report.bundleProblems(built.Diagnostics)
	for _, f := range built.Failed {
		r.result.Files = append(r.result.Files, File{Path: f, Failed: true})
	}
	for _, p := range built.Programs {
		r.result.Inputs = append(r.result.Inputs, p.Inputs...)
	}
	r.result.Inputs = append(r.result.Inputs, built.Failed...)
	slices.Sort(r.result.Inputs)
	r.result.Inputs = slices.Compact(r.result.Inputs)
	r.result.Programs = built.Programs
	return built.Programs, nil
}

// provided names the modules that a program may require here.
func provided(modules map[string]js.Module) map[string]bool {
	names := make(map[string]bool, len(modules))
	for name := range modules {
		names[name] = true
	}
	return names
}

// load runs every program in order and collects what it describes.
func (r *run) load(ctx context.Context, programs []bundle.Program) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead := parse(ctx, programs, r.parsed)
	defer ahead.work.Wait()
	defer cancel()
	var e *evaluator
	defer func() {
		if e != nil {
			err = errors.Join(err, e.vm.Close())
		}
	}()
	parsedNow := make(map[string]*js.Program, len(programs))
	loadedNow := make(map[string]json.RawMessage, len(programs))
	for i := range programs {
		p := &programs[i]
		began := time.Now()
		got := ahead.take(ctx, i)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		data, known := r.loaded[p.Hash]
		outcome := loaded{data: data, err: got.err}
		if got.err == nil && !known {
			if e == nil {
				if e, err = newEvaluator(ctx, r.o); err != nil {
					return err
				}
			}
			outcome = e.load(ctx, p.Entry, got.program)
			if errors.Is(outcome.err, errSlow) || errors.Is(outcome.reported, errSlow) {
				// Nobody knows what the interrupted code left behind.
				err = e.vm.Close()
				if e = nil; err != nil {
					return fmt.Errorf("compile: %w", err)
				}
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if outcome.err == nil && outcome.reported == nil {
			parsedNow[p.Hash], loadedNow[p.Hash] = got.program, outcome.data
		}
		if err := r.take(p, outcome, time.Since(began)); err != nil {
			return err
		}
	}
	r.parsed, r.loaded = parsedNow, loadedNow
	slices.SortStableFunc(r.result.Files, func(a, b File) int { return slices.Index(r.entries, a.Path) - slices.Index(r.entries, b.Path) })
	return nil
}

// take files the outcome of one program.
func (r *run) take(p *bundle.Program, outcome loaded, took time.Duration) error {
	file := File{Path: p.Entry, Load: took}
	if before := len(r.report.list); outcome.err == nil {
		r.report.earlyUses(p)
		file.Failed = len(r.report.list) > before
	}
	for _, err := range []error{outcome.reported, outcome.err} {
		if err != nil {
			file.Failed = true
			r.report.loadProblem(p, err, r.o.LoadTimeout)
		}
	}
	var flows []flow
	if outcome.data != nil {
		var err error
		if flows, err = decodeFlows(outcome.data, p.Entry, file.Failed); err != nil {
			return err
		}
	}
	if len(flows) == 0 && !file.Failed {
		r.report.add(Diagnostic{
			Code: NoExport, File: p.Entry,
			Message: "the file exports no workflow",
			Hint:    "export default workflow(…), or move helpers out of the workflows directory",
		})
		file.Failed = true
	}
	for _, f := range flows {
		file.Workflows = append(file.Workflows, f.Lock.Name)
	}
	r.result.Files = append(r.result.Files, file)
	r.flows = append(r.flows, flows...)
	return nil
}
