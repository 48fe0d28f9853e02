package purity

// kind tells what a name stands for, as far as writes through it matter.
type kind uint8

const (
	local kind = iota
	input      // a parameter of the outermost function: the frozen event
)

// scope is one block's names. Names enter when their declaration has been
// walked, so a use before the declaration is an unknown name, as published.
type scope struct {
	parent *scope
	names  map[string]kind
}

func (s *scope) lookup(name string) (kind, bool) {
	for ; s != nil; s = s.parent {
		if k, ok := s.names[name]; ok {
			return k, true
		}
	}
	return 0, false
}

func (s *scope) declare(name string, k kind) {
	if s.names == nil {
		s.names = map[string]kind{}
	}
	s.names[name] = k
}

// safeGlobal lists the built-ins an inline expression may name.
func safeGlobal(name string) bool {
	switch name {
	case "undefined", "NaN", "Infinity",
		"String", "Number", "Boolean", "Array", "Object", "JSON", "Math",
		"parseInt", "parseFloat", "isNaN", "isFinite",
		"encodeURIComponent", "decodeURIComponent", "encodeURI", "decodeURI":
		return true
	}
	return false
}

// escapes lists the properties that lead from any value to the Function
// constructor or to a shared prototype. The evaluator withholds them too; here
// they make the function impure, so that such text never reaches it.
func escapes(property string) bool {
	switch property {
	case "constructor", "__proto__", "prototype",
		"__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
		"getPrototypeOf", "setPrototypeOf", "defineProperty", "defineProperties",
		"getOwnPropertyDescriptor", "getOwnPropertyDescriptors":
		return true
	}
	return false
}

// mutates lists the methods that write to the object they are called on.
func mutates(method string) bool {
	switch method {
	case "push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin":
		return true
	}
	return false
}
