package plan

import (
	"cmp"
	"strings"
	"unicode"
)

// localeOrder is the root collation's order of ASCII below the digits.
const localeOrder = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"

// CompareLocale orders names as JavaScript's localeCompare does with the root
// collation, as far as names of matrix dimensions go: punctuation, digits,
// letters regardless of case; then lower case before upper. The whole Unicode
// algorithm with its tables would add a megabyte to sort a handful of names;
// letters outside ASCII follow by code point.
func CompareLocale(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	for i := range min(len(ra), len(rb)) {
		if c := cmp.Compare(localeRank(ra[i]), localeRank(rb[i])); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(len(ra), len(rb)); c != 0 {
		return c
	}
	for i := range ra {
		if la, lb := unicode.IsUpper(ra[i]), unicode.IsUpper(rb[i]); la != lb {
			if la {
				return 1
			}
			return -1
		}
	}
	return strings.Compare(a, b)
}

func localeRank(r rune) int {
	if i := strings.IndexRune(localeOrder, r); i >= 0 {
		return i
	}
	const afterPunctuation = 1000
	return afterPunctuation + int(unicode.ToLower(r))
}
