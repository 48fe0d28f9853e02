package bundle

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sourcemap/sourcemap"
)

func TestRebuildSeesEdits(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"a.ts": "import { v } from './lib'; import type { T } from './types'; export const result = v as T",
		"b.ts": "export const b = 1", "lib.ts": "export const v = 1", "types.ts": "export type T = number",
	})
	inc, err := Open(Options{Root: root, Entries: []string{"a.ts", filepath.Join(root, "b.ts")}})
	if err != nil {
		t.Fatal(err)
	}
	defer inc.Close()
	rebuild := func() *Result {
		t.Helper()
		r, err := inc.Rebuild(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, "lib.ts"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	first := rebuild()
	if got := first.Programs[0].Inputs; !slices.Equal(got, []string{"a.ts", "lib.ts"}) {
		t.Errorf("inputs %v", got)
	}
	if again := rebuild(); again.Programs[0].Hash != first.Programs[0].Hash {
		t.Error("the hash changed without an edit")
	}
	write("export const v = ")
	if r := rebuild(); len(r.Programs) != 1 || r.Programs[0].Entry != "b.ts" || !r.HasErrors() {
		t.Errorf("after breaking it: %d programs, %+v", len(r.Programs), r.Diagnostics)
	}
	write("export const v = 22")
	mended := rebuild()
	if len(mended.Programs) != 2 || evaluate(t, mended.Programs[0], "result") != "22" {
		t.Errorf("after mending it: %+v", mended)
	}
	if mended.Programs[0].Hash == first.Programs[0].Hash || mended.Programs[1].Hash != first.Programs[1].Hash {
		t.Error("exactly the hash of a.ts should have changed")
	}
}

// A partial rebuild must notice what only changes how imports resolve.
func TestRebuildSeesNewFilesAndManifests(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"a.ts": "import { v } from './lib'; export const result = v", "b.ts": "export const b = 1",
		"lib.js": "export const v = 'js'",
	})
	inc, err := Open(Options{Root: root, Entries: []string{"a.ts", "b.ts"}})
	if err != nil {
		t.Fatal(err)
	}
	defer inc.Close()
	result := func() string {
		t.Helper()
		r, err := inc.Rebuild(context.Background())
		if err != nil || len(r.Programs) != 2 {
			t.Fatal(err, r)
		}
		return evaluate(t, r.Programs[0], "result")
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := result(); got != `"js"` {
		t.Errorf("first %s", got)
	}
	put("lib.ts", "export const v = 'ts'") // .ts goes before .js
	if got := result(); got != `"ts"` {
		t.Errorf("with lib.ts %s", got)
	}
	put("other.ts", "export const v = 'other'")
	put("tsconfig.json", `{"compilerOptions":{"paths":{"@v":["./other.ts"]}}}`)
	put("a.ts", "import { v } from '@v'; export const result = v")
	if got := result(); got != `"other"` {
		t.Errorf("with tsconfig.json %s", got)
	}
}

func TestHashIsTheSameElsewhere(t *testing.T) {
	t.Parallel()
	files := map[string]string{"w/a.ts": "import { x } from '../x'; export const m = [import.meta.url, x]", "x.ts": "export const x = 1"}
	hash := func(o Options) string { return build(t, o).Programs[0].Hash }
	a := hash(Options{Root: tree(t, files), Entries: []string{"w/a.ts"}, RunRoot: "/run"})
	b := hash(Options{Root: tree(t, files), Entries: []string{"w/a.ts"}, RunRoot: "/run"})
	if a != b {
		t.Errorf("%s in one directory, %s in another", a, b)
	}
}

func TestSourceMapLeadsToTheAuthorsLine(t *testing.T) {
	t.Parallel()
	p := one(t, map[string]string{"dir/a.ts": "import { E } from './e'\nconst rx = /\\p{L}/u; export const f = () => {\n\n  throw  new Error('here' + rx + E.A) }\n",
		"dir/e.ts": "export enum E { A }"}, "dir/a.ts")
	m, err := sourcemap.Parse("", p.Map)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(p.Code), "\n") {
		col := strings.Index(line, "new Error(")
		if col < 0 {
			continue
		}
		file, _, l, c, ok := m.Source(i+1, col)
		if !ok || file != "dir/a.ts" || l != 4 || c != 9 {
			t.Errorf("%s:%d:%d %v", file, l, c, ok)
		}
		return
	}
	t.Errorf("no throw in\n%s", p.Code)
}
