package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/js/std/shell"
	"github.com/kici-dev/kici-go/executor/node"
	"github.com/kici-dev/kici-go/executor/step"
)

// nodeModules is what the house brings into a Node process: texts, sent when
// they are first required.
func nodeModules() map[string]string {
	all := node.Modules()
	all["kici:shell"] = shell.Source()
	all[moduleGuest] = string(guestSource)
	return all
}

func (e *Engine) runNode(ctx context.Context, t executor.Task) (result *executor.Result) {
	procs := e.options.Processes(t.Job.Cookie)
	env := node.NewEnv()
	eng := step.New(step.Config{Task: t, Env: env, Procs: procs})
	g := &nodeGuest{job: t.Job}
	defer func() { uncleaned(t.Job, result, errors.Join(g.Close(), procs.Close())) }()
	return eng.Run(ctx, func(ctx context.Context) (step.Guest, error) {
		command, err := node.Find(t.Job.System)
		if err != nil {
			return nil, &executor.Failure{Kind: executor.Thrown, Name: "NodeMissing", Message: missingNode(t.Job.Program, err)}
		}
		if why := t.Job.Program.Reason; why != "" {
			eng.Output(executor.Stderr, []byte("kici: this job runs on Node: "+why+"\n"))
		}
		g.start = func(ctx context.Context) (*node.Runtime, error) {
			return node.Start(context.WithoutCancel(ctx), node.Config{
				Command: command, Spawner: procs, Env: env, Functions: eng.Functions(), Modules: nodeModules(),
				Output: eng.Output, Dir: t.Job.Dir, Source: t.Job.Source,
			})
		}
		return g, g.open(ctx)
	})
}

func missingNode(p *executor.Program, err error) string {
	why := p.Reason
	if why == "" {
		why = "runtime: 'node'"
	}
	return "this job needs Node (" + why + "), and " + err.Error()
}

// nodeGuest is the guest module of a Node process. A process that had to be
// killed, or that crashed, is replaced when the next call comes: the hooks of
// a job run whatever became of its steps.
type nodeGuest struct {
	job   *executor.Job
	start func(context.Context) (*node.Runtime, error)

	memory memory

	mu      sync.Mutex // guards what follows
	runtime *node.Runtime
	closed  bool
}

var _ step.Guest = (*nodeGuest)(nil)

// open starts a process and opens the job in it.
func (g *nodeGuest) open(ctx context.Context) error {
	rt, err := g.start(ctx)
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.runtime = rt
	g.mu.Unlock()
	namespace, err := rt.Load(ctx, g.job.Program)
	if err == nil {
		_, err = rt.Invoke(ctx, moduleGuest, "open", namespace, openingOf(g.job))
	}
	if err != nil {
		return translate(ctx, err, g.job.Source)
	}
	return nil
}

// alive returns a process that can be asked.
func (g *nodeGuest) alive(ctx context.Context) (*node.Runtime, error) {
	g.mu.Lock()
	rt := g.runtime
	g.mu.Unlock()
	if rt.Err() == nil {
		return rt, nil
	}
	if err := rt.Close(); err != nil {
		return nil, err
	}
	if err := g.open(ctx); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := g.runtime.Invoke(ctx, moduleGuest, "resume", g.memory.state()); err != nil {
		return nil, translate(ctx, err, g.job.Source)
	}
	return g.runtime, nil
}

// Invoke implements step.Guest.
func (g *nodeGuest) Invoke(ctx context.Context, method string, params, result any) error {
	rt, err := g.alive(ctx)
	if err != nil {
		return err
	}
	raw, err := rt.Invoke(ctx, moduleGuest, method, params)
	if err != nil {
		return translate(ctx, err, g.job.Source)
	}
	if err := g.memory.keep(method, params, raw); err != nil || result == nil {
		return err
	}
	return json.Unmarshal(raw, result)
}

// Close ends the process.
func (g *nodeGuest) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runtime == nil || g.closed {
		return nil
	}
	g.closed = true
	return g.runtime.Close()
}
