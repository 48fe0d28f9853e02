package js

import "fmt"

// A Go stack that overflows ends the process and cannot be recovered, and
// goja's parser and compiler recurse with the source. So the depth of source
// text is bounded before either sees it.
const (
	maxBrackets = 2_000   // nested (, [ and { in any source
	maxDynamic  = 200_000 // tokens in source built at run time (eval, Function)
)

// checkNesting measures brackets, skipping strings and comments as well as a
// scan without a grammar can; it guards against accidents, in bundles that
// esbuild has already parsed.
func checkNesting(src string) error {
	depth := 0
	for i := 0; i < len(src); i++ {
		switch c := src[i]; c {
		case '(', '[', '{':
			if depth++; depth > maxBrackets {
				return fmt.Errorf("source nests brackets more than %d deep", maxBrackets)
			}
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case '"', '\'':
			i = skipString(src, i, c)
		}
	}
	return nil
}

// skipString returns the index of the closing quote, or start when the line
// ends first: then the quote was part of a regexp or a template.
func skipString(src string, start int, quote byte) int {
	for i := start + 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case quote:
			return i
		case '\n':
			return start
		}
	}
	return start
}

// checkDynamic bounds source text built at run time. Every level of recursion
// costs at least one token, so counting tokens needs no grammar and cannot be
// fooled: a string holding brackets only makes the count larger.
func checkDynamic(src string) error {
	tokens, word := 0, false
	for i := range len(src) {
		c := src[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';':
			word = false
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80:
			if !word {
				tokens++
			}
			word = true
		default:
			tokens++
			word = false
		}
	}
	if tokens > maxDynamic {
		return fmt.Errorf("source given to eval or Function has more than %d tokens", maxDynamic)
	}
	return nil
}
