package compile

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// place is a position in a file; the zero value means the file as a whole.
type place struct {
	file         string
	line, column int
	length       int
}

// index answers "where is the option timeout of the call on line 7".
type index struct {
	src    string
	tokens []token
	starts []int // offset of each line
}

func newIndex(src string) *index {
	x := &index{src: src, tokens: tokenize(src), starts: []int{0}}
	for i := 0; i < len(src); i++ {
		if src[i] == '\n' {
			x.starts = append(x.starts, i+1)
		}
	}
	return x
}

// maxIndexed bounds the text that is searched for positions: generated files
// of megabytes are given the position of the call alone.
const maxIndexed = 2 << 20

func (s *sources) index(file string) *index {
	f := s.get(file)
	if f.err != nil || len(f.text) > maxIndexed || !utf8.Valid(f.text) {
		return nil
	}
	if f.index == nil {
		f.index = newIndex(string(f.text))
	}
	return f.index
}

// field narrows the position of a factory call down to one of its options.
// path is written as authors would: "timeout", "needs[1]", "auth.method". What
// cannot be found (options built elsewhere, spread in) leaves call as it is.
func (s *sources) field(call place, path string) place {
	x := s.index(call.file)
	if x == nil || call.line == 0 || path == "" {
		return call
	}
	open := x.callAfter(x.offset(call.line, call.column))
	if open < 0 {
		return call
	}
	key, value, ok := x.options(open, splitPath(path))
	if !ok {
		return call
	}
	at := x.place(call.file, max(key, value))
	if value >= 0 {
		at.length = x.valueLength(value)
	}
	return at
}

// valueLength is how many characters the value that starts at a token takes,
// on its first line.
func (x *index) valueLength(value int) int {
	start, end := x.tokens[value].start, x.tokens[value].end
	for i := value; i < len(x.tokens); i = x.after(i) {
		if k := x.tokens[i].kind; k == ',' || k == '}' || k == ']' || k == ')' {
			break
		}
		end = x.tokens[x.after(i)-1].end
	}
	if line := strings.IndexByte(x.src[start:end], '\n'); line >= 0 {
		end = start + line
	}
	return utf8.RuneCountInString(x.src[start:end])
}

// name is the position of a call's first argument when that is a string, the
// call itself otherwise.
func (s *sources) name(call place) place {
	x := s.index(call.file)
	if x == nil || call.line == 0 {
		return call
	}
	open := x.callAfter(x.offset(call.line, call.column))
	if open < 0 || open+1 >= len(x.tokens) || x.tokens[open+1].kind != '"' {
		return call
	}
	return x.place(call.file, open+1)
}

// call finds a call of factory whose first argument is the string name. It
// serves objects that carry no position of their own.
func (s *sources) call(file, factory, name string) place {
	whole := place{file: file}
	x := s.index(file)
	if x == nil {
		return whole
	}
	for i := 0; i+2 < len(x.tokens); i++ {
		t := x.tokens[i]
		if t.kind != 'a' || x.src[t.start:t.end] != factory || x.tokens[i+1].kind != '(' {
			continue
		}
		if arg := x.tokens[i+2]; arg.kind == '"' && strings.Trim(x.src[arg.start:arg.end], `'"`) == name {
			return x.place(file, i)
		}
	}
	return whole
}

func (x *index) offset(line, column int) int {
	if line < 1 || line > len(x.starts) {
		return len(x.src)
	}
	at := x.starts[line-1]
	for n := 1; n < column && at < len(x.src) && x.src[at] != '\n'; n++ {
		_, size := utf8.DecodeRuneInString(x.src[at:])
		at += size
	}
	return at
}

