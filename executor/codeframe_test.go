package executor

import "testing"

func TestCodeFrame(t *testing.T) {
	t.Parallel()
	src := []byte("one\ntwo\n\tthrow 😀 here\r\nfour\nfive\n")
	for _, c := range []struct {
		name      string
		line, col int
		want      string
	}{
		{"middle", 3, 11, "  1 | one\n  2 | two\n> 3 | \tthrow 😀 here\n    | \t        ^\n  4 | four\n"},
		{"first", 1, 1, "> 1 | one\n    | ^\n  2 | two\n"},
		{"column past the end", 2, 99, "  1 | one\n> 2 | two\n    |    ^\n  3 | \tthrow 😀 here\n"},
		{"no column", 1, 0, "> 1 | one\n  2 | two\n"},
		{"line outside", 42, 1, ""},
		{"line zero", 0, 1, ""},
	} {
		if got := CodeFrame(src, c.line, c.col); got != c.want {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got, c.want)
		}
	}
}
