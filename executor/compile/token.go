package compile

import "strings"

// token is a piece of TypeScript, just fine enough to find calls, brackets and
// object keys. The compiler proper is esbuild; this exists to say where.
type token struct {
	kind  byte // 'a' word, '0' number, '"' string, '`' template, '/' regexp, else the punctuation itself
	start int
	end   int
	match int // index of the partner of a bracket, -1 without one
}

// tokenize never fails: what it cannot read it takes for punctuation, and a
// position that cannot be found falls back to its file's nearest known one.
func tokenize(src string) []token {
	t := tokenizer{src: src}
	for t.at < len(src) {
		t.next()
	}
	return t.out
}

type tokenizer struct {
	src  string
	at   int
	out  []token
	open []int // indices of unclosed brackets
}

func (t *tokenizer) next() {
	c := t.src[t.at]
	switch {
	case c <= ' ':
		t.at++
	case c == '/' && t.peek(1) == '/':
		t.skipTo("\n")
	case c == '/' && t.peek(1) == '*':
		t.at += 2
		t.skipTo("*/")
	case c == '/' && t.regexpMayStart():
		t.emit('/', t.regexpEnd())
	case c == '"' || c == '\'':
		t.emit('"', t.stringEnd(c))
	case c == '`':
		t.emit('`', t.templateEnd(t.at+1))
	case isWord(c):
		t.word()
	default:
		t.punctuation(c)
	}
}

func (t *tokenizer) peek(n int) byte {
	if t.at+n < len(t.src) {
		return t.src[t.at+n]
	}
	return 0
}

func (t *tokenizer) skipTo(end string) {
	if i := strings.Index(t.src[t.at:], end); i >= 0 {
		t.at += i + len(end)
		return
	}
	t.at = len(t.src)
}

func (t *tokenizer) emit(kind byte, end int) {
	t.out = append(t.out, token{kind: kind, start: t.at, end: end, match: -1})
	t.at = end
}

func (t *tokenizer) word() {
	end := t.at
	for end < len(t.src) && isWord(t.src[end]) {
		end++
	}
	kind := byte('a')
	if c := t.src[t.at]; c >= '0' && c <= '9' {
		kind = '0'
	}
	t.emit(kind, end)
}

func (t *tokenizer) punctuation(c byte) {
	i := len(t.out)
	t.emit(c, t.at+1)
	switch c {
	case '(', '[', '{':
		t.open = append(t.open, i)
	case ')', ']', '}':
		if n := len(t.open) - 1; n >= 0 && closes(t.out[t.open[n]].kind, c) {
			t.out[i].match = t.open[n]
			t.out[t.open[n]].match = i
			t.open = t.open[:n]
		}
	}
}

func closes(open, c byte) bool {
	return open == '(' && c == ')' || open == '[' && c == ']' || open == '{' && c == '}'
}

// regexpMayStart tells a regular expression from a division by what precedes:
// after a value it divides.
func (t *tokenizer) regexpMayStart() bool {
	if len(t.out) == 0 {
		return true
	}
	last := t.out[len(t.out)-1]
	switch last.kind {
	case '0', '"', '`', '/', ')', ']', '}':
		return false
	case 'a':
		switch t.src[last.start:last.end] {
		case "return", "typeof", "case", "in", "of", "delete", "void", "do", "else", "await", "yield":
			return true
		}
		return false
	}
	return true
}

func (t *tokenizer) regexpEnd() int {
	class := false
	for i := t.at + 1; i < len(t.src); i++ {
		switch t.src[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '\n':
			return t.at + 1
		case '/':
			if class {
				continue
			}
			for i++; i < len(t.src) && isWord(t.src[i]); i++ {
			}
			return i
		}
	}
	return t.at + 1
}

func (t *tokenizer) stringEnd(quote byte) int {
	for i := t.at + 1; i < len(t.src); i++ {
		switch t.src[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(t.src)
}

// templateEnd takes a template as one token; i is after the opening quote.
func (t *tokenizer) templateEnd(i int) int {
	for ; i < len(t.src); i++ {
		switch t.src[i] {
		case '\\':
			i++
		case '`':
			return i + 1
		case '$':
			if i+1 < len(t.src) && t.src[i+1] == '{' {
				i = t.holeEnd(i+2) - 1
			}
		}
	}
	return len(t.src)
}

// holeEnd is the end of a ${…}: tokenized on its own, because templates nest.
func (t *tokenizer) holeEnd(i int) int {
	inner := tokenizer{src: t.src, at: i}
	for depth := 1; inner.at < len(t.src); {
		n := len(inner.out)
		inner.next()
		if len(inner.out) == n {
			continue
		}
		switch inner.out[n].kind {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return inner.at
			}
		}
	}
	return len(t.src)
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 ||
		c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