func (x *index) position(offset int) (line, column int) {
	lo, hi := 0, len(x.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; x.starts[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + 1, utf8.RuneCountInString(x.src[x.starts[lo]:offset]) + 1
}

// callAfter is the token of the parenthesis that opens the call at offset.
func (x *index) callAfter(offset int) int {
	for i := 0; i < len(x.tokens); i++ {
		t := x.tokens[i]
		if t.end <= offset {
			continue
		}
		switch t.kind {
		case '(':
			return i
		case '<': // job<Outputs>(…)
			i = x.typeArguments(i)
		case 'a', '.', '?': // sdk.job?.(
		default:
			return -1
		}
	}
	return -1
}

// typeArguments is the token of the > that closes the < at i.
func (x *index) typeArguments(i int) int {
	for depth := 0; i < len(x.tokens); i = x.after(i) {
		switch x.tokens[i].kind {
		case '<':
			depth++
		case '>':
			if depth--; depth == 0 {
				return i
			}
		case ';', ')', '}', ']':
			return len(x.tokens)
		}
	}
	return len(x.tokens)
}

// options finds path in the first object literal among a call's arguments.
func (x *index) options(open int, path []string) (key, value int, ok bool) {
	for i := open + 1; i < len(x.tokens) && i != x.tokens[open].match; i = x.after(i) {
		if x.tokens[i].kind == '{' {
			return x.descend(i, path)
		}
	}
	return 0, 0, false
}

// after steps over a token together with everything inside its brackets.
func (x *index) after(i int) int {
	if m := x.tokens[i].match; m > i {
		return m + 1
	}
	return i + 1
}

// descend follows path from the bracket at open; as far as it leads, if it
// leads anywhere, because half a way is better than none.
func (x *index) descend(open int, path []string) (key, value int, ok bool) {
	if len(path) == 0 {
		return 0, 0, false
	}
	if x.tokens[open].kind == '[' {
		key = x.element(open, path[0])
		value = key
	} else {
		key, value = x.property(open, path[0])
	}
	if key < 0 {
		return 0, 0, false
	}
	if value >= 0 && len(path) > 1 && (x.tokens[value].kind == '{' || x.tokens[value].kind == '[') {
		if k, v, found := x.descend(value, path[1:]); found {
			return k, v, true
		}
	}
	return key, value, true
}

func (x *index) element(open int, nth string) int {
	n, err := strconv.Atoi(nth)
	if err != nil {
		return -1
	}
	end := x.tokens[open].match
	for i := open + 1; i < len(x.tokens) && i != end; i = x.after(i) {
		if n == 0 {
			return i
		}
		if x.tokens[i].kind == ',' {
			n--
		}
	}
	return -1
}

// property finds a key at the top level of an object literal; value is -1 for
// shorthand and methods.
func (x *index) property(open int, name string) (key, value int) {
	end := x.tokens[open].match
	atKey := true
	for i := open + 1; i < len(x.tokens) && i != end; i = x.after(i) {
		t := x.tokens[i]
		if t.kind == ',' {
			atKey = true
			continue
		}
		if !atKey {
			continue
		}
		atKey = t.kind == 'a' && x.src[t.start:t.end] == "async"
		if (t.kind != 'a' && t.kind != '"') || strings.Trim(x.src[t.start:t.end], `'"`) != name {
			continue
		}
		if i+2 < len(x.tokens) && x.tokens[i+1].kind == ':' && i+2 != end {
			return i, i + 2
		}
		return i, -1
	}
	return -1, -1
}

// key is the position of an option's name rather than its value.
func (s *sources) key(call place, path string) place {
	x := s.index(call.file)
	if x == nil || call.line == 0 {
		return call
	}
	open := x.callAfter(x.offset(call.line, call.column))
	if open < 0 {
		return call
	}
	key, _, ok := x.options(open, splitPath(path))
	if !ok {
		return call
	}
	return x.place(call.file, key)
}

func (x *index) place(file string, token int) place {
	t := x.tokens[token]
	line, column := x.position(t.start)
	return place{file: file, line: line, column: column, length: utf8.RuneCountInString(x.src[t.start:t.end])}
}

// splitPath reads "needs[1].ifFailed" as needs, 1, ifFailed.
func splitPath(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

// isCall reports whether a call starts at a place.
func (s *sources) isCall(at place) bool {
	x := s.index(at.file)
	return x != nil && at.line > 0 && x.callAfter(x.offset(at.line, at.column)) >= 0
}
