package compile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/shell"
	"github.com/kici-dev/kici-go/executor/node"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/step"
)

// Program is the program of a workflow file in the form its runtime takes; nil
// when there is none.
func (r *Result) Program(file string) *executor.Program {
	i := slices.IndexFunc(r.Programs, func(p bundle.Program) bool { return p.Entry == file })
	if i < 0 {
		return nil
	}
	p := &r.Programs[i]
	out := &executor.Program{Entry: p.Entry, Code: p.Code, Map: p.Map, Hash: p.Hash, Runtime: executor.Embedded}
	c := r.choices[file]
	if c.runtime == executor.Node && p.Node != nil {
		out.Code, out.Map, out.Hash = p.Node.Code, p.Node.Map, p.Node.Hash
		out.Runtime, out.Reason = executor.Node, c.reason
	}
	return out
}

// choice is the runtime of one file, and why it is not the embedded one.
type choice struct {
	runtime executor.RuntimeName
	reason  string
}

// named finds a runtime that a file seems to ask for. The real answer is only
// known once the file is loaded, which a file that asks for it may need that
// runtime for; a wrong guess costs a load that fails, and settleRuntimes looks
// at the real answer.
var namedRuntime = regexp.MustCompile(`\bruntime\s*:\s*['"](embedded|node)['"]`)

// guess chooses where a file is loaded.
func guess(p *bundle.Program, text []byte) choice {
	said := map[string]bool{}
	for _, m := range namedRuntime.FindAllSubmatch(text, -1) {
		said[string(m[1])] = true
	}
	switch {
	case said["node"] && !said["embedded"]:
		return choice{executor.Node, saidNode}
	case len(p.NeedsNode) > 0 && (said["node"] || !said["embedded"]):
		return choice{executor.Node, p.Because()}
	}
	return choice{executor.Embedded, ""}
}

const saidNode = "the workflow says runtime: 'node'"

// guessRuntimes chooses for every file, and bundles again what is for Node.
func (r *run) guessRuntimes(ctx context.Context, programs []bundle.Program) error {
	r.result.choices = make(map[string]choice, len(programs))
	var files []string
	for i := range programs {
		p := &programs[i]
		c := guess(p, r.sources.get(p.Entry).text)
		r.result.choices[p.Entry] = c
		if c.runtime == executor.Node {
			files = append(files, p.Entry)
		}
	}
	return r.bundleForNode(ctx, programs, files)
}

func (r *run) bundleForNode(ctx context.Context, programs []bundle.Program, files []string) error {
	if len(files) == 0 {
		return nil
	}
	outputs, diags, err := bundle.ForNode(ctx, bundle.Options{Root: r.project.Root, Entries: files})
	if err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	r.report.bundleProblems(diags)
	for i := range programs {
		if o, ok := outputs[programs[i].Entry]; ok {
			programs[i].Node = &o
		}
	}
	return nil
}

// settleRuntimes replaces the guesses by what the workflows say.
func (r *run) settleRuntimes(ctx context.Context) error {
	said := map[string]*flow{}
	var late []string
	for i := range r.flows {
		f := &r.flows[i]
		if f.Runtime == "" {
			continue
		}
		if before := said[f.file]; before != nil && before.Runtime != f.Runtime {
			at := r.sources.field(f.place, "runtime")
			r.report.add(Diagnostic{
				Code: BadValue, File: f.file, Line: at.line, Column: at.column, Length: at.length,
				Message: fmt.Sprintf("workflow '%s' asks for runtime '%s', workflow '%s' of the same file for '%s'", f.Lock.Name, f.Runtime, before.Lock.Name, before.Runtime),
				Hint:    "a file is one program: put workflows for different runtimes into files of their own",
			})
		}
		said[f.file] = f
	}
	for i := range r.result.Programs {
		p := &r.result.Programs[i]
		c := choice{executor.Embedded, ""}
		if len(p.NeedsNode) > 0 {
			c = choice{executor.Node, p.Because()}
		}
		if f := said[p.Entry]; f != nil {
			switch executor.RuntimeName(f.Runtime) {
			case executor.Embedded:
				c = choice{executor.Embedded, ""}
			case executor.Node:
				c = choice{executor.Node, saidNode}
			}
		}
		r.result.choices[p.Entry] = c
		if c.runtime == executor.Node && p.Node == nil {
			late = append(late, p.Entry)
		}
	}
	return r.bundleForNode(ctx, r.result.Programs, late)
}

// nodeEvaluator is the recording VM's twin for files that need Node to load.
type nodeEvaluator struct {
	runtime *node.Runtime
	procs   *proc.Host
	o       Options
}

func newNodeEvaluator(ctx context.Context, o Options, root string) (*nodeEvaluator, error) {
	env := node.NewEnv()
	if o.Env != nil {
		for k, v := range o.Env.Map() {
			env.Set(k, v)
		}
	}
	command, err := node.Find(env.Environ())
	if err != nil {
		return nil, err
	}
	modules := node.Modules()
	modules["kici:describe"] = string(describeSource)
	modules["kici:shell"] = shell.Source()
	procs := proc.Open(rand.Text())
	output := func(s executor.Stream, p []byte) {
		if o.Output != nil {
			o.Output(js.Stream(s), p)
		}
	}
	rt, err := node.Start(ctx, node.Config{
		Command: command, Spawner: procs, Env: env, Functions: step.Functions{}, Modules: modules,
		Output: output, Dir: o.Dir, Source: root,
	})
	if err != nil {
		return nil, errors.Join(err, procs.Close())
	}
	return &nodeEvaluator{runtime: rt, procs: procs, o: o}, nil
}

func (e *nodeEvaluator) close() error { return errors.Join(e.runtime.Close(), e.procs.Close()) }

// load is evaluator.load over there.
func (e *nodeEvaluator) load(ctx context.Context, p *executor.Program) (out loaded) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.o.LoadTimeout, errSlow)
	defer cancel()
	namespace, err := e.runtime.Load(ctx, p)
	_, out.reported = e.runtime.Invoke(ctx, "kici:describe", "takeProblems")
	if err == nil {
		out.data, err = e.runtime.Invoke(ctx, "kici:describe", "describe", namespace, p.Entry)
	}
	if out.reported == nil {
		out.err = err
	}
	return out
}

// needsNode is a file that cannot be loaded because there is no Node.
type needsNode struct {
	reason string
	err    error
}

func (e *needsNode) Error() string {
	return fmt.Sprintf("the file needs Node: %s; %v", e.reason, e.err)
}
func (e *needsNode) Unwrap() error { return e.err }

// onNode loads a file in Node; l keeps the process for the next one.
func (l *loader) onNode(ctx context.Context, p *bundle.Program, c choice) (out loaded) {
	if p.Node == nil {
		return loaded{err: errBundled} // the diagnostics say why
	}
	if l.n == nil {
		n, err := newNodeEvaluator(ctx, l.o, l.root)
		if err != nil {
			return loaded{err: &needsNode{c.reason, err}}
		}
		l.n = n
	}
	out = l.n.load(ctx, &executor.Program{Entry: p.Entry, Code: p.Node.Code, Map: p.Node.Map, Hash: p.Node.Hash})
	if l.n.runtime.Err() != nil || errors.Is(out.err, errSlow) || errors.Is(out.reported, errSlow) {
		n := l.n
		l.n = nil
		if err := n.close(); err != nil {
			out.err = errors.Join(out.err, err)
		}
	}
	return out
}

// errBundled: the file did not get as far as being loaded.
var errBundled = errors.New("compile: not bundled")
