package inline

import (
	"fmt"
	"reflect"

	"github.com/dop251/goja"
)

// maxVariables bounds what a function in env may return.
const maxVariables = 1_000

// take reads the value a function returned.
func take(rt *goja.Runtime, kind Kind, v goja.Value, limit int) ([]byte, error) {
	if kind == Env {
		vars, err := variables(rt, v)
		if err != nil {
			return nil, err
		}
		return encode(vars, limit)
	}
	s, ok := v.(goja.String)
	if !ok {
		return nil, &Misshapen{"must be a string, not " + article(v)}
	}
	if s.Length() > limit {
		return nil, &Misshapen{fmt.Sprintf("is a string of %d characters, longer than %d", s.Length(), limit)}
	}
	return encode(s.String(), limit)
}

// variables reads an object of strings. Numbers and booleans become what they
// print as, undefined and null leave a variable out, as an agent does it.
func variables(rt *goja.Runtime, v goja.Value) (map[string]string, error) {
	o, ok := v.(*goja.Object)
	if !ok || className(o) != "Object" {
		return nil, &Misshapen{"must be an object of strings, not " + article(v)}
	}
	out := map[string]string{}
	var bad error
	exception := rt.Try(func() {
		keys := o.Keys()
		if len(keys) > maxVariables {
			bad = &Misshapen{fmt.Sprintf("has %d variables, more than %d", len(keys), maxVariables)}
			return
		}
		for _, key := range keys {
			member := o.Get(key) // may be a getter of the author's
			switch {
			case member == nil || goja.IsUndefined(member) || goja.IsNull(member):
			case isObject(member):
				bad = &Misshapen{fmt.Sprintf("must be an object of strings, but %q is %s", key, article(member))}
				return
			default:
				out[key] = member.String()
			}
		}
	})
	if exception != nil {
		return nil, exception
	}
	return out, bad
}

func isObject(v goja.Value) bool {
	_, object := v.(*goja.Object)
	return object
}

// article names the type of a value for a sentence.
func article(v goja.Value) string {
	switch {
	case v == nil || goja.IsUndefined(v):
		return "undefined"
	case goja.IsNull(v):
		return "null"
	case goja.IsString(v):
		return "a string"
	case goja.IsNumber(v):
		return "a number"
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return "a value of another type"
	}
	switch name := className(o); name {
	case "Array":
		return "an array"
	case "Function":
		return "a function"
	case "Promise":
		return "a promise"
	case "Object":
		return "an object"
	default:
		return "a " + name + " object"
	}
}

// className is the engine's name of an object's class, which calls promises
// plain objects.
func className(o *goja.Object) string {
	if o.ExportType() == reflect.TypeFor[*goja.Promise]() {
		return "Promise"
	}
	return o.ClassName()
}
