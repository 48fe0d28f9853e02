package inline

import (
	"strings"

	"github.com/dop251/goja"
)

// withheld are the globals of the engine that no pure function may name: ways
// to run other text, clocks, and whatever brings memory of its own. They are
// hidden as parameters of a function around the text and not deleted from the
// global object: the engine makes its globals when they are first touched, and
// touching them all costs half a millisecond.
func withheld() []string {
	return []string{
		"eval", "Function", "globalThis", "Date", "RegExp", "Proxy", "Reflect", "Symbol", "Promise",
		"Map", "Set", "WeakMap", "WeakSet", "BigInt", "ArrayBuffer", "DataView",
		"Uint8Array", "Uint8ClampedArray", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array",
		"Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
		"Error", "AggregateError", "TypeError", "ReferenceError", "SyntaxError", "RangeError", "EvalError", "URIError", "GoError",
		"escape", "unescape",
	}
}

// prefix opens the wrapper. Only sloppy code may call a parameter eval, so the
// outer function is sloppy; the author's modules are strict, so the inner one
// is.
func prefix() string {
	return "(function (" + strings.Join(withheld(), ",") + ") { return (function () { 'use strict'; return (\n"
}

const suffix = "\n); }).call(undefined); })"

// maxString is the longest string one step may make, in code units. A
// result is far shorter.
const maxString = 1 << 20

// maxLength is the largest array that a built-in may walk or fill.
const maxLength = 1 << 20

// hidden are the prototypes of functions that no global name leads to.
const hidden = `[(async () => {}).__proto__, (function* () {}).__proto__]`

// harden takes away what the wrapper cannot hide and measures what can ask for
// much memory at once.
func harden(rt *goja.Runtime) error {
	prototype := func(name string) *goja.Object {
		return rt.Get(name).(*goja.Object).Get("prototype").(*goja.Object)
	}
	if err := prototype("Function").Delete("constructor"); err != nil {
		return err
	}
	functions, err := rt.RunString(hidden)
	if err != nil {
		return err
	}
	for _, key := range []string{"0", "1"} {
		if err := functions.(*goja.Object).Get(key).(*goja.Object).Delete("constructor"); err != nil {
			return err
		}
	}
	if err := rt.Get("Math").(*goja.Object).Delete("random"); err != nil {
		return err
	}
	g := guard{rt}
	text, list := prototype("String"), prototype("Array")
	for name, size := range map[string]measure{"repeat": g.repeated, "padStart": g.padded, "padEnd": g.padded, "concat": g.appended} {
		if err := g.put(text, name, size); err != nil {
			return err
		}
	}
	for name, size := range map[string]measure{"join": g.joined, "fill": g.long, "sort": g.long, "toSorted": g.long, "concat": g.long, "reverse": g.long, "includes": g.long, "indexOf": g.long} {
		if err := g.put(list, name, size); err != nil {
			return err
		}
	}
	return g.put(rt.Get("Array").(*goja.Object), "from", g.from)
}

// measure says whether a call asks for too much.
type measure func(c goja.FunctionCall) bool

type guard struct{ rt *goja.Runtime }

// put lays a measuring function over a built-in. One that asks for too much
// interrupts the evaluation: nothing the text says can catch that.
func (g guard) put(at *goja.Object, name string, tooMuch measure) error {
	builtin, ok := goja.AssertFunction(at.Get(name))
	if !ok {
		return nil // an engine without it has nothing to guard
	}
	guarded := func(c goja.FunctionCall) goja.Value {
		if tooMuch(c) {
			g.rt.Interrupt(ErrMemory)
			return goja.Undefined()
		}
		v, err := builtin(c.This, c.Arguments...)
		if err != nil {
			panic(err)
		}
		return v
	}
	return at.DefineDataProperty(name, g.rt.ToValue(guarded), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// units is the length of a string, without asking objects: their own code
// would answer.
func units(v goja.Value) int64 {
	if s, ok := v.(goja.String); ok {
		return int64(s.Length())
	}
	return 0
}

func (g guard) repeated(c goja.FunctionCall) bool {
	n := c.Argument(0)
	if _, object := n.(*goja.Object); object {
		return true // its code would answer once here and otherwise later
	}
	times := n.ToFloat()
	return times*float64(max(units(c.This), 1)) > maxString
}

func (g guard) padded(c goja.FunctionCall) bool {
	n := c.Argument(0)
	if _, object := n.(*goja.Object); object {
		return true
	}
	return n.ToFloat() > maxString
}

func (g guard) appended(c goja.FunctionCall) bool {
	n := units(c.This)
	for _, a := range c.Arguments {
		n += units(a)
	}
	return n > maxString
}

// length is that of an array or of what is used as one.
func length(v goja.Value) float64 {
	o, ok := v.(*goja.Object)
	if !ok {
		return float64(units(v))
	}
	n := o.Get("length")
	if n == nil {
		return 0
	}
	if _, object := n.(*goja.Object); object {
		return maxLength + 1
	}
	return n.ToFloat()
}

func (g guard) long(c goja.FunctionCall) bool {
	n := length(c.This)
	for _, a := range c.Arguments {
		if o, ok := a.(*goja.Object); ok && o.ClassName() == "Array" {
			n += length(a)
		}
	}
	return n > maxLength
}

func (g guard) joined(c goja.FunctionCall) bool {
	return length(c.This)*float64(max(units(c.Argument(0)), 1)) > maxString
}

func (g guard) from(c goja.FunctionCall) bool { return length(c.Argument(0)) > maxLength }
