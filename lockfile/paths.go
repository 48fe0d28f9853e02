package lockfile

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// SortPaths sorts by UTF-16 code unit, as JavaScript compares strings. It
// differs from Go's byte order only between U+E000..U+FFFF and the characters
// beyond, which are surrogate pairs there.
func SortPaths(paths []string) { slices.SortFunc(paths, CompareUTF16) }

// CompareUTF16 orders two strings as JavaScript's < does.
func CompareUTF16(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			return cmp.Or(cmp.Compare(firstUnit(ra), firstUnit(rb)), cmp.Compare(ra, rb))
		}
		a, b = a[na:], b[nb:]
	}
	return cmp.Compare(len(a), len(b))
}

// firstUnit is the first UTF-16 code unit of r.
func firstUnit(r rune) rune {
	if r < 0x10000 {
		return r
	}
	return 0xD800 + (r-0x10000)>>10
}
