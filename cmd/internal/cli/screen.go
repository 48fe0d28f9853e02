package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Screen keeps some lines at the bottom of a terminal up to date while text
// scrolls by above them. Every change is one write between the marks of a
// synchronised update, and only what stands there is overwritten, so nothing
// flickers. The cursor stays visible, on the line below: there is nothing to
// restore, however the process ends.
type Screen struct {
	size func() (width, height int, ok bool)

	mu     sync.Mutex // guards the rest, and the order of writes
	w      io.Writer
	widths []int // of the lines that stand there now
	above  bytes.Buffer
	err    error
}

// NewScreen draws on w; size is asked before every drawing, which is how a
// resized terminal is noticed.
func NewScreen(w io.Writer, size func() (width, height int, ok bool)) *Screen {
	return &Screen{w: w, size: size}
}

// Size is what a drawing may fill: columns, and lines at the bottom.
func (s *Screen) Size() (width, lines int) {
	width, height, ok := s.size()
	if !ok || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	// The last column is left free, because some terminals wrap there; the last
	// line is the cursor's, and one more keeps a look at what scrolled by.
	return max(width-1, 1), max(height-2, 1)
}

// Above adds text that scrolls away; it is shown by the next Draw.
func (s *Screen) Above(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.above.WriteString(text)
	if !strings.HasSuffix(text, "\n") {
		s.above.WriteByte('\n')
	}
}

// Draw replaces the lines at the bottom. Lines must fit Size; none at all
// leaves the terminal as if there had never been any.
func (s *Screen) Draw(lines []string) error {
	width, _ := s.Size()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.above.Len() == 0 && len(lines) == 0 && len(s.widths) == 0 {
		return s.err
	}
	var out bytes.Buffer
	out.WriteString("\x1b[?2026h\r")
	if rows := s.rows(width); rows > 0 {
		fmt.Fprintf(&out, "\x1b[%dA", rows)
	}
	if s.above.Len() > 0 {
		// What scrolls may be longer than what it overwrites.
		out.WriteString("\x1b[J")
		out.Write(bytes.ReplaceAll(s.above.Bytes(), []byte("\n"), []byte("\r\n")))
		s.above.Reset()
	}
	s.widths = s.widths[:0]
	for _, line := range lines {
		out.WriteString(line + "\x1b[K\r\n")
		s.widths = append(s.widths, Columns(line))
	}
	out.WriteString("\x1b[J\x1b[?2026l")
	if _, err := s.w.Write(out.Bytes()); err != nil && s.err == nil {
		s.err = err
	}
	return s.err
}

// rows is how many rows of the terminal the drawn lines take by now: one that
// was made narrower has broken them.
func (s *Screen) rows(width int) int {
	rows := 0
	for _, w := range s.widths {
		rows += max(1, (w+width)/(width+1))
	}
	return rows
}

// Columns is how wide a text stands in a terminal. Colour codes take no room.
func Columns(text string) int {
	n := 0
	for i := 0; i < len(text); {
		if skip := escape(text[i:]); skip > 0 {
			i += skip
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		n += columns(r)
		i += size
	}
	return n
}

// Fit cuts a text to a width, with an ellipsis in the last column. Colour codes
// are kept, and ended.
func Fit(text string, width int) string {
	if Columns(text) <= width {
		return text
	}
	var b strings.Builder
	n, coloured := 0, false
	for i := 0; i < len(text); {
		if skip := escape(text[i:]); skip > 0 {
			b.WriteString(text[i : i+skip])
			i, coloured = i+skip, true
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if n+columns(r) > width-1 {
			break
		}
		n += columns(r)
		b.WriteRune(r)
		i += size
	}
	if width > 0 {
		b.WriteString("…")
	}
	if coloured {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// Visible is one line of somebody else's output, without anything that would
// move the cursor or change colours.
func Visible(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if skip := escape(text[i:]); skip > 0 {
			i += skip
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case r == '\t':
			b.WriteString("  ")
		case r == utf8.RuneError && size == 1:
			b.WriteRune('\uFFFD')
		case !unicode.IsControl(r) && r != '\u2028' && r != '\u2029':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// escape is the length of the control sequence that text begins with, 0 when it
// does not. An unfinished one reaches to the end.
func escape(text string) int {
	if len(text) == 0 || text[0] != 0x1b {
		return 0
	}
	if len(text) == 1 {
		return 1
	}
	switch text[1] {
	case '[': // parameters, then one byte from @ to ~
		for i := 2; i < len(text); i++ {
			if text[i] >= '@' && text[i] <= '~' {
				return i + 1
			}
		}
		return len(text)
	case ']', 'P', '_', '^', 'X': // a text up to BEL or ESC \
		for i := 2; i < len(text); i++ {
			if text[i] == 0x07 {
				return i + 1
			}
			if text[i] == 0x1b && i+1 < len(text) && text[i+1] == '\\' {
				return i + 2
			}
		}
		return len(text)
	}
	return 2
}

// columns is the width of a character: 0 for what is put upon the one before,
// 2 for the ideographs and pictures that stand in two columns.
func columns(r rune) int {
	switch {
	case unicode.IsControl(r) || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1f6ff, r >= 0x1f900 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
