package author

import (
	"fmt"
	"io"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// finding is one thing the compiler has to say, ready to be shown.
type finding struct {
	Place      place
	Frame      string // the source around the place, drawn by the compiler
	Warning    bool
	Code       string
	Message    string
	Suggestion string
	Notes      []string
}

// showFindings prints all findings: position, code, message, the source around
// it, and what to do about it.
func showFindings(w io.Writer, style cli.Style, all []finding) {
	for _, f := range all {
		head := ""
		if at := f.Place.String(); at != "" {
			head = style.Bold(at) + " "
		}
		kind := style.Red("error")
		if f.Warning {
			kind = style.Yellow("warning")
		}
		if f.Code != "" {
			kind += " [" + f.Code + "]"
		}
		fmt.Fprintf(w, "%s%s: %s\n", head, kind, indentRest(f.Message))
		if f.Frame != "" {
			fmt.Fprintf(w, "%s\n", strings.TrimRight(f.Frame, "\n"))
		}
		for _, note := range f.Notes {
			fmt.Fprintf(w, "  Note: %s\n", indentRest(note))
		}
		if f.Suggestion != "" {
			fmt.Fprintf(w, "  %s %s\n", style.Cyan("Suggestion:"), indentRest(f.Suggestion))
		}
	}
}

// indentRest keeps a message of several lines together under its first.
func indentRest(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}

// countFindings says "2 errors, 1 warning".
func countFindings(all []finding) string {
	errors, warnings := 0, 0
	for _, f := range all {
		if f.Warning {
			warnings++
		} else {
			errors++
		}
	}
	var parts []string
	if errors > 0 {
		parts = append(parts, plural(errors, "error"))
	}
	if warnings > 0 {
		parts = append(parts, plural(warnings, "warning"))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
