package lockfile

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

type kind int

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// node is a JSON value with its place in the text. The standard decoder is not
// used because it forgets positions and key order and turns lone surrogates,
// which JavaScript strings may hold, into replacement characters.
type node struct {
	kind kind
	pos  int
	text string // string value
	num  float64
	yes  bool
	kids []node
	keys []string // of an object, parallel to kids
}

func (n *node) get(key string) *node {
	for i, k := range n.keys {
		if k == key {
			return &n.kids[i]
		}
	}
	return nil
}

// syntaxError is a fault of the JSON text itself.
type syntaxError struct {
	pos int
	msg string
}

func (e *syntaxError) Error() string { return e.msg }

type reader struct {
	src   []byte
	pos   int
	depth int
}

// readNode reads a whole JSON text.
func readNode(src []byte) (n node, err error) {
	r := &reader{src: src}
	if n, err = r.value(); err != nil {
		return n, err
	}
	r.space()
	if r.pos < len(src) {
		return n, r.fail("unexpected text after the end of the value")
	}
	return n, nil
}

func (r *reader) fail(format string, args ...any) error {
	return &syntaxError{r.pos, fmt.Sprintf(format, args...)}
}

func (r *reader) space() {
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case ' ', '\n', '\r', '\t':
			r.pos++
		default:
			return
		}
	}
}

// peek skips space and returns the next byte, 0 at the end.
func (r *reader) peek() byte {
	r.space()
	if r.pos == len(r.src) {
		return 0
	}
	return r.src[r.pos]
}

func (r *reader) unexpected(want string) error {
	if r.pos >= len(r.src) {
		return r.fail("the text ends where %s should stand", want)
	}
	c, _ := utf8.DecodeRune(r.src[r.pos:])
	return r.fail("expected %s, found %q", want, c)
}

func (r *reader) value() (node, error) {
	switch c := r.peek(); {
	case c == '{':
		return r.nested(r.object)
	case c == '[':
		return r.nested(r.array)
	case c == '"':
		n := node{kind: kindString, pos: r.pos}
		var err error
		n.text, err = r.str()
		return n, err
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	default:
		return r.word()
	}
}

func (r *reader) nested(read func() (node, error)) (node, error) {
	if r.depth++; r.depth > MaxDepth {
		return node{}, r.fail("nested deeper than %d levels", MaxDepth)
	}
	n, err := read()
	r.depth--
	return n, err
}

func (r *reader) word() (node, error) {
	n := node{pos: r.pos}
	switch {
	case r.literal("true"):
		n.kind, n.yes = kindBool, true
	case r.literal("false"):
		n.kind = kindBool
	case r.literal("null"):
	default:
		return n, r.unexpected("a value")
	}
	return n, nil
}

func (r *reader) literal(word string) bool {
	if !bytes.HasPrefix(r.src[r.pos:], []byte(word)) {
		return false
	}
	r.pos += len(word)
	return true
}

func (r *reader) array() (node, error) {
	n := node{kind: kindArray, pos: r.pos, kids: []node{}}
	r.pos++
	if r.peek() == ']' {
		r.pos++
		return n, nil
	}
	for {
		kid, err := r.value()
		if err != nil {
			return n, err
		}
		n.kids = append(n.kids, kid)
		switch r.peek() {
		case ',':
			r.pos++
		case ']':
			r.pos++
			return n, nil
		default:
			return n, r.unexpected("',' or ']'")
		}
	}
}

func (r *reader) object() (node, error) {
	n := node{kind: kindObject, pos: r.pos, kids: []node{}}
	r.pos++
	if r.peek() == '}' {
		r.pos++
		return n, nil
	}
	var seen keySet
	for {
		if r.peek() != '"' {
			return n, r.unexpected("a key")
		}
		at := r.pos
		key, err := r.str()
		if err != nil {
			return n, err
		}
		// Two readers may disagree about which of two equal keys counts, and a
		// badly resolved merge looks just like that: refuse.
		if !seen.add(key, n.keys) {
			r.pos = at
			return n, r.fail("the key %q appears twice", key)
		}
		if r.peek() != ':' {
			return n, r.unexpected("':'")
		}
		r.pos++
		kid, err := r.value()
		if err != nil {
			return n, err
		}
		n.keys, n.kids = append(n.keys, key), append(n.kids, kid)
		switch r.peek() {
		case ',':
			r.pos++
		case '}':
			r.pos++
			return n, nil
		default:
			return n, r.unexpected("',' or '}'")
		}
	}
}

// keySet finds repeated keys: by looking, while there are few.
type keySet map[string]bool

// add reports whether key is new, given the keys before it.
func (s *keySet) add(key string, before []string) bool {
	const few = 16
	if len(before) < few {
		return !slices.Contains(before, key)
	}
	if *s == nil {
		*s = make(keySet, 2*few)
		for _, k := range before {
			(*s)[k] = true
		}
	}
	if (*s)[key] {
		return false
	}
	(*s)[key] = true
	return true
}

func (r *reader) number() (node, error) {
	n := node{kind: kindNumber, pos: r.pos}
	digits := func() int {
		start := r.pos
		for r.pos < len(r.src) && r.src[r.pos] >= '0' && r.src[r.pos] <= '9' {
			r.pos++
		}
		return r.pos - start
	}
	is := func(set string) bool {
		for i := range set {
			if r.pos < len(r.src) && r.src[r.pos] == set[i] {
				r.pos++
				return true
			}
		}
		return false
	}
	is("-")
	if !is("0") && digits() == 0 {
		return n, r.unexpected("a digit")
	}
	if is(".") && digits() == 0 {
		return n, r.unexpected("a digit")
	}
	if is("eE") {
		is("+-")
		if digits() == 0 {
			return n, r.unexpected("a digit")
		}
	}
	v, err := strconv.ParseFloat(string(r.src[n.pos:r.pos]), 64)
	if err != nil || math.IsInf(v, 0) {
		r.pos = n.pos
		return n, r.fail("the number is out of range")
	}
	n.num = v
	return n, nil
}
