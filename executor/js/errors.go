package js

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

const (
	maxFrames = 50
	maxCauses = 8
	maxProps  = 16 << 10
)

// Error is a JavaScript exception in Go.
type Error struct {
	Name    string          `json:"name"` // empty when something other than an Error was thrown
	Message string          `json:"message"`
	Frames  []Frame         `json:"frames,omitempty"` // innermost first; the author's positions
	Props   json.RawMessage `json:"props,omitempty"`  // own enumerable properties, e.g. exitCode
	Cause   *Error          `json:"cause,omitempty"`
	Errors  []*Error        `json:"errors,omitempty"` // of an AggregateError

	goError error // what a host function returned
}

// Frame is one place in the author's sources; Line and Column count from 1.
type Frame struct {
	Function string `json:"function,omitempty"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

func (f Frame) String() string {
	at := fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	if f.Function == "" {
		return at
	}
	return f.Function + " (" + at + ")"
}

func (e *Error) Error() string {
	switch {
	case e.Name == "":
		return e.Message
	case e.Message == "":
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// Unwrap leads to the cause, and to the Go error a host function returned.
func (e *Error) Unwrap() []error {
	var out []error
	if e.Cause != nil {
		out = append(out, e.Cause)
	}
	if e.goError != nil {
		out = append(out, e.goError)
	}
	return out
}

// Stack is the error with its frames and causes, as Node prints it.
func (e *Error) Stack() string {
	var b strings.Builder
	b.WriteString(e.Error())
	for _, f := range e.Frames {
		b.WriteString("\n    at " + f.String())
	}
	if e.Cause != nil {
		b.WriteString("\n  [cause]: " + strings.ReplaceAll(e.Cause.Stack(), "\n", "\n  "))
	}
	return b.String()
}

// convert makes an *Error of what goja returned; other Go errors pass.
func (vm *VM) convert(err error) error {
	var (
		exception *goja.Exception
		overflow  *goja.StackOverflowError
	)
	switch {
	case errors.As(err, &overflow):
		return &Error{Name: "RangeError", Message: "Maximum call stack size exceeded", Frames: vm.frames(overflow.Stack())}
	case errors.As(err, &exception):
		e := vm.describe(exception.Value())
		if len(e.Frames) == 0 {
			e.Frames = vm.frames(exception.Stack())
		}
		return e
	}
	return err
}

// thrown is convert's opposite: the value to panic with in a host function.
func (vm *VM) thrown(err error) any {
	var (
		exception *goja.Exception
		overflow  *goja.StackOverflowError
		interrupt *goja.InterruptedError
	)
	switch {
	case errors.As(err, &interrupt):
		return interrupt
	case errors.As(err, &overflow):
		return overflow
	case errors.As(err, &exception):
		return exception
	}
	return vm.newError(err)
}

// reason is thrown as a value, for rejecting a promise.
func (vm *VM) reason(err error) goja.Value {
	var exception *goja.Exception
	if errors.As(err, &exception) {
		return exception.Value()
	}
	return vm.newError(err)
}

// newError makes an Error object that remembers the Go error.
func (vm *VM) newError(err error) *goja.Object {
	name, message := "Error", err.Error()
	var e *Error
	if errors.As(err, &e) && e.Name != "" {
		name, message = e.Name, e.Message
	}
	o, newErr := vm.rt.New(vm.intrinsics.errorCtor, vm.rt.ToValue(message))
	if newErr != nil {
		panic(newErr)
	}
	if name != "Error" {
		_ = o.DefineDataProperty("name", vm.rt.ToValue(name), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	if errors.Is(err, ErrModuleNotFound) {
		_ = o.Set("code", "MODULE_NOT_FOUND")
	}
	_ = o.DefineDataPropertySymbol(vm.intrinsics.goError, vm.rt.ToValue(&goErrorBox{err}), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	return o
}

// goErrorBox hides the Go error from JavaScript: it has no exported field.
type goErrorBox struct{ err error }

// describe makes an *Error of any thrown value.
func (vm *VM) describe(v goja.Value) *Error { return vm.describeDeep(v, 0) }

func (vm *VM) describeDeep(v goja.Value, depth int) *Error {
	o, ok := v.(*goja.Object)
	if !ok || !vm.isError(o) {
		return &Error{Message: vm.thrownText(v)}
	}
	e := &Error{Name: vm.text(o, "name"), Message: vm.text(o, "message"), Frames: vm.frames(vm.stackOf(o))}
	if e.Name == "" {
		e.Name = "Error"
	}
	if box := vm.member(o, "", vm.intrinsics.goError); box != nil {
		if b, ok := box.Export().(*goErrorBox); ok {
			e.goError = b.err
		}
	}
	e.Props = vm.props(o)
	if depth >= maxCauses {
		return e
	}
	if cause := vm.member(o, "cause", nil); cause != nil && !goja.IsUndefined(cause) {
		e.Cause = vm.describeDeep(cause, depth+1)
	}
	if list, ok := vm.member(o, "errors", nil).(*goja.Object); ok && list.ClassName() == "Array" {
		for _, key := range list.Keys() {
			e.Errors = append(e.Errors, vm.describeDeep(vm.member(list, key, nil), depth+1))
		}
	}
	return e
}

// isError also takes objects that only look like errors: those of libraries
// that do without a class.
func (vm *VM) isError(o *goja.Object) bool {
	if o.ClassName() == "Error" {
		return true
	}
	found := false
	vm.rt.Try(func() { found = vm.rt.InstanceOf(o, vm.intrinsics.errorCtor.(*goja.Object)) })
	return found
}

func (vm *VM) stackOf(o *goja.Object) []goja.StackFrame {
	// goja keeps an error's stack to itself and gives it away when thrown.
	if ex := vm.rt.Try(func() { panic(o) }); ex != nil && o.ClassName() == "Error" {
		return ex.Stack()
	}
	return nil
}

func (vm *VM) thrownText(v goja.Value) string {
	if v == nil {
		return "undefined"
	}
	text := "[object]"
	vm.rt.Try(func() {
		if _, isObject := v.(*goja.Object); isObject {
			if data, err := vm.toJSON(v); err == nil {
				text = string(data)
				return
			}
		}
		text = v.String()
	})
	return text
}

// member reads a property, undefined when its getter throws.
func (vm *VM) member(o *goja.Object, name string, sym *goja.Symbol) (v goja.Value) {
	vm.rt.Try(func() {
		if sym != nil {
			v = o.GetSymbol(sym)
		} else {
			v = o.Get(name)
		}
	})
	return v
}

func (vm *VM) text(o *goja.Object, name string) (s string) {
	vm.rt.Try(func() {
		if v := o.Get(name); v != nil && !goja.IsUndefined(v) {
			s = v.String()
		}
	})
	return s
}

// hiddenProps is where a host module keeps what is to be told of its errors
// when their own enumerable properties must be those of Node's.
const hiddenProps = "kici:props"

func (vm *VM) props(o *goja.Object) json.RawMessage {
	props := map[string]json.RawMessage{}
	size := 0
	vm.rt.Try(func() {
		keep := func(o *goja.Object) {
			for _, key := range o.Keys() {
				if slices.Contains([]string{"name", "message", "stack", "cause", "errors"}, key) {
					continue
				}
				data, err := vm.toJSON(vm.member(o, key, nil))
				if size += len(key) + len(data); err != nil || size > maxProps {
					continue
				}
				props[key] = data
			}
		}
		keep(o)
		if hidden, ok := o.Get(hiddenProps).(*goja.Object); ok {
			keep(hidden)
		}
	})
	if len(props) == 0 {
		return nil
	}
	data, err := json.Marshal(props)
	if err != nil {
		return nil
	}
	return data
}

// frames maps a stack to the author's positions, leaving out Go functions and
// our own programs.
func (vm *VM) frames(stack []goja.StackFrame) []Frame {
	var out []Frame
	for i := range stack {
		f := &stack[i]
		source := f.SrcName()
		if source == "<native>" || strings.HasPrefix(source, internalPrefix) {
			continue
		}
		pos := f.Position()
		if pos.Line == 0 {
			continue
		}
		name := f.FuncName()
		if name == "<anonymous>" {
			name = ""
		}
		out = append(out, Frame{Function: name, File: vm.sourceName(pos.Filename), Line: pos.Line, Column: pos.Column})
		if len(out) == maxFrames {
			break
		}
	}
	return out
}

// sourceName undoes goja's spelling of a mapped file.
func (vm *VM) sourceName(name string) string {
	if s, ok := vm.sources[name]; ok {
		return s
	}
	return name
}

// rejection is a promise rejected while nobody handled it.
type rejection struct {
	promise *goja.Promise
	flow    *flow
}

func (vm *VM) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionReject {
		vm.rejections = append(vm.rejections, rejection{p, vm.flowNow()})
		return
	}
	vm.rejections = slices.DeleteFunc(vm.rejections, func(r rejection) bool { return r.promise == p })
}

// reportRejections treats what is still unhandled at the end of a turn as an
// uncaught error, as Node does.
func (vm *VM) reportRejections() {
	for len(vm.rejections) > 0 {
		r := vm.rejections[0]
		vm.rejections = vm.rejections[1:]
		vm.fault(r.flow, vm.describe(r.promise.Result()))
	}
}
