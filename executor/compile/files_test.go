package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestGlobFiles(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	for _, f := range []string{"a.json", "b.txt", "src/x.ts", "src/deep/y.ts", "src/.hidden.ts", ".github/w.yml", "src/[odd].ts", "node_modules/p/z.ts"} {
		write(t, repo, f, f)
	}
	if err := os.Symlink(filepath.Join(repo, "src"), filepath.Join(repo, "linked")); err != nil {
		t.Skip(err)
	}
	for pattern, want := range map[string]string{
		"a.json":           "a.json",
		"./a.json":         "a.json",
		"gone.json":        "",
		"src":              "",
		"*.json":           "a.json",
		"*":                "a.json b.txt",
		"src/*.ts":         "src/[odd].ts src/x.ts",
		"src/**/*.ts":      "src/[odd].ts src/deep/y.ts src/x.ts",
		"**/*.ts":          "node_modules/p/z.ts src/[odd].ts src/deep/y.ts src/x.ts",
		"{a.json,src/x.*}": "a.json src/x.ts",
		".github/*.yml":    ".github/w.yml",
		"**/*.yml":         "",
		"src/.*.ts":        "src/.hidden.ts",
		"linked/*.ts":      "",
		"!a.json":          "",
		"gone/**":          "",
	} {
		got, err := globFiles(repo, pattern)
		slices.Sort(got)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v; want %s", pattern, got, err, want)
		}
	}
	for _, pattern := range []string{"", "/etc/passwd", "../x", "a/../../x", "a{b"} {
		if got, err := globFiles(repo, pattern); err == nil {
			t.Errorf("%q was accepted: %v", pattern, got)
		}
	}
}

func TestPackageLockHash(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		agent string
		like  string // "manager:path" of the file that is hashed
	}{
		"nothing":                {nil, "", ""},
		"npm in kici":            {map[string]string{".kici/package-lock.json": "n"}, "", "npm n"},
		"npm at the root":        {map[string]string{"package-lock.json": "n"}, "", ""},
		"pnpm at the root":       {map[string]string{"pnpm-lock.yaml": "p", ".kici/package-lock.json": "n"}, "", "pnpm p"},
		"pnpm in kici":           {map[string]string{".kici/pnpm-lock.yaml": "p"}, "", "pnpm p"},
		"field beats lock":       {map[string]string{"package.json": `{"packageManager":"pnpm@9"}`, "yarn.lock": "y", ".kici/pnpm-lock.yaml": "p"}, "", "pnpm p"},
		"unknown manager":        {map[string]string{"package.json": `{"packageManager":"bun@1"}`, ".kici/package-lock.json": "n"}, "", "npm n"},
		"yarn classic":           {map[string]string{"yarn.lock": "y"}, "", "yarn-classic y"},
		"yarn berry by lock":     {map[string]string{"yarn.lock": "# x\n__metadata:\n"}, "", "yarn-berry # x\n__metadata:\n"},
		"yarn berry by rc":       {map[string]string{"yarn.lock": "y", ".yarnrc.yml": ""}, "", "yarn-berry y"},
		"yarn berry by field":    {map[string]string{"yarn.lock": "y", "package.json": `{"packageManager":"yarn@3.2.1"}`}, "", "yarn-berry y"},
		"user agent":             {map[string]string{".kici/pnpm-lock.yaml": "p", ".kici/package-lock.json": "n"}, "pnpm/9 npm/? node/v22", "pnpm p"},
		"broken package.json":    {map[string]string{"package.json": "{", ".kici/package-lock.json": "n"}, "", "npm n"},
		"line endings are exact": {map[string]string{".kici/package-lock.json": "a\r\n"}, "", "npm a\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo := newRepo(t, "")
			for f, text := range c.files {
				write(t, repo, f, text)
			}
			want := ""
			if manager, text, ok := strings.Cut(c.like, " "); ok {
				want = sum(manager + "\n" + text)
			}
			if got := PackageLockHash(repo, c.agent); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestFieldPositions(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	const src = "x;\nconst a = sdk.job<{ a: 1 }>('näme', {\n" +
		"  // timeout: 1,\n  `t`: 1, re: /[/{]'/g, n: 4 / 2, s: '}', tpl: `a ${ { b: `}` }.b } {`,\n" +
		"  'timeout': 5 * 60,\n  needs: ['a', { name: 'b', ifFailed: 'x' }],\n  method(a) { return {timeout: 9}; },\n  ...spread, short,\n});\n"
	write(t, repo, "w.ts", src)
	s := newSources(repo)
	call := place{file: "w.ts", line: 2, column: 15}
	for path, want := range map[string]place{
		"timeout":           {"w.ts", 5, 14, 6},
		"needs":             {"w.ts", 6, 10, 35},
		"needs[0]":          {"w.ts", 6, 11, 3},
		"needs[1].ifFailed": {"w.ts", 6, 39, 3},
		"needs[7]":          {"w.ts", 6, 10, 35},
		"method":            {"w.ts", 7, 3, 6},
		"short":             {"w.ts", 8, 14, 5},
		"tpl":               {"w.ts", 4, 48, 23},
		"gone":              call,
	} {
		if got := s.field(call, path); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
	if got := s.name(call); got != (place{"w.ts", 2, 29, 6}) {
		t.Errorf("name: %+v", got)
	}
	for _, bad := range []place{{file: "gone.ts", line: 1, column: 1}, {file: "w.ts", line: 99, column: 1}, {file: "w.ts", line: 1, column: 1}, {}} {
		if got := s.field(bad, "timeout"); got != bad {
			t.Errorf("%+v became %+v", bad, got)
		}
	}
}

func FuzzTokenize(f *testing.F) {
	f.Add("job('a', { b: `${ {`}`} }`, c: /x[/]/ })")
	f.Add("`${`${")
	f.Add("/* ' \" */ a / b / c")
	f.Fuzz(func(t *testing.T, src string) {
		at := 0
		for i, tok := range tokenize(src) {
			if tok.start < at || tok.end <= tok.start || tok.end > len(src) {
				t.Fatalf("token %d is %+v after %d", i, tok, at)
			}
			at = tok.end
		}
		x := newIndex(src)
		for line := 1; line <= len(x.starts); line++ {
			if open := x.callAfter(x.offset(line, 1)); open >= 0 {
				x.options(open, []string{"a", "0"})
			}
		}
	})
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}
