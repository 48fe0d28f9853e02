package executor

import (
	"bytes"
	"fmt"
	"strings"
)

// frameContext is how many lines a code frame shows before the line itself.
const frameContext = 2

// CodeFrame shows a place in a source as an excerpt with a caret below it.
// line and col count from 1, col in UTF-16 units as JavaScript does; a place
// outside the source gives an empty string.
func CodeFrame(src []byte, line, col int) string {
	lines := bytes.Split(src, []byte("\n"))
	if line < 1 || line > len(lines) {
		return ""
	}
	width := len(fmt.Sprint(min(line+1, len(lines))))
	var b strings.Builder
	for n := max(1, line-frameContext); n <= min(line+1, len(lines)); n++ {
		text := strings.TrimRight(string(lines[n-1]), "\r")
		mark := " "
		if n == line {
			mark = ">"
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s %*d | %s", mark, width, n, text), " ") + "\n")
		if n == line && col > 0 {
			fmt.Fprintf(&b, "  %*s | %s^\n", width, "", caretPad(text, col))
		}
	}
	return b.String()
}

// caretPad is blank as wide as what stands before the column; tabs stay tabs,
// so that the caret lines up wherever the reader's tab stops are.
func caretPad(text string, col int) string {
	var b strings.Builder
	units := 1
	for _, r := range text {
		if units >= col {
			break
		}
		units++
		if r > 0xFFFF {
			units++
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
