package workflow

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/sdk"
	"github.com/kici-dev/kici-go/executor/step"
)

//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild src/guest.ts guest_gen.js

//go:embed guest_gen.js
var guestSource []byte

// moduleGuest is the guest, moduleEngine what it asks the step engine through.
const (
	moduleGuest  = "kici:guest"
	moduleEngine = "kici:engine"
)

// Processes starts a job's commands and ends them, once Close is called all of
// them. *proc.Host is one.
type Processes interface {
	step.Processes
	Close() error
}

// Options are the live things an Engine needs. The zero value is good.
type Options struct {
	// Processes makes the job's own processes; by default real ones. Tests
	// script theirs.
	Processes func(cookie string) Processes
	// Client is what fetch uses; by default one of the engine's own. A request
	// carries the values of the context that its job runs under.
	Client *http.Client
	// Watch is told of each job's machine, and calls back what it returns when
	// the job is over.
	Watch func(ctx context.Context, m Machine) (done func())
	Log   *slog.Logger
}

// Machine is what the author's code of a job runs in; see js.VM.
type Machine interface {
	Turn() uint64
	Break(turn uint64, cause error)
}

// Engine runs jobs in VMs of its own process.
type Engine struct {
	options Options
	modules func() map[string]js.Module // the house's, made once

	mu       sync.Mutex // guards programs
	programs map[string]*js.Program
}

var _ executor.Runner = (*Engine)(nil)

// New returns an Engine. It does nothing before Warm or Run.
func New(o Options) *Engine {
	if o.Processes == nil {
		o.Processes = func(cookie string) Processes { return proc.Open(cookie) }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{options: o, modules: sync.OnceValue(func() map[string]js.Module { return modules(o.Client) }), programs: map[string]*js.Program{}}
}

// modules is everything that jobs share: texts, parsed on first use.
func modules(client *http.Client) map[string]js.Module {
	all := std.Modules(std.Options{Client: client, Spawner: jobSpawner{}})
	for name, body := range sdk.Sources() {
		all[name] = js.Source(js.Lazy("kici:"+name, []byte(body)))
	}
	all["zod"] = js.Source(js.Lazy("kici:zod", []byte(sdk.ZodSource())))
	all[moduleGuest] = js.Source(js.Lazy(moduleGuest, guestSource))
	return all
}

// jobSpawner leads a command to the processes of the job that starts it. The
// modules are shared by jobs; the job travels in the VM's context.
type jobSpawner struct{}

type spawnerKey struct{}

func (jobSpawner) Start(ctx context.Context, c proc.Command) (proc.Process, error) {
	s, ok := ctx.Value(spawnerKey{}).(proc.Spawner)
	if !ok {
		return nil, errors.New("workflow: commands cannot run here")
	}
	return s.Start(ctx, c)
}

// Warm parses the house's own programs, which is most of what the first job
// would wait for.
func (e *Engine) Warm() {
	ctx := context.Background()
	vm, err := js.New(ctx, e.config(nil, step.Functions{}))
	if err != nil {
		return // the first job meets the same error and reports it
	}
	_, _ = vm.Require(ctx, moduleGuest)
	_ = vm.Close()
}

func (e *Engine) config(job *executor.Job, fns step.Functions) js.Config {
	mods := maps.Clone(e.modules())
	mods[moduleEngine] = js.Funcs{Sync: fns.Sync, Async: fns.Async}
	c := js.Config{Modules: mods, Log: e.options.Log}
	if job != nil {
		c.Dir = job.Dir
	}
	return c
}

// program parses a bundle, once for all jobs that use it.
func (e *Engine) program(p *executor.Program) (*js.Program, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if got := e.programs[p.Hash]; got != nil {
		return got, nil
	}
	got, err := js.Compile(p.Entry, p.Code, p.Map)
	if err == nil {
		e.programs[p.Hash] = got
	}
	return got, err
}

// Run implements executor.Runner.
func (e *Engine) Run(ctx context.Context, t executor.Task) *executor.Result {
	if t.Job.Program != nil && t.Job.Program.Runtime == executor.Node {
		return e.runNode(ctx, t)
	}
	return e.runEmbedded(ctx, t)
}

func (e *Engine) runEmbedded(ctx context.Context, t executor.Task) (result *executor.Result) {
	procs := e.options.Processes(t.Job.Cookie)
	env := js.NewEnv(nil)
	eng := step.New(step.Config{Task: t, Env: env, Procs: procs})
	var vm *js.VM
	unwatch := func() {}
	defer func() {
		unwatch()
		// Processes first: what the VM waits for ends with them.
		err := procs.Close()
		if vm != nil {
			err = errors.Join(err, vm.Close())
		}
		uncleaned(t.Job, result, err)
	}()
	return eng.Run(ctx, func(ctx context.Context) (step.Guest, error) {
		cfg := e.config(t.Job, eng.Functions())
		cfg.Env = env
		cfg.Output = func(s js.Stream, p []byte) {
			if s == js.Stderr {
				eng.Output(executor.Stderr, p)
				return
			}
			eng.Output(executor.Stdout, p)
		}
		r := &reviver{open: func(ctx context.Context) (*guest, error) {
			unwatch()
			unwatch = func() {}
			if vm != nil {
				if err := vm.Close(); err != nil {
					return nil, err
				}
			}
			// The VM outlives ctx: hooks run in it after the job is cancelled.
			var err error
			vm, err = js.New(context.WithValue(context.WithoutCancel(ctx), spawnerKey{}, proc.Spawner(procs)), cfg)
			if err != nil {
				return nil, err
			}
			if e.options.Watch != nil {
				unwatch = e.options.Watch(ctx, vm)
			}
			return e.open(ctx, vm, t.Job)
		}}
		var err error
		if r.current, err = r.open(ctx); err != nil {
			return nil, err
		}
		return r, nil
	})
}

// uncleaned turns what could not be cleaned up into the job's failure.
func uncleaned(job *executor.Job, result *executor.Result, err error) {
	if err == nil {
		return
	}
	text := fmt.Sprintf("workflow: clean up after job %s: %v", job.Name, err)
	result.Status, result.Reason, result.Failure = executor.Failed, text, executor.Broken(text)
}
