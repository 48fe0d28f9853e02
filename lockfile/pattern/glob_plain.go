package pattern

import (
	"regexp"

	"github.com/gobwas/glob"
)

// plainShape is the globs that gobwas/glob reads as picomatch does: plain text
// and single stars that do not begin a segment. A star at the beginning would
// take dotfiles there, and two stars mean something else to each of them.
var plainShape = regexp.MustCompile(`^` + plainSegment + `(?:/` + plainSegment + `)*$`)

const plainSegment = `[A-Za-z0-9_-](?:\*?[A-Za-z0-9_.-])*\*?`

// compilePlain compiles such a glob for gobwas, which matches it without an
// expression; nil for every other shape.
func compilePlain(text string) *glob.Pattern {
	if !plainShape.MatchString(text) {
		return nil
	}
	g, err := glob.Compile(text, '/')
	if err != nil {
		return nil
	}
	return g
}
