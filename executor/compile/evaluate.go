package compile

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/proc"
)

//go:embed describe_gen.js
var describeSource []byte

// DefaultLoadTimeout is how long one workflow file may take to load. Top-level
// code may well ask a server something; nobody waits longer for a compile.
const DefaultLoadTimeout = 10 * time.Second

// errSlow is the cause of a load that was cut off.
var errSlow = errors.New("compile: loading takes too long")

// evaluator is the recording VM: the workflows of all files are created in it,
// none is run.
type evaluator struct {
	vm       *js.VM
	procs    *proc.Host // what top-level code started
	describe *js.Object
	timeout  time.Duration
}

func newEvaluator(ctx context.Context, o Options) (*evaluator, error) {
	procs := proc.Open(rand.Text())
	vm, err := js.New(context.WithValue(ctx, loadSpawnerKey{}, procs), js.Config{Modules: o.Modules, Output: o.Output, Env: o.Env, Dir: o.Dir, Log: o.Log})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("compile: %w", err), procs.Close())
	}
	e := &evaluator{vm: vm, procs: procs, timeout: o.LoadTimeout}
	if e.describe, err = vm.Load(ctx, js.Lazy("kici:describe", describeSource)); err != nil {
		return nil, errors.Join(fmt.Errorf("compile: %w", err), e.close())
	}
	return e, nil
}

// close ends the VM and whatever its code has started.
func (e *evaluator) close() error {
	return errors.Join(e.vm.Close(), e.procs.Close())
}

// loaded is what came of one file. data is what could be described even when
// there are problems: other mistakes may be found in it.
type loaded struct {
	data     json.RawMessage
	reported error // what factories complained about
	err      error // why loading or describing ended early
}

// load runs a program and describes the workflows that it exports.
func (e *evaluator) load(ctx context.Context, file string, p *js.Program) loaded {
	return e.read(ctx, p, "describe", file)
}

// read runs a program and hands its exports to a function of the description.
func (e *evaluator) read(ctx context.Context, p *js.Program, describe string, args ...any) (out loaded) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.timeout, errSlow)
	defer cancel()
	namespace, err := e.vm.Load(ctx, p)
	if errors.Is(err, errSlow) {
		out.err = err
		return out
	}
	// Factories report what is wrong and go on, so that one compile shows all
	// of it; an exception after that is most likely a consequence.
	_, out.reported = e.vm.Invoke(ctx, e.describe, "takeProblems")
	if err == nil {
		out.data, err = e.vm.Invoke(ctx, e.describe, describe, append([]any{namespace}, args...)...)
	}
	if out.reported == nil {
		out.err = err
	}
	return out
}

// parsed is a program on its way from the bundler into the VM.
type parsed struct {
	program *js.Program
	err     error
}

// parser parses programs on all processors, a little ahead of whoever loads
// them in order: with a hundred files parsing is most of the work.
type parser struct {
	out  []chan parsed
	work sync.WaitGroup
}

// parse starts; known, which may be nil, holds programs by hash from the
// compile before. The caller ends ctx or takes everything, then waits.
func parse(ctx context.Context, programs []bundle.Program, known map[string]*js.Program) *parser {
	p := &parser{out: make([]chan parsed, len(programs))}
	next := make(chan int, len(programs))
	for i := range programs {
		p.out[i] = make(chan parsed, 1)
		next <- i
	}
	close(next)
	for range min(runtime.GOMAXPROCS(0), len(programs)) {
		p.work.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					return
				}
				p.out[i] <- parseOne(&programs[i], known)
			}
		})
	}
	return p
}

func parseOne(p *bundle.Program, known map[string]*js.Program) parsed {
	if program := known[p.Hash]; program != nil {
		return parsed{program: program}
	}
	program, err := js.Compile(p.Entry, p.Code, p.Map)
	return parsed{program, err}
}

// take waits for the i-th program.
func (p *parser) take(ctx context.Context, i int) parsed {
	select {
	case r := <-p.out[i]:
		return r
	case <-ctx.Done():
		return parsed{err: context.Cause(ctx)}
	}
}
