package workflow

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/node"
	"github.com/kici-dev/kici-go/executor/step"
)

// guest is the guest module of one VM, opened at one job.
type guest struct {
	vm      *js.VM
	exports *js.Object
	source  string // root of the author's sources
}

var _ step.Guest = (*guest)(nil)

// opening is what the guest needs to know of a job: the job without its
// secrets and environment, which live on this side.
type opening struct {
	Kind     executor.Kind              `json:"kind"`
	Workflow string                     `json:"workflow"`
	Name     string                     `json:"name"`
	Base     string                     `json:"base"`
	Origin   executor.Origin            `json:"origin"`
	Matrix   json.RawMessage            `json:"matrix,omitempty"`
	Event    json.RawMessage            `json:"event,omitempty"`
	Changed  []string                   `json:"changedFiles"`
	Provider string                     `json:"provider,omitempty"`
	TestRun  bool                       `json:"testRun"`
	Needs    []string                   `json:"needs"`
	Upstream map[string]json.RawMessage `json:"upstream"`
}

func openingOf(job *executor.Job) opening {
	return opening{
		Kind: job.Kind, Workflow: job.Workflow, Name: job.Name, Base: job.Base, Origin: job.Origin,
		Matrix: job.Matrix, Event: job.Event, Changed: job.ChangedFiles, Provider: job.Provider,
		TestRun: job.TestRun, Needs: job.Needs, Upstream: job.Upstream,
	}
}

func (e *Engine) open(ctx context.Context, vm *js.VM, job *executor.Job) (*guest, error) {
	if job.Program == nil {
		return nil, executor.Broken("the job has no program")
	}
	g := &guest{vm: vm, source: job.Source}
	program, err := e.program(job.Program)
	if err != nil {
		return nil, translate(ctx, err, g.source)
	}
	if g.exports, err = vm.Require(ctx, moduleGuest); err != nil {
		return nil, translate(ctx, err, g.source)
	}
	namespace, err := vm.Load(ctx, program)
	if err != nil {
		return nil, translate(ctx, err, g.source)
	}
	if _, err = vm.Invoke(ctx, g.exports, "open", namespace, openingOf(job)); err != nil {
		return nil, translate(ctx, err, g.source)
	}
	return g, nil
}

// Invoke implements step.Guest.
func (g *guest) Invoke(ctx context.Context, method string, params, result any) error {
	raw, err := g.vm.Invoke(ctx, g.exports, method, params)
	if err != nil {
		return translate(ctx, err, g.source)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(raw, result)
}

// translate makes a Failure of what JavaScript threw. The end of ctx stays
// what it is: the engine knows better why it ended.
func translate(ctx context.Context, err error, source string) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return err
	}
	f := &executor.Failure{Kind: executor.Thrown, Message: err.Error()}
	var thrown *js.Error
	var death *node.Death
	switch {
	case errors.As(err, &thrown):
		describe(f, thrown, source)
	case errors.Is(err, js.ErrNeverSettles):
		f.Message = "it waits for a promise that can never settle: nothing is left that could settle it"
	case errors.As(err, &death):
		f.Name = "NodeProcessError"
	case errors.Is(err, js.ErrClosed):
		f.Kind = executor.Infrastructure
	}
	return f
}

func describe(f *executor.Failure, thrown *js.Error, source string) {
	f.Name, f.Message, f.Stack = thrown.Name, thrown.Message, thrown.Stack()
	var props struct {
		ExitCode *int   `json:"exitCode"`
		Signal   string `json:"signal"`
		Command  string `json:"command"`
	}
	if len(thrown.Props) > 0 && json.Unmarshal(thrown.Props, &props) == nil {
		f.Exit, f.Signal, f.Command = props.ExitCode, props.Signal, props.Command
	}
	if len(thrown.Frames) == 0 {
		return
	}
	at := thrown.Frames[0]
	f.File, f.Line, f.Column = at.File, at.Line, at.Column
	f.Frame = frameOf(source, at)
}
