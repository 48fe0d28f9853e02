package inline

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

// Kind names the field a function stands in; it decides the shape of the value.
type Kind string

// The fields that a lock file may hold as a function.
const (
	Environment      Kind = "environment"      // a string
	ConcurrencyGroup Kind = "concurrencyGroup" // a string
	Env              Kind = "env"              // an object of strings
)

var (
	// ErrTime: the function did not end in time.
	ErrTime = errors.New("inline: out of time")
	// ErrMemory: the function wanted more memory than there is for it.
	ErrMemory = errors.New("inline: out of memory")
	// ErrEvent: the event is no JSON. That is the caller's mistake.
	ErrEvent = errors.New("inline: the event is not JSON")
)

// Thrown is what the function threw, or why its text is no function.
type Thrown struct{ Message string }

func (e *Thrown) Error() string { return "inline: " + e.Message }

// Misshapen is a value that does not fit the field.
type Misshapen struct{ Message string }

func (e *Misshapen) Error() string { return "inline: " + e.Message }

// Limits bound one evaluation.
type Limits struct {
	Time   time.Duration // of processor, as far as that can be told
	Heap   uint64        // bytes that the evaluation may add
	Result int           // bytes of the value as JSON
}

// callStack bounds nested calls: far more than a one-liner needs, and little
// enough for the stack of the goroutine below them.
const callStack = 400

// Request is one evaluation.
type Request struct {
	Kind       Kind
	Expression string
	Event      []byte
}

// Evaluate calls the function on the event and returns the value as JSON: a
// string, or for Env an object of strings.
func Evaluate(r Request, l Limits) (value []byte, err error) {
	program, err := compile(r.Expression)
	if err != nil {
		return nil, err
	}
	rt := goja.New()
	rt.SetMaxCallStackSize(callStack)
	rt.SetParserOptions(parser.WithDisableSourceMaps)
	defer func() { // goja panics on some text, and so do built-ins it wraps
		if x := recover(); x != nil {
			value, err = nil, failure(rt, asError(x))
		}
	}()
	if err := harden(rt); err != nil {
		return nil, err
	}
	event, err := eventOf(rt, r.Event)
	if err != nil {
		return nil, err
	}
	stop := watch(rt, l)
	defer stop()
	v, err := call(rt, program, event)
	if err == nil {
		value, err = take(rt, r.Kind, v, l.Result)
	}
	if err != nil {
		return nil, failure(rt, err)
	}
	return value, nil
}

func call(rt *goja.Runtime, program *goja.Program, event goja.Value) (goja.Value, error) {
	wrapper, err := rt.RunProgram(program)
	if err != nil {
		return nil, err
	}
	open, ok := goja.AssertFunction(wrapper)
	if !ok {
		return nil, errors.New("inline: the wrapper is no function")
	}
	// Called without arguments, so every name it withholds is undefined.
	inner, err := open(goja.Undefined())
	if err != nil {
		return nil, err
	}
	fn, ok := goja.AssertFunction(inner)
	if !ok {
		return nil, &Thrown{"the expression is not a function"}
	}
	return fn(goja.Undefined(), event)
}

// compile reads the text, which has to be one function and nothing else: what
// closes a bracket of ours does not parse on its own.
func compile(expression string) (program *goja.Program, err error) {
	defer func() {
		if x := recover(); x != nil {
			program, err = nil, &Thrown{fmt.Sprintf("SyntaxError: %v", x)}
		}
	}()
	alone, err := parse("(" + expression + "\n)")
	if err != nil {
		return nil, err
	}
	if len(alone.Body) != 1 {
		return nil, &Thrown{"the expression is not a function"}
	}
	statement, ok := alone.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil, &Thrown{"the expression is not a function"}
	}
	switch statement.Expression.(type) {
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
	default:
		return nil, &Thrown{"the expression is not a function"}
	}
	whole, err := parse(prefix() + expression + suffix)
	if err != nil {
		return nil, err
	}
	program, err = goja.CompileAST(whole, false)
	if err != nil {
		return nil, &Thrown{err.Error()}
	}
	return program, nil
}

func parse(text string) (*ast.Program, error) {
	p, err := parser.ParseFile(new(file.FileSet), "", text, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, &Thrown{"SyntaxError: " + err.Error()}
	}
	return p, nil
}

func asError(x any) error {
	switch x := x.(type) {
	case *goja.Exception:
		return x
	case *goja.InterruptedError:
		return x
	case *goja.StackOverflowError:
		return x
	case error:
		return &Thrown{"InternalError: " + x.Error()}
	default:
		return &Thrown{fmt.Sprintf("InternalError: %v", x)}
	}
}

// maxMessage bounds what a thrown value says; it becomes the reason of a job.
const maxMessage = 1 << 10

// failure puts what goja returned into our words. Reading a thrown object may
// run the author's code again, so the watch is still on.
func failure(rt *goja.Runtime, err error) error {
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	var exception *goja.Exception
	switch {
	case errors.As(err, &interrupted):
		if cause, ok := interrupted.Value().(error); ok {
			return cause
		}
		return ErrTime
	case errors.As(err, &overflow):
		return &Thrown{"RangeError: maximum call stack size exceeded"}
	case errors.As(err, &exception):
		return describe(rt, exception)
	}
	return err
}

func describe(rt *goja.Runtime, exception *goja.Exception) error {
	text := "a value that cannot be shown"
	again := rt.Try(func() {
		v := exception.Value()
		o, ok := v.(*goja.Object)
		if !ok {
			text = v.String()
			return
		}
		name, message := o.Get("name"), o.Get("message")
		if message == nil {
			raw, err := o.MarshalJSON()
			if err == nil {
				text = string(raw)
			}
			return
		}
		text = message.String()
		if name != nil && name.String() != "" {
			text = name.String() + ": " + text
		}
	})
	if again != nil {
		text = "a value that cannot be shown"
	}
	if len(text) > maxMessage {
		text = text[:maxMessage] + "…"
	}
	return &Thrown{text}
}

// encode is the JSON of a value of ours, bounded.
func encode(v any, limit int) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(raw) > limit {
		return nil, &Misshapen{fmt.Sprintf("the value has %d bytes, more than %d", len(raw), limit)}
	}
	return raw, nil
}
