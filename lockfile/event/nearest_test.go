package event

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"push", "pr:open", "pr:sync", "schedule", "release", "deploy-all"}
	for word, want := range map[string][]string{
		"pus":    {"push"},
		"psuh":   {"push"},
		"PUSH":   {"push"},
		"pr":     {"pr:open", "pr:sync"},
		"relase": {"release"},
		"xyz":    nil,
		"":       nil,
	} {
		if got := Nearest(word, known); !slices.Equal(got, want) {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abd", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"größe", "grosse", 3}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func FuzzNearest(f *testing.F) {
	f.Add("psuh")
	f.Add("\xff\x00")
	f.Fuzz(func(t *testing.T, word string) {
		if len(word) > 200 {
			return
		}
		if got := Nearest(word, []string{"push", word}); word != "" && !slices.Contains(got, word) {
			t.Errorf("%q is not near itself: %q", word, got)
		}
	})
}
