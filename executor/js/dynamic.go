package js

import (
	"strings"

	"github.com/dop251/goja"
)

// hiddenConstructors are those that have no global name.
const hiddenConstructors = `[(async () => {}).constructor, (function* () {}).constructor]`

// guardDynamicSource puts a measure before the ways to run source text built
// at run time, because a deeply nested one would end the process (nesting.go).
// eval becomes indirect by it: it sees globals only.
func (vm *VM) guardDynamicSource() error {
	rt := vm.rt
	eval, _ := goja.AssertFunction(rt.Get("eval"))
	guarded := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		if !goja.IsString(c.Argument(0)) {
			return c.Argument(0)
		}
		vm.checkSource(c.Arguments)
		v, err := eval(goja.Undefined(), c.Argument(0))
		if err != nil {
			panic(vm.thrown(err))
		}
		return v
	}).(*goja.Object)
	_ = guarded.DefineDataProperty("name", rt.ToValue("eval"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	if err := rt.GlobalObject().DefineDataProperty("eval", guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		return err
	}
	ctor := vm.guardConstructor(rt.Get("Function").(*goja.Object))
	if err := rt.GlobalObject().DefineDataProperty("Function", ctor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		return err
	}
	hidden, err := rt.RunString(hiddenConstructors)
	if err != nil {
		return err
	}
	for _, key := range hidden.(*goja.Object).Keys() {
		vm.guardConstructor(hidden.(*goja.Object).Get(key).(*goja.Object))
	}
	return nil
}

// guardConstructor puts a function of ours in the place of a Function
// constructor, over the same prototype. A proxy would be simpler, but goja
// refuses proxies on the right of instanceof.
func (vm *VM) guardConstructor(ctor *goja.Object) goja.Value {
	guarded := vm.rt.ToValue(func(c goja.ConstructorCall) *goja.Object {
		return vm.construct(ctor, c.Arguments)
	}).(*goja.Object)
	proto := ctor.Get("prototype").(*goja.Object)
	_ = guarded.DefineDataProperty("name", ctor.Get("name"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = guarded.DefineDataProperty("prototype", proto, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	_ = proto.DefineDataProperty("constructor", guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return guarded
}

func (vm *VM) construct(target *goja.Object, args []goja.Value) *goja.Object {
	vm.checkSource(args)
	o, err := vm.rt.New(target, args...)
	if err != nil {
		panic(vm.thrown(err))
	}
	return o
}

func (vm *VM) checkSource(args []goja.Value) {
	var b strings.Builder
	for _, a := range args {
		b.WriteString(a.String())
		b.WriteByte('\n')
	}
	if err := checkDynamic(b.String()); err != nil {
		panic(vm.newError(&Error{Name: "RangeError", Message: err.Error()}))
	}
}
