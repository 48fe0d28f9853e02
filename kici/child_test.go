package kici_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/kici-dev/kici-go/executor/expr"
	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/kici"
)

func TestMain(m *testing.M) {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// One call in main serves every kind of child: here one that evaluates.
func TestServeChildEvaluates(t *testing.T) {
	t.Parallel()
	e := expr.New(expr.Options{Command: runner.Command{Environ: os.Environ()}, Workers: 1})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- e.Run(ctx) }()
	r := expr.Request{Kind: expr.Environment, Expression: "(event) => event.type", Event: json.RawMessage(`{"type":"push"}`)}
	if got, err := e.Evaluate(ctx, r); string(got) != `"push"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// Any other program is left alone.
func TestServeChildIgnoresOthers(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"kici"}, {"kici", "run", "local"}, {expr.WorkerArg}, {"kici", expr.WorkerArg, "x"}} {
		if handled, err := kici.ServeChild(t.Context(), args, nil, nil); handled || err != nil {
			t.Errorf("%q: %v, %v", args, handled, err)
		}
	}
}
