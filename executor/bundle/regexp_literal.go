package bundle

import (
	"errors"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/kici-dev/kici-go/executor/bundle/internal/unicodeset"
)

// refusedFlags looks at a literal that esbuild reported as not available, and
// names the flag that no repair of ours covers. The message may point into the
// pattern, in which case the flags stand behind the closing slash.
func refusedFlags(m api.Message) string {
	l := m.Location
	if m.ID != "unsupported-regexp" || l == nil || l.Column >= len(l.LineText) {
		return ""
	}
	if strings.Contains(m.Text, "flag") {
		return firstRefused(l.LineText[l.Column:])
	}
	rest := l.LineText[l.Column:]
	class := false
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			return firstRefused(rest[i+1:])
		}
	}
	return ""
}

// firstRefused reads the flags at the start of the text.
func firstRefused(text string) string {
	for _, c := range text {
		if c < 'a' || c > 'z' {
			return ""
		}
		if c == 'v' || c == 'd' {
			return string(c)
		}
	}
	return ""
}

// refusedRegexps turns the reports on regular expressions into diagnostics,
// by file. Only the author's own files are judged: a package may hide such a
// literal behind a check of what the runtime can do.
func (s *session) refusedRegexps(warnings []api.Message) map[string][]Diagnostic {
	found := map[string][]Diagnostic{}
	for _, w := range warnings {
		if w.ID != "unsupported-regexp" || w.Location == nil || inNodeModules(w.Location.File) {
			continue
		}
		flag := refusedFlags(w)
		if flag == "" {
			if d, bad := unknownProperty(w.Location); bad {
				found[d.File] = append(found[d.File], d)
			}
			continue
		}
		d := Diagnostic{
			Severity: Error, Length: 1,
			Text: "the regular expression flag " + quote(flag) + " is not supported by the embedded runtime",
		}
		d.File, d.Line, d.Column, d.LineText = place(w.Location)
		switch flag {
		case "v":
			d.Notes = []Note{{Text: `use the flag "u" and plain classes; \p{…} works with it`}}
		case "d":
			d.Notes = []Note{{Text: "use match.index and the lengths of the groups instead of match.indices"}}
		}
		found[d.File] = append(found[d.File], d)
	}
	return found
}

// unknownProperty checks the \p{…} that a message points at. Node refuses an
// unknown one when it parses the file; goja would wait until it is matched.
func unknownProperty(l *api.Location) (Diagnostic, bool) {
	rest := l.LineText[min(max(l.Column, 0), len(l.LineText)):]
	end := strings.IndexByte(rest, '}')
	if end < 0 {
		return Diagnostic{}, false
	}
	_, err := unicodeset.Expand(rest[:end+1])
	var unknown *unicodeset.UnknownError
	if !errors.As(err, &unknown) {
		return Diagnostic{}, false
	}
	d := Diagnostic{Severity: Error, Length: end + 1, Text: "there is no Unicode property " + quote(unknown.Property)}
	d.File, d.Line, d.Column, d.LineText = place(l)
	return d, true
}
