package bundle

import (
	"fmt"
	"strings"
	"testing"
)

// TestDiagnostics gives one broken file each and states the first complaint.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	manifest := `{"dependencies":{"declared":"1"}}`
	for name, c := range map[string]struct {
		text string
		want string // severity file:line:column text; note | note
	}{
		"syntax":        {"\nlet x = ;", `error a.ts:2:9 unexpected ";"; `},
		"columns":       {"/* äöü */ let x = ;", `error a.ts:1:19 unexpected ";"; `},
		"missing file":  {"import { x } from './helpr.js'; x()", `error a.ts:1:19 cannot find "./helpr.js"; did you mean "./helper"?`},
		"missing dep":   {"import x from '@o/dep/sub'; x()", "error a.ts:1:15 package \"@o/dep\" is not installed; add it to the dependencies in package.json with `npm install @o/dep` in ."},
		"not installed": {"import x from 'declared'; x()", "error a.ts:1:15 package \"declared\" is declared in package.json but not installed; run `npm install` in ."},
		"no export":     {"import { nope } from './helper'; nope()", `error a.ts:1:10 no matching export in "helper.ts" for import "nope"; `},
		"sdk path":      {"import { x } from '@kici-dev/sdk/nope'; x()", `error a.ts:1:19 the SDK has no module "@kici-dev/sdk/nope"; everything public is exported by "@kici-dev/sdk" itself`},
		"flag v":        {"export const a = 1\nexport const r = /[a--b]/v", `error a.ts:2:26 the regular expression flag "v" is not supported by the embedded runtime; use the flag "u" and plain classes; \p{…} works with it`},
		"flag v and p":  {`export const r = /\p{L}/v`, `error a.ts:1:25 the regular expression flag "v" is not supported by the embedded runtime; use the flag "u" and plain classes; \p{…} works with it`},
		"flag d":        {"export const r = /a/dg", `error a.ts:1:21 the regular expression flag "d" is not supported by the embedded runtime; use match.index and the lengths of the groups instead of match.indices`},
		"no property":   {`export const r = /\p{Lettr}/u`, `error a.ts:1:19 there is no Unicode property "Lettr"; `},
		"NUL":           {"let a = 1\nlet \x00", `error a.ts:2:5 this is not a text file: it contains a NUL byte; save workflow files as UTF-8`},
		"garbage":       {"let \xff\xfe", `error a.ts:1:5 this is not UTF-8 text; save workflow files as UTF-8`},
		"huge":          {"// " + strings.Repeat("x", 10<<20), `error a.ts:1:1 the file has 10.5 MB; source files may have 4 MB at most; load large data at run time with fs.readFileSync, or import it as JSON`},
		"brackets":      {"x = " + strings.Repeat("[", 1<<20), `error a.ts:1:2005 the source is nested too deeply to be compiled; `},
		"operators":     {"x = " + strings.Repeat("!", 1<<20) + "1", `error a.ts:1:20002 the source is nested too deeply to be compiled; `},
		"arrows":        {"x = " + strings.Repeat("a=>", 1<<18) + "1", `error a.ts:1:59997 the source is nested too deeply to be compiled; `},
		"moved":         {"import x from './nope'\nconst f = function () { return () => arguments[0] + x }\nf()", `error a.ts:1:15 cannot find "./nope"; `},
		"text import":   {"import x from './a.png'; x()", `error a.ts:1:15 cannot find "./a.png"; `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, map[string]string{"a.ts": c.text, "helper.ts": "export const x = 1", "package.json": manifest})
			r := build(t, Options{Root: root, Entries: []string{"a.ts"}})
			if len(r.Diagnostics) == 0 || len(r.Programs) != 0 {
				t.Fatalf("%d programs, %+v", len(r.Programs), r.Diagnostics)
			}
			d := r.Diagnostics[0]
			var notes []string
			for _, n := range d.Notes {
				notes = append(notes, n.Text)
			}
			got := fmt.Sprintf("%s %s:%d:%d %s; %s", d.Severity, d.File, d.Line, d.Column, d.Text, strings.Join(notes, " | "))
			if got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
			if len(d.LineText) > 1000 {
				t.Errorf("the quoted line has %d bytes", len(d.LineText))
			}
		})
	}
}

func TestWarningsOfPackagesAreKept(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"a.ts":                      "import 'dep'; export const a = (x: number) => x === -0",
		"node_modules/dep/index.js": "console.log(typeof x === 'strng')",
	})
	r := build(t, Options{Root: root, Entries: []string{"a.ts"}})
	if len(r.Programs) != 1 || len(r.Diagnostics) != 1 || r.Diagnostics[0].Severity != Warning || r.HasErrors() {
		t.Errorf("%+v", r.Diagnostics)
	}
}

func FuzzBuild(f *testing.F) {
	for _, s := range []string{"export default 1", "let x = ;", "`${", "/[\\p{L}]/u", "a=>arguments", "\x00", "@d class{}", "import('x'+y)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := build(t, Options{Root: tree(t, map[string]string{"a.ts": text}), Entries: []string{"a.ts"}})
		if len(r.Programs)+len(r.Failed) != 1 || len(r.Failed) == 1 && !r.HasErrors() {
			t.Errorf("%d programs, failed %v, %+v", len(r.Programs), r.Failed, r.Diagnostics)
		}
	})
}
