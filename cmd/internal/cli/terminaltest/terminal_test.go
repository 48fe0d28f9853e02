package terminaltest

import (
	"io"
	"testing"
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, screen, history string }{
		"wraps":      {"abcdefgh", "abcde\nfgh", "abcdefgh"},
		"overwrites": {"abc\rX\n", "Xbc", "Xbc"},
		"up":         {"one\r\ntwo\r\n\x1b[2A\x1b[KONE", "ONE\ntwo", "ONE\ntwo"},
		"not past":   {"a\r\nb\r\nc\r\nd\x1b[9A\rX", "X\nc\nd", "a\nX\nc\nd"},
		"clears":     {"one\r\ntwo\r\nsix\x1b[2A\r\x1b[J!", "!", "!"},
		"colours":    {"\x1b[31mred\x1b[0m", "red", "red"},
		"wide":       {"日本語", "日本\n語", "日本語"},
		"marks":      {"e\u0301x", "e\u0301x", "e\u0301x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := New(5, 3)
			for i := range len(c.in) { // byte by byte: sequences arrive in pieces
				if _, err := term.Write([]byte(c.in[i : i+1])); err != nil {
					t.Fatal(err)
				}
			}
			if term.Text() != c.screen || term.History() != c.history {
				t.Errorf("screen %q, want %q; history %q, want %q", term.Text(), c.screen, term.History(), c.history)
			}
		})
	}
	for _, unknown := range []string{"\x1b[5;5H", "\x1bc", "\x1b[4h"} {
		if _, err := io.WriteString(New(5, 5), unknown); err == nil {
			t.Errorf("%q was accepted", unknown)
		}
	}
}

func TestResize(t *testing.T) {
	t.Parallel()
	term := New(10, 5)
	if _, err := io.WriteString(term, "0123456789abc\r\nx"); err != nil {
		t.Fatal(err)
	}
	term.Resize(4, 9)
	if got, want := term.Text(), "0123\n4567\n89ab\nc\nx"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	term.Resize(20, 5)
	if got, want := term.Text(), "0123456789abc\nx"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
