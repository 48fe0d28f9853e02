package lockfile

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// lockWriter is implemented by types whose JSON is a union.
type lockWriter interface {
	writeLock(e *encoder)
}

// Encode writes a lock file in its canonical bytes: two-space indent, no
// trailing newline, schema version 15. It fails only when the value is not a
// lock file at all: an unknown trigger type, or raw JSON that is not JSON.
func Encode(f *File) ([]byte, error) {
	out := *f
	out.SchemaVersion = SchemaVersion
	e := &encoder{indent: true}
	e.value(out)
	return e.out, e.err
}

// marshal writes any lock value minified.
func marshal(v any) ([]byte, error) {
	var e encoder
	e.value(v)
	return e.out, e.err
}

// encoder appends JSON as JSON.stringify lays it out.
type encoder struct {
	out    []byte
	indent bool
	depth  int
	fresh  bool // nothing written yet inside the current bracket
	keyed  bool // a key was written, its value comes next
	err    error
	plans  plans
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("lockfile: encode: "+format, args...)
	}
}

func (e *encoder) open(bracket byte) {
	e.element()
	e.out = append(e.out, bracket)
	e.depth++
	e.fresh = true
}

func (e *encoder) close(bracket byte) {
	e.depth--
	if !e.fresh {
		e.line()
	}
	e.out = append(e.out, bracket)
	e.fresh = false
}

// element starts a value: comma and line break, unless a key precedes it.
func (e *encoder) element() {
	if e.keyed {
		e.keyed = false
		return
	}
	if e.depth == 0 {
		return
	}
	if !e.fresh {
		e.out = append(e.out, ',')
	}
	e.fresh = false
	e.line()
}

func (e *encoder) line() {
	if !e.indent {
		return
	}
	e.out = append(e.out, '\n')
	for range e.depth {
		e.out = append(e.out, ' ', ' ')
	}
}

func (e *encoder) key(name string) {
	e.element()
	e.out = appendString(e.out, name)
	e.out = append(e.out, ':')
	if e.indent {
		e.out = append(e.out, ' ')
	}
	e.keyed = true
}

func (e *encoder) value(v any) {
	switch t := v.(type) {
	case lockWriter:
		if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
			e.fail("a union is nil")
			return
		}
		t.writeLock(e)
	case string:
		e.element()
		e.out = appendString(e.out, t)
	case bool:
		e.element()
		e.out = fmt.Appendf(e.out, "%t", t)
	case int:
		e.element()
		e.out = appendNumber(e.out, float64(t))
	case float64:
		e.element()
		e.out = appendNumber(e.out, t)
	case json.RawMessage:
		n, err := readNode(t)
		if err != nil {
			e.fail("raw value %.40q: %w", []byte(t), err)
			return
		}
		e.node(&n)
	default:
		e.reflected(reflect.ValueOf(v))
	}
}

func (e *encoder) reflected(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		e.value(v.Elem().Interface())
	case reflect.Slice:
		e.open('[')
		for i := range v.Len() {
			e.value(v.Index(i).Interface())
		}
		e.close(']')
	default:
		e.open('{')
		for _, f := range e.plans.of(v.Type()) {
			if !f.readOnly {
				e.present(f.name, v.Field(f.index), f.presence)
			}
		}
		e.close('}')
	}
}

// field writes a key and the variable that target points to, if it is present.
func (e *encoder) field(name string, target any, p presence) {
	e.present(name, reflect.ValueOf(target).Elem(), p)
}

func (e *encoder) present(name string, v reflect.Value, p presence) {
	switch {
	case p == given && v.IsZero():
		return
	case p == nonEmpty && v.Len() == 0:
		return
	}
	e.key(name)
	e.value(v.Interface())
}

// node writes a value that was read before.
func (e *encoder) node(n *node) {
	switch n.kind {
	case kindString:
		e.element()
		e.out = appendString(e.out, n.text)
	case kindNumber:
		e.element()
		e.out = appendNumber(e.out, n.num)
	case kindBool:
		e.element()
		e.out = fmt.Appendf(e.out, "%t", n.yes)
	case kindNull:
		e.element()
		e.out = append(e.out, "null"...)
	case kindArray:
		e.open('[')
		for i := range n.kids {
			e.node(&n.kids[i])
		}
		e.close(']')
	case kindObject:
		e.open('{')
		for i := range n.kids {
			e.key(n.keys[i])
			e.node(&n.kids[i])
		}
		e.close('}')
	}
}

func minify(n *node) []byte {
	var e encoder
	e.node(n)
	return e.out
}
