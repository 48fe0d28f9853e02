package cli

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/cmd/internal/cli/terminaltest"
)

func TestColumnsAndFit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "abc": 3, "\x1b[31mred\x1b[0m": 3, "日本": 4, "é": 1, "e\u0301": 1, "🚀": 2, "\x1b]8;;x\x07link\x1b]8;;\x1b\\": 4, "\x1b": 0, "\x1b[3": 0,
	} {
		if got := Columns(text); got != want {
			t.Errorf("%q stands in %d columns, want %d", text, got, want)
		}
	}
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 4, "日…"}, {"日本語", 5, "日本…"}, {"\x1b[31mred\x1b[0m", 2, "\x1b[31mr…\x1b[0m"}, {"abc", 0, ""}, {"abc", 1, "…"},
	} {
		if got := Fit(c.text, c.width); got != c.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
	if got, want := Visible("a\tb\x1b[2J\x07c\xff\x1b]0;t\x07d\r"), "a  bc\uFFFDd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzFit(f *testing.F) {
	f.Add("\x1b[31m日本\xff\u0301", 3)
	f.Add("\x1b]", 0)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 0 || width > 1000 {
			return
		}
		if got := Fit(text, width); Columns(got) > width {
			t.Errorf("Fit(%q, %d) = %q has %d columns", text, width, got, Columns(got))
		}
		if got := Visible(text); strings.ContainsAny(got, "\x1b\r\n\x07") || !utf8.ValidString(got) {
			t.Errorf("Visible(%q) = %q", text, got)
		}
	})
}

// TestScreen draws pictures of all heights with text above, and looks at what a
// terminal makes of it.
func TestScreen(t *testing.T) {
	t.Parallel()
	term := terminaltest.New(20, 10)
	s := NewScreen(term, func() (int, int, bool) { return term.Width(), term.Height(), true })
	draw := func(lines ...string) {
		t.Helper()
		if err := s.Draw(lines); err != nil {
			t.Fatal(err)
		}
	}
	draw("one", "two", "three")
	draw("uno", "dos")
	s.Above("first\nsecond")
	s.Above("a line that is longer than the terminal is wide\n")
	draw("uno", "dos", "tres")
	want := "first\nsecond\na line that is longe\nr than the terminal\nis wide\nuno\ndos\ntres"
	if got := term.Text(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	draw()
	draw()
	if got, want := term.Text(), "first\nsecond\na line that is longe\nr than the terminal\nis wide"; got != want {
		t.Errorf("after the end: got:\n%s\nwant:\n%s", got, want)
	}
}

// TestScreenResize makes the terminal narrower, which breaks the lines that
// stand there, and wider again.
func TestScreenResize(t *testing.T) {
	t.Parallel()
	term := terminaltest.New(40, 12)
	s := NewScreen(term, func() (int, int, bool) { return term.Width(), term.Height(), true })
	s.Above("kept")
	picture := func() []string {
		width, _ := s.Size()
		return []string{strings.Repeat("x", width), Fit("日本語日本語日本語日本語", width), "end"}
	}
	for _, width := range []int{40, 15, 9, 30, 12, 40} {
		term.Resize(width, 12)
		if err := s.Draw(picture()); err != nil {
			t.Fatal(err)
		}
		if want := "kept\n" + strings.Join(picture(), "\n"); term.Text() != want {
			t.Errorf("at %d columns:\n%s\nwant:\n%s", width, term.Text(), want)
		}
	}
}

// TestScreenKeepsWhatScrolls plays random pictures; every line above must be
// there, once, in order.
func TestScreenKeepsWhatScrolls(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	term := terminaltest.New(30, 8)
	s := NewScreen(term, func() (int, int, bool) { return term.Width(), term.Height(), true })
	var want []string
	for i := range 300 {
		for range random.IntN(3) {
			line := fmt.Sprintf("line %d %s", len(want), strings.Repeat("y", 1+random.IntN(15)))
			want = append(want, line)
			s.Above(line)
		}
		_, height := s.Size()
		lines := make([]string, random.IntN(height+1))
		for j := range lines {
			lines[j] = fmt.Sprint("picture ", i)
		}
		if err := s.Draw(lines); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Draw(nil); err != nil {
		t.Fatal(err)
	}
	if got := term.History(); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s", got)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestScreenErrors(t *testing.T) {
	t.Parallel()
	s := NewScreen(broken{}, func() (int, int, bool) { return 0, 0, false })
	if w, h := s.Size(); w != 79 || h != 22 {
		t.Errorf("without an answer a terminal has 80 by 24: %d by %d are left", w, h)
	}
	if err := s.Draw([]string{"x"}); err == nil {
		t.Error("the error of the terminal got lost")
	}
	var out bytes.Buffer
	if err := NewScreen(&out, func() (int, int, bool) { return 1, 1, true }).Draw(nil); err != nil || out.Len() > 0 {
		t.Errorf("nothing to draw wrote %q, %v", &out, err)
	}
}
