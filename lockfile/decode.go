package lockfile

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// lockReader is implemented by types whose JSON is a union.
type lockReader interface {
	readLock(d *decoder, n *node)
}

// decoder fills Go values from nodes and notes every fault on the way. The
// struct definitions are the only list of keys; see codec.go for the tags.
type decoder struct {
	src      []byte
	strict   bool // a missing always-key is a fault (current schema)
	path     []segment
	problems []Problem
	plans    plans
}

type segment struct {
	key   string
	index int // used when key is empty and index >= 0
}

func (d *decoder) enter(key string, index int) { d.path = append(d.path, segment{key, index}) }
func (d *decoder) leave()                      { d.path = d.path[:len(d.path)-1] }

// failAt notes a fault at n, or at the value being read when n is nil.
func (d *decoder) failAt(n *node, format string, args ...any) {
	if len(d.problems) >= MaxProblems {
		return
	}
	p := Problem{Path: d.where(), Text: fmt.Sprintf(format, args...), Line: 1, Column: 1}
	if n != nil {
		p.Line, p.Column = position(d.src, n.pos)
	}
	d.problems = append(d.problems, p)
}

func (d *decoder) where() string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range d.path {
		switch {
		case s.index >= 0:
			fmt.Fprintf(&b, "[%d]", s.index)
		case isIdentifier(s.key):
			b.WriteString("." + s.key)
		default:
			b.WriteString("[" + strconv.Quote(s.key) + "]")
		}
	}
	return b.String()
}

func isIdentifier(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// position turns an offset into line and column, both from one.
func position(src []byte, pos int) (line, column int) {
	before := string(src[:min(pos, len(src))])
	line = 1 + strings.Count(before, "\n")
	last := before[strings.LastIndexByte(before, '\n')+1:]
	return line, 1 + len([]rune(last))
}

func (d *decoder) want(n *node, k kind, name string) bool {
	if n.kind != k {
		d.failAt(n, "expected %s, found %s", name, n.kind)
		return false
	}
	return true
}

// tag reads the discriminator of a union.
func (d *decoder) tag(n *node, missing string) string {
	t := n.get("_type")
	if t == nil {
		if missing == "" || d.strict {
			d.failAt(n, "missing key \"_type\"")
		}
		return missing
	}
	if d.want(t, kindString, "a string") {
		return t.text
	}
	return missing
}

// value reads n into the variable that target points to.
func (d *decoder) value(target any, n *node) {
	switch t := target.(type) {
	case lockReader:
		t.readLock(d, n)
	case *string:
		if d.want(n, kindString, "a string") {
			*t = n.text
		}
	case *[]string:
		d.strings(t, n)
	case *bool:
		if d.want(n, kindBool, "true or false") {
			*t = n.yes
		}
	case *int:
		if d.want(n, kindNumber, "a whole number") {
			if n.num != math.Trunc(n.num) || math.Abs(n.num) > 1<<53 {
				d.failAt(n, "expected a whole number")
				return
			}
			*t = int(n.num)
		}
	case *float64:
		if d.want(n, kindNumber, "a number") {
			*t = n.num
		}
	case *json.RawMessage:
		*t = json.RawMessage(minify(n))
	default:
		d.reflected(reflect.ValueOf(target).Elem(), n)
	}
}

func (d *decoder) strings(t *[]string, n *node) {
	if !d.want(n, kindArray, "an array of strings") {
		return
	}
	*t = make([]string, len(n.kids))
	for i := range n.kids {
		if n.kids[i].kind != kindString {
			d.enter("", i)
			d.failAt(&n.kids[i], "expected a string, found %s", n.kids[i].kind)
			d.leave()
			continue
		}
		(*t)[i] = n.kids[i].text
	}
}

func (d *decoder) reflected(v reflect.Value, n *node) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Interface(), n)
	case reflect.Slice:
		if !d.want(n, kindArray, "an array") {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.kids), len(n.kids)))
		for i := range n.kids {
			d.enter("", i)
			d.value(v.Index(i).Addr().Interface(), &n.kids[i])
			d.leave()
		}
	default:
		d.record(v.Addr().Interface(), n)
	}
}

// record reads an object into the struct that target points to.
func (d *decoder) record(target any, n *node) {
	if !d.want(n, kindObject, "an object") {
		return
	}
	v := reflect.ValueOf(target).Elem()
	for _, f := range d.plans.of(v.Type()) {
		kid := n.get(f.name)
		if kid == nil {
			if f.required || d.strict && f.presence == always {
				d.failAt(n, "missing key %q", f.name)
			}
			continue
		}
		d.enter(f.name, -1)
		d.value(v.Field(f.index).Addr().Interface(), kid)
		d.leave()
	}
}
