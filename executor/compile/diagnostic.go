package compile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity ranks a diagnostic.
type Severity int

// The severities. Only errors keep the lock file from being written.
const (
	Error Severity = iota
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Code names a kind of diagnostic. E0xx: a file could not be loaded. E1xx: the
// workflows contradict themselves. E2xx: a value is wrong. E3xx: the committed
// lock. W: warnings, which never change the exit code.
type Code string

// All codes.
const (
	NoWorkflows      Code = "E001" // directory missing or empty, file unreadable
	LoadFailed       Code = "E003" // a file does not parse, throws or never finishes
	NoExport         Code = "E004" // a file exports no workflow
	UnknownNeed      Code = "E101"
	NeedsCycle       Code = "E102"
	SelfNeed         Code = "E103"
	MatrixTooLarge   Code = "E104"
	DuplicateJob     Code = "E106"
	DuplicateFlow    Code = "E107"
	UnknownOption    Code = "E201"
	EmptyName        Code = "E202"
	BadGlob          Code = "E203"
	BadRegexp        Code = "E204"
	BadCron          Code = "E205"
	BadTimezone      Code = "E206"
	BadMatch         Code = "E207" // JSONPath of match or not
	BadDuration      Code = "E208" // timeout, grace period
	BadResources     Code = "E209"
	BadLabels        Code = "E210"
	BadNeeds         Code = "E211" // shape of a need, or its ifFailed
	BadMatrix        Code = "E212"
	BadValue         Code = "E213"
	BadHashFiles     Code = "E214"
	TooMuch          Code = "E215" // beyond a size the lock file cannot carry
	BadFixture       Code = "E216" // a test fixture without an event, or whose options throw
	DuplicateFixture Code = "E217"
	StaleLock        Code = "E301" // --check --locked
	SkippedFile      Code = "W001"
	BundleWarning    Code = "W002"
	NoRunsOn         Code = "W101"
	DuplicateStep    Code = "W102"
	ImpureField      Code = "W103"
	HashFilesNothing Code = "W104"
	NoJobs           Code = "W105"
	StaleLockWarning Code = "W301"
	UnreadableLock   Code = "W302"
)

// Diagnostic is one complaint, complete enough to be shown anywhere: no reader
// has to open the file again.
type Diagnostic struct {
	Code     Code
	Severity Severity
	File     string // relative to the git root, forward slashes
	Line     int    // from 1; 0 when the whole file or project is meant
	Column   int    // from 1, in characters
	Length   int    // characters to underline, at least 1 when Line is set
	Message  string
	Hint     string // what to do, as a sentence; may be empty
	Frame    string // the lines around the position, ready to print; may be empty
	Notes    []Note
	Workflow string // the workflow meant, when one is
}

// Note adds a second position, such as where the other duplicate stands.
type Note struct {
	File         string
	Line, Column int
	Text         string
}

// String is the one-line form: file:line:column severity [code]: message.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d %s [%s]: %s", d.File, max(d.Line, 1), max(d.Column, 1), d.Severity, d.Code, d.Message)
}

// Failure is a compile that ended in errors, for callers that want an error.
type Failure struct{ Diagnostics []Diagnostic }

func (f *Failure) Error() string {
	var lines []string
	for _, d := range f.Diagnostics {
		if d.Severity == Error {
			lines = append(lines, d.String())
		}
	}
	return "compile: " + strings.Join(lines, "\n")
}

// report collects diagnostics of one compile.
type report struct {
	sources *sources
	list    []Diagnostic
}

func (r *report) add(d Diagnostic) {
	if d.Line > 0 {
		d.Length = max(d.Length, 1)
		d.Column = max(d.Column, 1)
		if d.Frame == "" {
			d.Frame = r.sources.frame(d.File, d.Line, d.Column, d.Length)
		}
	}
	r.list = append(r.list, d)
}

func (r *report) failed() bool {
	return slices.ContainsFunc(r.list, func(d Diagnostic) bool { return d.Severity == Error })
}

// sorted orders by file and position, so that what an author reads is stable
// and top to bottom; equal complaints at one place (two exports of one file
// that share a helper) are shown once.
func (r *report) sorted() []Diagnostic {
	slices.SortStableFunc(r.list, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code),
		)
	})
	return slices.CompactFunc(r.list, func(a, b Diagnostic) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Code == b.Code && a.Message == b.Message
	})
}
