package lockfile

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNewer is what a *VersionError unwraps to when the file is newer than this
// program, so that callers can branch without looking inside.
var ErrNewer = errors.New("lockfile: written by a newer version")

// VersionError reports a schema that cannot be read.
type VersionError struct {
	Found     int
	Supported int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("lockfile: schema version %d cannot be read; this kici reads up to %d", e.Found, e.Supported)
}

// Hint says what to do about it.
func (e *VersionError) Hint() string {
	if e.Found > e.Supported {
		return "upgrade kici, or run `kici compile` with this version and commit the result"
	}
	return "run `kici compile` and commit the result"
}

// Unwrap gives ErrNewer for files from the future.
func (e *VersionError) Unwrap() error {
	if e.Found > e.Supported {
		return ErrNewer
	}
	return nil
}

// Problem is one fault of a lock file and where it stands.
type Problem struct {
	Path   string // JSON path such as $.workflows[0].jobs[1].name
	Line   int    // from 1
	Column int    // from 1, in characters
	Text   string
}

func (p Problem) String() string {
	return fmt.Sprintf("%s: %s (line %d, column %d)", p.Path, p.Text, p.Line, p.Column)
}

// ParseError lists what is wrong with a file, in file order, at most MaxProblems.
type ParseError struct{ Problems []Problem }

// MaxProblems bounds the list: after twenty nobody reads on.
const MaxProblems = 20

func (e *ParseError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "lockfile: " + strings.Join(lines, "\n")
}

// Hint says what to do about it.
func (e *ParseError) Hint() string {
	return "run `kici compile` and commit the result"
}
