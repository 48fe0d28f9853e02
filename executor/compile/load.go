package compile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std"
)

// bundle makes the programs of all sound files. The bundler is opened anew when
// the set of files changes.
func (r *run) bundle(ctx context.Context, files []string) ([]bundle.Program, error) {
	built, err := r.build(ctx, bundle.Options{Root: r.project.Root, Entries: files, Provided: provided(r.o.Modules)})
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

func (c *Compiler) build(ctx context.Context, o bundle.Options) (*bundle.Result, error) {
	if c.once {
		return bundle.Build(ctx, o)
	}
	if c.bundler == nil || !slices.Equal(c.entries, o.Entries) {
		c.Close()
		bundler, err := bundle.Open(o)
		if err != nil {
			return nil, err
		}
		c.bundler, c.entries = bundler, o.Entries
	}
	return c.bundler.Rebuild(ctx)
}

// provided names the modules that a program may require here.
func provided(modules map[string]js.Module) map[string]bool {
	names := make(map[string]bool, len(modules))
	for name := range modules {
		names[name] = true
	}
	for _, name := range std.Absent() {
		delete(names, name)
	}
	return names
}

// filesPerVM is from how many files on a second VM pays for itself: making one
// costs as much as loading some ten files.
const filesPerVM = 16

// load runs every program and collects what it describes. Many files are shared
// out to several VMs, one for each processor; files share nothing anyhow,
// because each is a bundle of its own.
func (r *run) load(ctx context.Context, programs []bundle.Program) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := r.guessRuntimes(ctx, programs); err != nil {
		return err
	}
	ahead := parse(ctx, programs, r.parsed)
	outcomes := make([]outcome, len(programs))
	workers := min(runtime.GOMAXPROCS(0), 1+(len(programs)-1)/filesPerVM)
	o := r.o
	if workers > 1 && o.Output != nil {
		o.Output = oneAtATime(o.Output)
	}
	var work sync.WaitGroup
	for w := range workers {
		work.Go(func() {
			l := loader{o: o, once: r.once, ahead: ahead, known: r.loaded, root: r.project.Root, choices: r.result.choices}
			// Every n-th file rather than a block: parsing goes in order.
			for i := w; i < len(programs) && ctx.Err() == nil; i += workers {
				if err := l.file(ctx, &programs[i], i, &outcomes[i]); err != nil {
					cancel(err)
				}
			}
			if err := l.close(); err != nil {
				cancel(err)
			}
		})
	}
	work.Wait()
	ahead.work.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := r.collect(programs, outcomes); err != nil {
		return err
	}
	return r.settleRuntimes(ctx)
}

func oneAtATime(write func(js.Stream, []byte)) func(js.Stream, []byte) {
	var mu sync.Mutex // guards write
	return func(stream js.Stream, p []byte) {
		mu.Lock()
		defer mu.Unlock()
		write(stream, p)
	}
}

// outcome is what became of one program.
type outcome struct {
	loaded
	program *js.Program
	took    time.Duration
}

// loader loads a share of the files in a VM of its own, made when first needed.
type loader struct {
	o     Options
	once  bool
	ahead *parser
	known map[string]json.RawMessage
	e     *evaluator

	root    string
	choices map[string]choice
	n       *nodeEvaluator
}

func (l *loader) close() error {
	if n := l.n; n != nil {
		l.n = nil
		if err := n.close(); err != nil {
			return fmt.Errorf("compile: %w", err)
		}
	}
	if l.e == nil {
		return nil
	}
	e := l.e
	l.e = nil
	if err := e.close(); err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	return nil
}

func (l *loader) file(ctx context.Context, p *bundle.Program, i int, out *outcome) (err error) {
	began := time.Now()
	defer func() { out.took = time.Since(began) }()
	got := l.ahead.take(ctx, i)
	if c := l.choices[p.Entry]; c.runtime == executor.Node {
		if data, ok := l.known[p.Hash]; ok {
			out.data = data
		} else {
			out.loaded = l.onNode(ctx, p, c)
		}
		return nil
	}
	out.err = got.err
	if !l.once {
		out.program = got.program
	}
	if got.err != nil {
		return nil
	}
	if data, ok := l.known[p.Hash]; ok {
		out.data = data
		return nil
	}
	if l.e == nil {
		if l.e, err = newEvaluator(ctx, l.o); err != nil {
			return err
		}
	}
	out.loaded = l.e.load(ctx, p.Entry, got.program)
	if errors.Is(out.err, errSlow) || errors.Is(out.reported, errSlow) {
		return l.close() // nobody knows what the interrupted code left behind
	}
	return nil
}

// collect files all outcomes in order, and keeps for the next compile what was
// described without complaint.
func (r *run) collect(programs []bundle.Program, outcomes []outcome) error {
	r.parsed, r.loaded = map[string]*js.Program{}, map[string]json.RawMessage{}
	for i := range programs {
		p, out := &programs[i], &outcomes[i]
		if !r.once && out.err == nil && out.reported == nil {
			r.parsed[p.Hash], r.loaded[p.Hash] = out.program, out.data
		}
		if err := r.take(p, out.loaded, out.took); err != nil {
			return err
		}
	}
	slices.SortStableFunc(r.result.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
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
