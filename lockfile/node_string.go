package lockfile

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string literal. A lone surrogate escape becomes its three-byte
// form (not valid UTF-8, but Go strings do not mind), which the writer turns
// back into the same escape.
func (r *reader) str() (string, error) {
	start := r.pos
	r.pos++
	from := r.pos
	for r.pos < len(r.src) { // fast path: no escapes, plain ASCII
		c := r.src[r.pos]
		if c == '"' {
			r.pos++
			return string(r.src[from : r.pos-1]), nil
		}
		if c == '\\' || c < 0x20 || c >= utf8.RuneSelf {
			break
		}
		r.pos++
	}
	var b strings.Builder
	b.Write(r.src[from:r.pos])
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; {
		case c == '"':
			r.pos++
			return b.String(), nil
		case c == '\\':
			if err := r.escape(&b); err != nil {
				return "", err
			}
		case c < 0x20:
			return "", r.fail("a control character must be escaped inside a string")
		default:
			ch, size := utf8.DecodeRune(r.src[r.pos:])
			if ch == utf8.RuneError && size == 1 {
				return "", r.fail("the string is not valid UTF-8")
			}
			b.Write(r.src[r.pos : r.pos+size])
			r.pos += size
		}
	}
	r.pos = start
	return "", r.fail("the string is never closed")
}

func (r *reader) escape(b *strings.Builder) error {
	if r.pos+1 >= len(r.src) {
		return r.fail("the text ends inside an escape")
	}
	switch c := r.src[r.pos+1]; c {
	case '"', '\\', '/':
		b.WriteByte(c)
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'u':
		return r.unicode(b)
	default:
		return r.fail("unknown escape in a string")
	}
	r.pos += 2
	return nil
}

func (r *reader) unicode(b *strings.Builder) error {
	first, ok := r.hex4(r.pos)
	if !ok {
		return r.fail("\\u needs four hexadecimal digits")
	}
	r.pos += 6
	if !utf16.IsSurrogate(first) {
		b.WriteRune(first)
		return nil
	}
	if second, ok := r.hex4(r.pos); ok {
		if ch := utf16.DecodeRune(first, second); ch != utf8.RuneError {
			b.WriteRune(ch)
			r.pos += 6
			return nil
		}
	}
	b.Write([]byte{0xE0 | byte(first>>12), 0x80 | byte(first>>6)&0x3F, 0x80 | byte(first)&0x3F})
	return nil
}

// hex4 reads \uXXXX at pos.
func (r *reader) hex4(pos int) (rune, bool) {
	if pos+6 > len(r.src) || r.src[pos] != '\\' || r.src[pos+1] != 'u' {
		return 0, false
	}
	var v rune
	for _, c := range r.src[pos+2 : pos+6] {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			v = v<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
