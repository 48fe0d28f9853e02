package unicodeset

import (
	"fmt"
	"strings"
)

// UnknownError reports a property that JavaScript does not know either.
type UnknownError struct {
	Property string // what stands between the braces
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("unicodeset: no Unicode property is called %q", e.Property)
}

// Expand replaces every \p{…} and \P{…} of a pattern with the flag u. A pattern
// without one comes back unchanged.
func Expand(pattern string) (string, error) {
	var out strings.Builder
	class := false
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			n, err := escape(&out, pattern[i:], class)
			if err != nil {
				return "", err
			}
			i += n
			continue
		case c == '[':
			class = true
		case c == ']':
			class = false
		}
		out.WriteByte(c)
		i++
	}
	return out.String(), nil
}

// escape copies one escape sequence, or expands it, and says how long it was.
func escape(out *strings.Builder, rest string, class bool) (int, error) {
	if rest[1] != 'p' && rest[1] != 'P' {
		out.WriteString(rest[:2])
		return 2, nil
	}
	end := strings.IndexByte(rest, '}')
	if len(rest) < 4 || rest[2] != '{' || end < 0 {
		return 0, &UnknownError{Property: rest[2:min(len(rest), 12)]}
	}
	set, err := lookup(rest[3:end])
	if err != nil {
		return 0, err
	}
	if rest[1] == 'P' {
		set = set.complement()
	}
	writeClass(out, set, class)
	return end + 1, nil
}

// writeClass prints a set, inside an open class or as a class of its own. The
// empty set is a class that nothing matches; inside a class it is nothing.
func writeClass(out *strings.Builder, s set, inside bool) {
	if !inside {
		out.WriteByte('[')
		defer out.WriteByte(']')
	}
	for _, r := range s {
		writeRune(out, r.lo)
		if r.hi > r.lo {
			out.WriteByte('-')
			writeRune(out, r.hi)
		}
	}
}

func writeRune(out *strings.Builder, r rune) {
	switch {
	case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
		out.WriteRune(r)
	case r <= 0xff:
		fmt.Fprintf(out, `\x%02x`, r)
	case r <= 0xffff:
		fmt.Fprintf(out, `\u%04x`, r)
	default:
		fmt.Fprintf(out, `\u{%x}`, r)
	}
}
