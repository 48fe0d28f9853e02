package pattern

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// Mode says how a list of patterns is read.
type Mode int

const (
	// AnyOf: one pattern that fits is enough, and a leading "!" only negates
	// that one pattern. So ["main","!dev"] is everything but dev, and
	// ["*","!main"] is everything. Branches, tags, contexts.
	AnyOf Mode = iota
	// Excluding: patterns that start with "!" take away, the others admit; with
	// none of the others everything is admitted. Paths, repositories.
	Excluding
)

// matcher is one compiled pattern.
type matcher interface {
	Match(string) (bool, error)
	String() string
}

// Pattern is one compiled glob or regular expression.
type Pattern struct {
	m matcher
	// shown is the pattern as the author wrote it, with its "!".
	shown string
}

// Compile compiles one pattern of a lock file.
func Compile(p lockfile.Pattern) (*Pattern, error) {
	switch p.Type {
	case lockfile.PatternRegex:
		re, err := CompileRegexp(p.Pattern, p.Flags)
		return &Pattern{re, p.String()}, err
	case lockfile.PatternGlob, "":
		g, err := CompileGlob(p.Pattern)
		return &Pattern{g, p.String()}, err
	}
	return nil, fmt.Errorf("pattern: unknown type %q", p.Type)
}

// Match tells whether the pattern fits. The error is ErrTimeout or nil.
func (p *Pattern) Match(s string) (bool, error) { return p.m.Match(s) }

// String is the pattern as written.
func (p *Pattern) String() string { return p.shown }

// List is a compiled list of patterns. The zero List is empty.
type List struct {
	include, exclude []*Pattern
}

// CompileList compiles a list; the error names the first pattern that is wrong.
func CompileList(patterns []lockfile.Pattern, mode Mode) (*List, error) {
	l := &List{}
	for i, p := range patterns {
		target, shown := &l.include, p.String()
		if rest, negated := strings.CutPrefix(p.Pattern, "!"); negated && mode == Excluding {
			p.Pattern = rest
			target = &l.exclude
		}
		c, err := Compile(p)
		if err != nil {
			return nil, fmt.Errorf("pattern %d (%q): %w", i+1, shown, err)
		}
		c.shown = shown
		*target = append(*target, c)
	}
	return l, nil
}

// Globs makes patterns of plain strings, as status contexts are stored.
func Globs(texts []string) []lockfile.Pattern {
	out := make([]lockfile.Pattern, len(texts))
	for i, t := range texts {
		out[i] = lockfile.Glob(t)
	}
	return out
}

// Empty tells whether the list has no patterns, which everywhere means no filter.
func (l *List) Empty() bool { return len(l.include)+len(l.exclude) == 0 }

// String lists the patterns as written.
func (l *List) String() string {
	var parts []string
	for _, p := range l.exclude {
		parts = append(parts, p.shown)
	}
	for _, p := range l.include {
		parts = append(parts, p.shown)
	}
	return strings.Join(parts, ", ")
}

// Match tells whether a value is admitted, and by which pattern it was decided
// (nil when none spoke).
func (l *List) Match(value string) (bool, *Pattern, error) {
	if p, err := first(l.exclude, value); p != nil || err != nil {
		return false, p, err
	}
	if len(l.include) == 0 {
		return true, nil, nil
	}
	p, err := first(l.include, value)
	return p != nil, p, err
}

// MatchAny tells whether one of the values is admitted, and which. A list of
// values that is empty is never admitted: who filters on changed files does not
// want to run when nobody knows what changed.
func (l *List) MatchAny(values []string) (ok bool, which string, by *Pattern, err error) {
	for _, v := range values {
		if ok, by, err = l.Match(v); ok || err != nil {
			return ok, v, by, err
		}
	}
	return false, "", by, nil
}

func first(patterns []*Pattern, value string) (*Pattern, error) {
	for _, p := range patterns {
		if ok, err := p.Match(value); ok || err != nil {
			return p, err
		}
	}
	return nil, nil
}
