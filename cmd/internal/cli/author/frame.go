package author

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// place is a position in an author's file; line and column count from one, a
// zero line means that only the file is known.
type place struct {
	File         string // as shown
	Path         string // as read, absolute
	Line, Column int
	LineText     string // the line itself, when the file cannot be read any more
}

func (p place) String() string {
	switch {
	case p.File == "":
		return ""
	case p.Line == 0:
		return p.File
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, max(1, p.Column))
	}
}

// frameContext is how many lines stand above the one that matters; one stands
// below.
const frameContext = 2

// longestLine keeps a minified or generated line from filling the screen.
const longestLine = 160

// frame draws the source around a place with a caret under the column, or
// nothing when there is nothing to draw.
func frame(disk cli.Disk, style cli.Style, p place) string {
	if p.Line == 0 {
		return ""
	}
	lines, first := surroundings(disk, p)
	if len(lines) == 0 {
		return ""
	}
	width := len(fmt.Sprint(first + len(lines) - 1))
	var b strings.Builder
	for i, text := range lines {
		number := first + i
		text, caret := clip(text, p.Column, number == p.Line)
		gutter := fmt.Sprintf("%*d |", width, number)
		if number != p.Line {
			fmt.Fprintf(&b, "    %s %s\n", style.Dim(gutter), text)
			continue
		}
		fmt.Fprintf(&b, "  %s %s %s\n", style.Red(">"), gutter, text)
		if p.Column > 0 {
			fmt.Fprintf(&b, "    %s %s\n", style.Dim(strings.Repeat(" ", width)+" |"), caret+style.Red("^"))
		}
	}
	return b.String()
}

// surroundings returns the lines to show and the number of the first.
func surroundings(disk cli.Disk, p place) ([]string, int) {
	text, found, err := disk.Read(p.Path)
	all := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if p.Path == "" || err != nil || !found || p.Line > len(all) {
		if p.LineText == "" {
			return nil, 0
		}
		return []string{p.LineText}, p.Line
	}
	first := max(1, p.Line-frameContext)
	last := min(len(all), p.Line+1)
	if last > p.Line && strings.TrimSpace(all[last-1]) == "" {
		last--
	}
	return all[first-1 : last], first
}

// clip cuts an over-long line around the column and returns the white space
// that puts a caret under it; tabs stay tabs, so that both lines agree.
func clip(text string, column int, marked bool) (shown, caret string) {
	runes := []rune(text)
	at := min(max(0, column-1), len(runes))
	start := 0
	if len(runes) > longestLine && marked && at > longestLine/2 {
		start = at - longestLine/2
	}
	end := min(len(runes), start+longestLine)
	for _, r := range runes[start:at] {
		if r != '\t' {
			r = ' '
		}
		caret += string(r)
	}
	shown = string(runes[start:end])
	if start > 0 {
		shown, caret = "…"+shown, caret+" "
	}
	if end < len(runes) {
		shown += "…"
	}
	return shown, caret
}
