package js

import (
	"errors"

	"github.com/dop251/goja"
)

// intrinsics are the built-ins the VM itself relies on, taken before workflow
// code can replace them.
type intrinsics struct {
	errorCtor goja.Value
	goError   *goja.Symbol
	parse     goja.Callable
	stringify goja.Callable
	promThen  goja.Callable
	noop      goja.Callable
}

func (vm *VM) captureIntrinsics() error {
	rt := vm.rt
	json := rt.Get("JSON").(*goja.Object)
	proto := rt.Get("Promise").(*goja.Object).Get("prototype").(*goja.Object)
	in := &vm.intrinsics
	in.errorCtor = rt.Get("Error")
	in.goError = goja.NewSymbol("goError")
	var ok [4]bool
	in.parse, ok[0] = goja.AssertFunction(json.Get("parse"))
	in.stringify, ok[1] = goja.AssertFunction(json.Get("stringify"))
	in.promThen, ok[2] = goja.AssertFunction(proto.Get("then"))
	in.noop, ok[3] = goja.AssertFunction(rt.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() }))
	if ok != [4]bool{true, true, true, true} {
		return errors.New("js: the engine lacks a built-in function")
	}
	return nil
}

// drain runs promise jobs that are waiting: goja does so whenever it is left.
func (in *intrinsics) drain() error {
	_, err := in.noop(goja.Undefined())
	return err
}

// then attaches Go functions to a promise.
func (in *intrinsics) then(rt *goja.Runtime, promise goja.Value, fulfilled, rejected func(goja.Value)) error {
	handler := func(fn func(goja.Value)) goja.Value {
		return rt.ToValue(func(c goja.FunctionCall) goja.Value {
			fn(c.Argument(0))
			return goja.Undefined()
		})
	}
	_, err := in.promThen(promise, handler(fulfilled), handler(rejected))
	return err
}

func (vm *VM) parseJSON(data []byte) (goja.Value, error) {
	return vm.intrinsics.parse(goja.Undefined(), vm.rt.ToValue(string(data)))
}

func (vm *VM) toJSON(v goja.Value) ([]byte, error) {
	if v == nil || goja.IsUndefined(v) {
		return []byte("null"), nil
	}
	s, err := vm.intrinsics.stringify(goja.Undefined(), v)
	if err != nil {
		return nil, err
	}
	if goja.IsUndefined(s) {
		return []byte("null"), nil
	}
	return []byte(s.String()), nil
}
