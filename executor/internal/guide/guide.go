// Package guide reads the TypeScript examples out of a user guide in Markdown,
// for tests only. The guide is the contract of the SDK and of the compiler, but
// it is not part of this repository, so the tests read the file that
// KICI_GUIDE_FILE names and skip without it. The package only finds blocks and
// says what kind they are; what must be true of them (they type-check, they
// compile) is said by the test that asks.
package guide

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Variable names the guide's file.
const Variable = "KICI_GUIDE_FILE"

// Block is one fenced TypeScript block.
type Block struct {
	Heading string // the nearest heading above, without its marks
	Index   int    // counts the TypeScript blocks below that heading, from 0
	Line    int    // of the opening fence, counted from 1
	Code    string
}

var (
	heading  = regexp.MustCompile(`^#{1,6}\s+(.*)$`)
	fence    = regexp.MustCompile("^```(ts|typescript)\\s*$")
	imports  = regexp.MustCompile(`from ['"]@kici-dev/sdk['"]`)
	defines  = regexp.MustCompile(`\bworkflow\(\s*['"` + "`" + `]`)
	elisions = regexp.MustCompile(`\.\.\.\s*[\])}.,;]|\.\.\.\s*$`)
)

// Load returns every TypeScript block of the guide, or skips the test.
func Load(t testing.TB) []Block {
	t.Helper()
	path := os.Getenv(Variable)
	if path == "" {
		t.Skipf("%s names no guide", Variable)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(string(text))
}

// Parse finds the blocks of a Markdown text.
func Parse(text string) []Block {
	var blocks []Block
	var open *Block
	at, count, other := "", 0, false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		switch {
		case open != nil && strings.HasPrefix(line, "```"):
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.Code += line + "\n"
		case other:
			other = !strings.HasPrefix(line, "```")
		case fence.MatchString(line):
			open = &Block{Heading: at, Index: count, Line: i + 1}
			count++
		case strings.HasPrefix(line, "```"):
			other = true
		default:
			if m := heading.FindStringSubmatch(line); m != nil {
				at, count = strings.TrimSpace(m[1]), 0
			}
		}
	}
	return blocks
}

// SelfContained reports whether the block can stand as a file of its own: it
// imports what it needs from the SDK and leaves nothing out. Names it uses
// without declaring them only a type checker finds.
func (b Block) SelfContained() bool {
	if !imports.MatchString(b.Code) {
		return false
	}
	for _, line := range strings.Split(b.Code, "\n") {
		code, _, _ := strings.Cut(line, "//")
		if elisions.MatchString(code) {
			return false
		}
	}
	return true
}

// DeclaresWorkflow reports whether the block calls workflow().
func (b Block) DeclaresWorkflow() bool { return defines.MatchString(b.Code) }
