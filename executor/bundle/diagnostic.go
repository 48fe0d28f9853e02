package bundle

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

func quote(s string) string { return strconv.Quote(s) }

func compareDiagnostics(a, b Diagnostic) int {
	return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
}

// report adds esbuild's messages to the outcome, each once.
func (s *session) report(out *outcome, msgs []api.Message, sev Severity) {
	for _, m := range msgs {
		d, keep := s.diagnostic(m, sev)
		if !keep {
			continue
		}
		out.add(d)
	}
}

func (out *outcome) add(d Diagnostic) {
	key := fmt.Sprint(d.Severity, d.File, d.Line, d.Column, d.Text)
	if !out.seen[key] {
		out.seen[key] = true
		out.diags = append(out.diags, d)
	}
}

// diagnostic translates a message. Some of them are addressed to us and not to
// the author: those are dropped here and read elsewhere.
func (s *session) diagnostic(m api.Message, sev Severity) (Diagnostic, bool) {
	switch m.ID {
	case "unsupported-dynamic-import", "unsupported-require-call":
		return Diagnostic{}, false
	case "unsupported-regexp":
		return Diagnostic{}, false
	}
	if sev == Warning && m.Location != nil && inNodeModules(m.Location.File) {
		return Diagnostic{}, false
	}
	d := Diagnostic{Severity: sev, Text: lowerFirst(m.Text)}
	if m.Location != nil {
		s.original(m.Location)
		d.File, d.Line, d.Column, d.LineText = place(m.Location)
		d.Length = max(1, m.Location.Length)
	}
	for _, n := range m.Notes {
		if strings.HasPrefix(n.Text, `The plugin "kici"`) {
			continue // true, and of no use to an author
		}
		note := Note{Text: n.Text}
		if n.Location != nil {
			note.File, note.Line, note.Column, note.LineText = place(n.Location)
		}
		d.Notes = append(d.Notes, note)
	}
	s.explainMissing(&d)
	return d, true
}

// maxLineText bounds a quoted line; generated files have lines of megabytes.
const maxLineText = 1000

// place converts esbuild's zero-based byte column to a one-based character.
// The column may lie behind the end of a line that was cut short.
func place(l *api.Location) (file string, line, column int, text string) {
	text = l.LineText
	before := text[:min(max(l.Column, 0), len(text))]
	column = utf8.RuneCountInString(before) + 1 + max(l.Column-len(before), 0)
	if len(text) > maxLineText {
		text = strings.ToValidUTF8(text[:maxLineText], "")
	}
	return filepath.ToSlash(l.File), l.Line, column, text
}

// lowerFirst fits a sentence of esbuild's to the house's messages, which
// follow a position and a colon. Names and quotes stay as they are.
func lowerFirst(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if len(word) < 2 || strings.ToUpper(word) == word || text[0] < 'A' || text[0] > 'Z' {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}
