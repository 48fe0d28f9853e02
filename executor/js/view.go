package js

import (
	"slices"

	"github.com/dop251/goja"
)

// view is the namespace through which an ES module sees the exports of a host
// module. esbuild's own helper copies every export into a fresh object, for
// every file that imports the module: with the SDK's two hundred names that
// was half the time of loading a workflow file. A view looks them up when they
// are asked for, and is made once for each VM.
type view struct {
	exports  *goja.Object
	fallback bool // "default" is the exports themselves, as on Node
	names    []string
}

type viewKey struct {
	exports *goja.Object
	node    bool
}

var _ goja.DynamicObject = (*view)(nil)

// viewOf answers esbuild's helper (see executor/bundle): the namespace of a
// host module, undefined for any other value.
func (vm *VM) viewOf(c goja.FunctionCall) goja.Value {
	exports, ok := c.Argument(0).(*goja.Object)
	if !ok || !vm.isHostExports(exports) {
		return goja.Undefined()
	}
	key := viewKey{exports, c.Argument(1).ToBoolean()}
	if made := vm.views[key]; made != nil {
		return made
	}
	es := exports.Get("__esModule")
	v := &view{exports: exports, fallback: key.node || es == nil || !es.ToBoolean()}
	made := vm.rt.NewDynamicObject(v)
	if err := made.SetPrototype(exports.Prototype()); err != nil {
		panic(vm.thrown(err))
	}
	vm.views[key] = made
	return made
}

func (vm *VM) isHostExports(o *goja.Object) bool {
	for _, v := range vm.instances {
		if v == goja.Value(o) {
			return true
		}
	}
	return false
}

// own lists the names of a namespace, which do not change after a module is
// made.
func (v *view) own() []string {
	if v.names == nil {
		if v.fallback {
			v.names = append(v.names, "default")
		}
		for _, name := range v.exports.GetOwnPropertyNames() {
			if !v.fallback || name != "default" {
				v.names = append(v.names, name)
			}
		}
	}
	return v.names
}

// Get implements goja.DynamicObject. What the exports inherit, the view
// inherits too, so that nothing has to be told apart.
func (v *view) Get(key string) goja.Value {
	if v.fallback && key == "default" {
		return v.exports
	}
	return v.exports.Get(key)
}

// Set implements goja.DynamicObject: imports are read-only.
func (v *view) Set(string, goja.Value) bool { return false }

// Has implements goja.DynamicObject.
func (v *view) Has(key string) bool { return slices.Contains(v.own(), key) }

// Delete implements goja.DynamicObject.
func (v *view) Delete(key string) bool { return !v.Has(key) }

// Keys implements goja.DynamicObject.
func (v *view) Keys() []string { return slices.Clone(v.own()) }
