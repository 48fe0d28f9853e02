package message

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// cursor reads JSON that was written without spaces. It gives up on whatever is
// rare; encoding/json then decides what that means.
type cursor struct {
	s string
	i int
}

func (c *cursor) lit(x string) bool {
	if !strings.HasPrefix(c.s[c.i:], x) {
		return false
	}
	c.i += len(x)
	return true
}

// int reads a whole number of at most 18 digits, which cannot overflow.
func (c *cursor) int() (int64, bool) {
	start := c.i
	c.lit("-")
	first := c.i
	var n int64
	for c.i < len(c.s) && c.s[c.i] >= '0' && c.s[c.i] <= '9' && c.i-first < 18 {
		n = n*10 + int64(c.s[c.i]-'0')
		c.i++
	}
	digits := c.i - first
	if digits == 0 || digits > 1 && c.s[first] == '0' {
		return 0, false
	}
	if first > start {
		n = -n
	}
	return n, true
}

func (c *cursor) strs() (Strings, bool) {
	if !c.lit("[") {
		return nil, false
	}
	out := Strings{}
	if c.lit("]") {
		return out, true
	}
	for {
		s, ok := c.str()
		if !ok {
			return nil, false
		}
		out = append(out, s)
		if c.lit("]") {
			return out, true
		}
		if !c.lit(",") {
			return nil, false
		}
	}
}

// str reads a string; one without escapes costs nothing but the look at it.
func (c *cursor) str() (string, bool) {
	if !c.lit(`"`) {
		return "", false
	}
	end := strings.IndexByte(c.s[c.i:], '"')
	if end < 0 {
		return "", false
	}
	part := c.s[c.i : c.i+end]
	if strings.IndexByte(part, '\\') >= 0 {
		return c.escaped()
	}
	c.i += end + 1
	return part, plain(part)
}

// simple is how far s, from i on, is ASCII that needs no escape, give or take
// seven bytes: it looks at eight at once, which is most of the speed of reading and
// writing logs.
func simple(s string, i int) int {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		quote, slash := x^('"'*each), x^('\\'*each)
		control := (x - ' '*each) &^ x
		if (x|control|(quote-each)&^quote|(slash-each)&^slash)&top != 0 {
			break
		}
	}
	return i
}

// plain tells whether s may stand between quotes as it is.
func plain(s string) bool {
	var high byte
	for i := simple(s, 0); i < len(s); i++ {
		if s[i] < ' ' {
			return false
		}
		high |= s[i]
	}
	return high < utf8.RuneSelf || utf8.ValidString(s)
}

// escaped reads the rest of a string that has escapes in it. The next quote is
// looked for only when the last one found turns out to be escaped: looking anew
// behind every escape would take quadratic time.
func (c *cursor) escaped() (string, bool) {
	var out strings.Builder
	quote := c.i - 1
	for {
		if quote < c.i {
			next := strings.IndexByte(c.s[c.i:], '"')
			if next < 0 {
				return "", false
			}
			quote = c.i + next
			out.Grow(next)
		}
		stop := quote
		if slash := strings.IndexByte(c.s[c.i:quote], '\\'); slash >= 0 {
			stop = c.i + slash
		}
		if !plain(c.s[c.i:stop]) {
			return "", false
		}
		out.WriteString(c.s[c.i:stop])
		c.i = stop
		if c.lit(`"`) {
			return out.String(), true
		}
		r, ok := c.escape()
		if !ok {
			return "", false
		}
		out.WriteRune(r)
	}
}

// escape reads one escape. Halves of a surrogate pair are rare enough to leave to
// encoding/json.
func (c *cursor) escape() (rune, bool) {
	if c.i+2 > len(c.s) {
		return 0, false
	}
	kind := c.s[c.i+1]
	c.i += 2
	switch kind {
	case '"', '\\', '/':
		return rune(kind), true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'r':
		return '\r', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'u':
		if c.i+4 > len(c.s) {
			return 0, false
		}
		n, err := strconv.ParseUint(c.s[c.i:c.i+4], 16, 32)
		c.i += 4
		return rune(n), err == nil && (n < 0xD800 || n > 0xDFFF)
	}
	return 0, false
}

func appendStrings(out []byte, list []string) []byte {
	out = append(out, '[')
	for i, s := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, s)
	}
	return append(out, ']')
}

// appendString writes s as JSON, leaving < > & as they are. Bytes that are no
// text become U+FFFD, as encoding/json has it.
func appendString(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	from := 0
	for i := simple(s, 0); i < len(s); {
		b := s[i]
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				out = append(append(out, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += size
			continue
		}
		if b >= ' ' && b != '"' && b != '\\' {
			i++
			continue
		}
		out = append(out, s[from:i]...)
		switch b {
		case '"', '\\':
			out = append(out, '\\', b)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
		i++
		from = i
		i = simple(s, i)
	}
	return append(append(out, s[from:]...), '"')
}
