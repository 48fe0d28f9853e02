package expr

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/kici-dev/kici-go/executor/js/inline"
)

// WorkerArg is the argument by which a program knows that it is a worker.
const WorkerArg = "__kici_expr__"

// IsWorker tells from a program's arguments whether it was started as a worker.
func IsWorker(args []string) bool { return len(args) > 1 && args[len(args)-1] == WorkerArg }

const (
	// heapLimit is what an evaluation may have.
	heapLimit = 64 << 20
	// softLimit makes the collector work before the watch ends an evaluation.
	softLimit = 64 << 20
	// hardLimit is what the kernel lets a warm worker add: single steps of the
	// engine are over before anybody has looked.
	hardLimit = 80 << 20
	// stackLimit bounds the goroutine that evaluates; deep nesting in native
	// code or in the text itself ends the process there and not at a gigabyte.
	stackLimit = 32 << 20
	// resultLimit bounds a value as JSON.
	resultLimit = 256 << 10
)

// Serve is the child half: it answers until in ends. It sets limits for the
// whole process, which should do nothing else.
func Serve(in io.Reader, out io.Writer) error {
	debug.SetMemoryLimit(softLimit)
	debug.SetMaxStack(stackLimit)
	// The first evaluation touches what all of them need; nobody waits for it.
	if a := evaluate(ask{Kind: Environment, Expression: "(e) => e.warm"}, []byte(`{"warm":"x"}`)); a.Fate != fateValue {
		return fmt.Errorf("expr: the worker cannot evaluate: %s", a.Message)
	}
	if err := confine(hardLimit); err != nil {
		return fmt.Errorf("expr: limit the worker: %w", err)
	}
	if err := send(out, hello{workerName, protocol}); err != nil {
		return err
	}
	r := bufio.NewReader(in)
	for {
		var question ask
		err := receive(r, &question)
		if errors.Is(err, io.EOF) && !errors.Is(err, errFrame) {
			return nil
		}
		if err != nil {
			return err
		}
		event, err := readFrame(r)
		if err != nil {
			return err
		}
		if err := send(out, evaluate(question, event)); err != nil {
			return err
		}
	}
}

func evaluate(q ask, event []byte) answer {
	value, err := inline.Evaluate(
		inline.Request{Kind: q.Kind, Expression: q.Expression, Event: event},
		inline.Limits{Time: Limit, Heap: heapLimit, Result: resultLimit},
	)
	var thrown *inline.Thrown
	var misshapen *inline.Misshapen
	switch {
	case err == nil:
		return answer{Value: value}
	case errors.Is(err, inline.ErrTime):
		return answer{Fate: fateTime}
	case errors.Is(err, inline.ErrMemory):
		return answer{Fate: fateMemory}
	case errors.As(err, &thrown):
		return answer{Fate: fateThrown, Message: thrown.Message}
	case errors.As(err, &misshapen):
		return answer{Fate: fateShape, Message: misshapen.Message}
	default:
		return answer{Fate: fateBroken, Message: err.Error()}
	}
}
