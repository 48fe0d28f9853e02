package unicodeset

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// goPattern makes an expanded class readable for Go's regexp, an independent
// judge of what it matches.
func goPattern(t *testing.T, pattern string) *regexp.Regexp {
	t.Helper()
	plain, err := Expand(pattern)
	if err != nil {
		t.Fatal(err)
	}
	plain = regexp.MustCompile(`\\u\{?([0-9a-f]+)\}?`).ReplaceAllString(plain, `\x{$1}`)
	return regexp.MustCompile("^" + plain + "$")
}

func TestExpandMatchesWhatNodeMatches(t *testing.T) {
	t.Parallel()
	for pattern, c := range map[string]struct{ yes, no string }{
		`\p{L}`:                            {"aßλ漢", "1 _🚀"},
		`\p{Letter}`:                       {"aß", "1"},
		`\P{L}`:                            {"1 🚀", "aλ"},
		`\p{gc=Nd}`:                        {"1٣", "a½"},
		`\p{General_Category=Number}`:      {"1½Ⅷ", "a"},
		`\p{LC}`:                           {"aAǅ", "ªא"},
		`\p{Cn}`:                           {"\u0378", "a"},
		`\p{C}`:                            {"\u0378\x00", "a"},
		`\p{Script=Greek}`:                 {"αΩ", "a"},
		`\p{sc=Grek}`:                      {"αΩ", "a"},
		`\p{scx=Deva}`:                     {"अ।", "a"},
		`\p{Script_Extensions=Devanagari}`: {"अ।", "a"},
		`\p{sc=Deva}`:                      {"अ", "।"},
		`\p{sc=Zinh}`:                      {"\u0300", "a"},
		`\p{sc=Qaai}`:                      {"\u0300", "a"},
		`\p{Emoji_Presentation}`:           {"🚀", "a1"},
		`\p{Emoji}`:                        {"🚀1#", "a"},
		`\p{ExtPict}`:                      {"🚀©", "1"},
		`\p{Alpha}`:                        {"aλⅧ", "1"},
		`\p{White_Space}`:                  {" \u00a0\u3000", "\u200b"},
		`\p{ASCII}`:                        {"a\x7f", "é"},
		`\p{Any}`:                          {"aé🚀", ""},
		`\p{Assigned}`:                     {"a", "\u0378"},
		`[\p{Lu}\d-]`:                      {"É7-", "é_"},
		`[^\p{L}\p{N}]`:                    {"_ ", "a1"},
		`[\P{L}]`:                          {"1", "a"},
	} {
		re := goPattern(t, pattern)
		for _, r := range c.yes {
			if !re.MatchString(string(r)) {
				t.Errorf("%s does not match %q", pattern, r)
			}
		}
		for _, r := range c.no {
			if re.MatchString(string(r)) {
				t.Errorf("%s matches %q", pattern, r)
			}
		}
	}
}

func TestExpandOfNothing(t *testing.T) {
	t.Parallel()
	// JavaScript reads [] as a class that nothing matches.
	if got, err := Expand(`\P{Any}|[a\P{Any}]`); err != nil || got != `[]|[a]` {
		t.Errorf("%q, %v", got, err)
	}
}

func TestExpandLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"", `a+\d[\]x]\\p{L}`, `\u{1F680}(?<n>.)\k<n>`, `[^]]`, `\`} {
		if got, err := Expand(pattern); err != nil || got != pattern {
			t.Errorf("%q became %q, %v", pattern, got, err)
		}
	}
}

func TestExpandRefusesUnknownProperties(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`\p{Nope}`, `\p{}`, `\p`, `\pL`, `\p{L`, `\p{Script=L}`, `\p{gc=}`, `\p{Greek}`, `\p{lu}`, `\p{x=y}`} {
		var unknown *UnknownError
		if got, err := Expand(pattern); !errors.As(err, &unknown) {
			t.Errorf("%s became %q, %v", pattern, got, err)
		}
	}
}

func TestEveryTableIsReadable(t *testing.T) {
	t.Parallel()
	for name, packed := range binaryTables() {
		if len(unpack(packed)) == 0 {
			t.Errorf("binary property %s is empty", name)
		}
	}
	for long := range unicode.Scripts {
		if _, err := lookup("Script=" + long); err != nil {
			t.Error(err)
		}
		if s, err := lookup("scx=" + long); err != nil || len(s) == 0 {
			t.Errorf("scx=%s: %d spans, %v", long, len(s), err)
		}
	}
	for _, short := range categoryNames() {
		if _, err := lookup(short); err != nil {
			t.Error(err)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{`\p{L}`, `[\P{Lu}]`, `\p{`, `\\p`, "\xff\\p{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if out, err := Expand(pattern); err == nil && len(out) < len(pattern) && !strings.Contains(pattern, `{`) {
			t.Errorf("%q shrank to %q", pattern, out)
		}
	})
}

func BenchmarkExpandLetter(b *testing.B) {
	for b.Loop() {
		if _, err := Expand(`^[\p{L}\p{N}_-]+$`); err != nil {
			b.Fatal(err)
		}
	}
}
