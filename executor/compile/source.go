package compile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// sources reads the author's files once, for hashes, frames and positions.
type sources struct {
	root  string
	files map[string]*sourceFile
}

type sourceFile struct {
	text  []byte
	err   error
	lines []string // split on first use
	index *index   // made on first use
}

func newSources(root string) *sources {
	return &sources{root: root, files: map[string]*sourceFile{}}
}

// path turns a root-relative name into one for the operating system.
func (s *sources) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(s.root, filepath.FromSlash(file))
}

func (s *sources) get(file string) *sourceFile {
	if f, ok := s.files[file]; ok {
		return f
	}
	f := &sourceFile{}
	f.text, f.err = os.ReadFile(s.path(file))
	s.files[file] = f
	return f
}

// line returns a line's text, counted from 1.
func (f *sourceFile) line(n int) (string, bool) {
	if f.lines == nil {
		f.lines = strings.Split(string(bytes.ReplaceAll(f.text, []byte("\r\n"), []byte("\n"))), "\n")
	}
	if n < 1 || n > len(f.lines) {
		return "", false
	}
	return f.lines[n-1], true
}

// Bounds of a code frame: a minified line of a megabyte is no help to anybody.
const (
	frameBefore = 2
	frameAfter  = 1
	frameWidth  = 160
)

// frame draws the lines around a position with a row of carets below it.
func (s *sources) frame(file string, line, column, length int) string {
	f := s.get(file)
	if f.err != nil || !utf8.Valid(f.text) {
		return ""
	}
	at, ok := f.line(line)
	if !ok || utf8.RuneCountInString(at) > frameWidth || strings.ContainsFunc(at, isControl) {
		return ""
	}
	width := len(fmt.Sprint(line + frameAfter))
	var b strings.Builder
	for n := line - frameBefore; n <= line+frameAfter; n++ {
		text, ok := f.line(n)
		if !ok || (n == line+frameAfter && text == "") || utf8.RuneCountInString(text) > frameWidth {
			continue
		}
		mark := " "
		if n == line {
			mark = ">"
		}
		fmt.Fprintf(&b, "%s %*d | %s\n", mark, width, n, text)
		if n == line {
			fmt.Fprintf(&b, "  %*s | %s%s\n", width, "", blank(at, column-1), strings.Repeat("^", carets(at, column, length)))
		}
	}
	return b.String()
}

// isControl finds what must not reach a terminal.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// blank is white space as wide as the first n characters of text: tabs stay.
func blank(text string, n int) string {
	var b strings.Builder
	for _, r := range text {
		if n--; n < 0 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

func carets(text string, column, length int) int {
	return max(1, min(length, utf8.RuneCountInString(text)-column+1))
}
