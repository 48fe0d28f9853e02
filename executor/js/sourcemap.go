package js

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja/file"
)

// goja looks a position up with a 1-based byte column and reports what it
// finds as if it were 1-based, while source maps count UTF-16 units from 0. So
// that goja's own stack traces come out exact, shiftMap rewrites the map once,
// in text: every line's generated columns move to 1-based bytes, and original
// columns move by one. Deltas make that cheap: only the first segment of a
// line changes, unless the line holds non-ASCII text.

type rawMap struct {
	Version  int      `json:"version"`
	Root     string   `json:"sourceRoot,omitempty"`
	Sources  []string `json:"sources"`
	Names    []string `json:"names"`
	Mappings string   `json:"mappings"`
}

func shiftMap(raw []byte, text string, lead int) (shifted []byte, sources []string, err error) {
	var m rawMap
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, nil, err
	}
	if m.Version != 3 {
		return nil, nil, fmt.Errorf("version %d, want 3", m.Version)
	}
	var b strings.Builder
	b.Grow(len(m.Mappings) + len(m.Mappings)/8 + lead)
	for range lead {
		b.WriteByte(';')
	}
	lines := strings.SplitAfter(text, "\n")
	column := 1 // what the next original column must still move
	for i, line := range strings.Split(m.Mappings, ";") {
		if i > 0 {
			b.WriteByte(';')
		}
		if line == "" {
			continue
		}
		generated := ""
		if at := i + lead; at < len(lines) {
			generated = lines[at]
		}
		if err := shiftLine(&b, line, generated, &column); err != nil {
			return nil, nil, err
		}
	}
	m.Mappings, m.Names = b.String(), []string{}
	shifted, err = json.Marshal(m)
	return shifted, m.Sources, err
}

func shiftLine(b *strings.Builder, line, generated string, column *int) error {
	ascii := isASCII(generated)
	from, to := 0, 0 // UTF-16 column of the map, byte column + 1 written so far
	for i, segment := range strings.Split(line, ",") {
		if i > 0 {
			b.WriteByte(',')
		}
		delta, rest, err := readVLQ(segment)
		if err != nil {
			return err
		}
		from += delta
		want := from + 1
		if !ascii {
			want = byteColumn(generated, from) + 1
		}
		writeVLQ(b, want-to)
		to = want
		if err := copyFields(b, rest, column); err != nil {
			return err
		}
	}
	return nil
}

// copyFields writes source, line and column of a segment and leaves the name
// out; the first column written carries the shift of them all.
func copyFields(b *strings.Builder, rest string, column *int) error {
	if rest == "" {
		return nil
	}
	for i := range 3 {
		n, next, err := readVLQ(rest)
		if err != nil {
			return err
		}
		if i == 2 {
			n += *column
			*column = 0
		}
		writeVLQ(b, n)
		rest = next
	}
	return nil
}

// byteColumn finds the byte offset of a UTF-16 column.
func byteColumn(line string, units int) int {
	for i, r := range line {
		if units <= 0 {
			return i
		}
		units--
		if r > 0xFFFF {
			units--
		}
	}
	return len(line)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

const vlqDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

var errVLQ = errors.New("malformed mappings")

func readVLQ(s string) (value int, rest string, err error) {
	shift := 0
	for i := range len(s) {
		digit := strings.IndexByte(vlqDigits, s[i])
		if digit < 0 || shift > 30 {
			return 0, "", errVLQ
		}
		value |= (digit & 31) << shift
		shift += 5
		if digit&32 != 0 {
			continue
		}
		if value&1 != 0 {
			return -(value >> 1), s[i+1:], nil
		}
		return value >> 1, s[i+1:], nil
	}
	return 0, "", errVLQ
}

func writeVLQ(b *strings.Builder, value int) {
	v := value << 1
	if value < 0 {
		v = -value<<1 | 1
	}
	for {
		digit := v & 31
		v >>= 5
		if v > 0 {
			digit |= 32
		}
		b.WriteByte(vlqDigits[digit])
		if v == 0 {
			return
		}
	}
}

// gojaSourceName is the spelling goja gives to a mapped file: it goes through
// URLs, which escape spaces and the like.
func gojaSourceName(name, source string) string {
	u := file.ResolveSourcemapURL(name, source)
	if u == nil {
		return source
	}
	return u.String()
}
