package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// MatchLimit bounds one match by the backtracking engine. Its clock ticks
// coarsely, so a match may overstay by a tick; it cannot stay for ever.
const MatchLimit = 50 * time.Millisecond

// ErrTimeout says that an expression ran out of MatchLimit: nobody knows
// whether it would have matched.
var ErrTimeout = errors.New("pattern: the expression took too long")

// Regexp is a compiled JavaScript regular expression.
type Regexp struct {
	source, flags string
	unicode       bool
	linear        *regexp.Regexp  // Go's engine, linear time
	backtrack     *regexp2.Regexp // set instead when the expression needs it
}

// CompileRegexp compiles source and flags as JavaScript's RegExp would read them.
func CompileRegexp(source, flags string) (*Regexp, error) {
	if !utf8.ValidString(source) {
		return nil, fmt.Errorf("pattern: /%q/ is not valid UTF-8", source)
	}
	f, err := parseFlags(flags)
	if err != nil {
		return nil, fmt.Errorf("pattern: /%s/%s: %w", source, flags, err)
	}
	target, backtracking, err := translate(source, f)
	if err != nil {
		return nil, fmt.Errorf("pattern: /%s/%s: %w", source, flags, err)
	}
	re := &Regexp{source: source, flags: flags, unicode: f.unicode}
	if !backtracking {
		// Go refuses some sizes (nested counts); the other engine may take them.
		if re.linear, err = regexp.Compile(target); err == nil {
			return re, nil
		}
		re.linear = nil
	}
	if re.backtrack, err = compileBacktracking(target); err != nil {
		return nil, fmt.Errorf("pattern: /%s/%s: %w", source, flags, err)
	}
	return re, nil
}

// compileBacktracking turns a panic of the library into an error: patterns come
// from strangers.
func compileBacktracking(target string) (re *regexp2.Regexp, err error) {
	defer func() {
		if r := recover(); r != nil {
			re, err = nil, fmt.Errorf("cannot be compiled: %v", r)
		}
	}()
	re, err = regexp2.Compile(target, regexp2.ECMAScript)
	if err == nil {
		re.MatchTimeout = MatchLimit
	}
	return re, err
}

// String shows the expression as it is written in JavaScript.
func (re *Regexp) String() string { return "/" + re.source + "/" + re.flags }

// Match tells whether the expression matches anywhere in s, as test() does. The
// error is ErrTimeout or nil.
func (re *Regexp) Match(s string) (ok bool, err error) {
	if !re.unicode && !isASCII(s) {
		s = string(units(s, false))
	}
	if re.linear != nil {
		return re.linear.MatchString(s), nil
	}
	defer func() {
		if r := recover(); r != nil {
			ok, err = false, fmt.Errorf("pattern: %s: %v", re, r)
		}
	}()
	if ok, err = re.backtrack.MatchString(s); err != nil {
		return false, fmt.Errorf("%s: %w", re, ErrTimeout)
	}
	return ok, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
