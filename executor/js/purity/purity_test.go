package purity

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/verdicts.txt with the verdicts of today")

// A row of testdata/verdicts.txt: how the verdict stands to the published one
// (same, kinder, stricter), why, the function, and after => what we say.
type row struct{ relation, why, source, want string }

func readRows(t *testing.T) (head string, rows []row) {
	t.Helper()
	raw, err := os.ReadFile("testdata/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimSpace(string(raw)), "\n\n")
	for _, block := range blocks[1:] {
		title, rest, _ := strings.Cut(block, "\n")
		relation, why, _ := strings.Cut(title, ": ")
		source, want, _ := strings.Cut(rest, "\n=> ")
		rows = append(rows, row{relation, why, source, want})
	}
	return blocks[0], rows
}

func show(source string, v Verdict) string {
	switch {
	case !v.Pure:
		return "impure, it " + v.Reason
	case v.Expression != source:
		return "pure as " + v.Expression
	default:
		return "pure"
	}
}

// published is what the original says, given how we relate to it.
func (r row) published(ours bool) (pure, known bool) {
	switch r.relation {
	case "same":
		return ours, true
	case "kinder":
		return false, true
	case "stricter":
		return true, true
	}
	return false, false
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	head, rows := readRows(t)
	if len(rows) < 60 {
		t.Fatalf("only %d rows read", len(rows))
	}
	out := []string{head}
	for _, r := range rows {
		v := Analyze(r.source)
		got := show(r.source, v)
		if theirs, known := r.published(v.Pure); !known {
			t.Errorf("%s: relation %q is not same, kinder or stricter", r.source, r.relation)
		} else if (r.relation != "same") == (theirs == v.Pure) {
			t.Errorf("%s: listed as %s, but we say %s", r.source, r.relation, got)
		}
		if got != r.want && !*update {
			t.Errorf("%s\n got: %s\nwant: %s", r.source, got, r.want)
		}
		out = append(out, r.relation+": "+r.why+"\n"+r.source+"\n=> "+got)
	}
	if *update {
		if err := os.WriteFile("testdata/verdicts.txt", []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadInputs(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"empty":      "",
		"garbage":    "\x00\xff\xfe",
		"unclosed":   "(e) => {",
		"two":        "(e) => e, (f) => f",
		"injection":  "(e) => e})(event); process.exit(",
		"statement":  "}); foo(); ({",
		"comment":    "(e) => e //",
		"deep":       "(e) => " + strings.Repeat("(", 100_000) + "e" + strings.Repeat(")", 100_000),
		"deep-small": "(e) => " + strings.Repeat("[", 300) + strings.Repeat("]", 300),
		"large":      "(e) => '" + strings.Repeat("x", MaxSource) + "'",
		"unary":      "(e) => " + strings.Repeat("!", 60_000) + "e",
		"native":     "function () { [native code] }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := Analyze(source)
			switch name {
			case "unary", "comment": // odd, but pure
				if !v.Pure {
					t.Errorf("impure: %s", v.Reason)
				}
			default:
				if v.Pure || v.Reason == "" {
					t.Errorf("pure=%v reason=%q", v.Pure, v.Reason)
				}
			}
		})
	}
}

// goja prints arrows whose body stands in parentheses without the last one.
func TestLostParentheses(t *testing.T) {
	t.Parallel()
	for cut, whole := range map[string]string{
		"(e) => ({ A: e.x }":             "(e) => ({ A: e.x })",
		"(e) => ({ A: { B: '(' } }":      "(e) => ({ A: { B: '(' } })",
		"(e) => (e.a, e.b":               "(e) => (e.a, e.b)",
		"(e) => ((f) => ({ A: f.x }))(e": "",
	} {
		v := Analyze(cut)
		if whole == "" {
			whole = cut + ")"
		}
		if !v.Pure || v.Expression != whole {
			t.Errorf("%s: %+v", cut, v)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	raw, err := os.ReadFile("testdata/verdicts.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, block := range strings.Split(string(raw), "\n\n") {
		_, rest, _ := strings.Cut(block, "\n")
		source, _, _ := strings.Cut(rest, "\n=> ")
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		v := Analyze(source)
		if v.Pure == (v.Reason != "") {
			t.Fatalf("pure=%v with reason %q", v.Pure, v.Reason)
		}
		if !v.Pure {
			return
		}
		// What was judged must be what is written down: the expression on its
		// own is judged the same, whatever text surrounds it.
		if again := Analyze(v.Expression); !again.Pure || again.Expression != v.Expression {
			t.Fatalf("expression %q of %q: %+v", v.Expression, source, again)
		}
	})
}

func BenchmarkAnalyze(b *testing.B) {
	for b.Loop() {
		if v := Analyze("(event) => { const parts = event.targetBranch.split('/'); return parts[parts.length - 1]; }"); !v.Pure {
			b.Fatal(v.Reason)
		}
	}
}
