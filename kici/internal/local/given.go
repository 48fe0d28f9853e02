package local

import (
	"context"
	"errors"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/mask"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Given is what a caller has already, so that a run neither compiles nor
// copies, asks git or reads files of secrets. Tests of workflows have all of
// it, and want nothing of the machine they happen to run on.
type Given struct {
	Compiled *compile.Result // without errors
	Event    *event.Event
	Dir      string // where steps work; the caller's to remove
	// Match decides which workflows an event starts; nil is the matcher of the
	// lock. Some expressions are matched under the clock of the machine, which
	// a bubble of testing/synctest must not start.
	Match func(*event.Event) []trigger.Decision
}

// RunGiven is Run from the moment on when everything is gathered. Of the
// options it ignores those that say where things come from. Runner is
// required.
func RunGiven(ctx context.Context, g Given, o Options, observe Observer) (*Result, error) {
	if g.Compiled == nil || g.Compiled.Failed() || g.Event == nil || o.Runner == nil {
		return nil, errors.New("local: a given run needs workflows that compile, an event and a runner")
	}
	o.defaults()
	typed, err := readTyped(o)
	if err != nil {
		return nil, err
	}
	if observe == nil {
		observe = func(Event) {}
	}
	r := &run{o: o, project: g.Compiled.Project, observe: observe, runner: o.Runner, typed: typed, compiled: g.Compiled, dir: g.Dir}
	if r.match = g.Match; r.match == nil {
		r.match = trigger.Compile(g.Compiled.Lock).Match
	}
	r.id, r.secrets = r.newID("run"), localsecret.Only(typed.secrets)
	r.masks = mask.NewSet(r.hidden()...)
	result := &Result{Class: ClassSuccess, Compile: g.Compiled}
	start := r.o.Now()
	err = r.deliver(ctx, result, g.Event)
	result.Duration = r.o.Now().Sub(start)
	return result, err
}
