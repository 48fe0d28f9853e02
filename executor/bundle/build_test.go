package bundle

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// tree writes files into a fresh directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func build(t testing.TB, o Options) *Result {
	t.Helper()
	r, err := Build(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// one builds a single file and requires that it is free of diagnostics.
func one(t testing.TB, files map[string]string, entry string) Program {
	t.Helper()
	r := build(t, Options{Root: tree(t, files), Entries: []string{entry}})
	if len(r.Diagnostics) > 0 || len(r.Programs) != 1 {
		t.Fatalf("diagnostics %+v, %d programs", r.Diagnostics, len(r.Programs))
	}
	return r.Programs[0]
}

// evaluate runs a program in a bare goja, with the few globals that esbuild's
// helpers need, and returns the JSON of one export.
func evaluate(t testing.TB, p Program, export string) string {
	t.Helper()
	vm := goja.New()
	require := func(c goja.FunctionCall) goja.Value {
		o := vm.NewObject()
		if err := o.Set("name", c.Argument(0)); err != nil {
			t.Error(err)
		}
		return o
	}
	if _, err := vm.RunString(`for (const n of ['asyncIterator', 'dispose', 'asyncDispose'])
		if (!Symbol[n]) Object.defineProperty(Symbol, n, { value: Symbol(n) })`); err != nil {
		t.Fatal(err)
	}
	v, err := vm.RunScript(p.Entry, string(p.Code))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Code)
	}
	call, ok := goja.AssertFunction(v)
	if !ok {
		t.Fatalf("the program's value is %v, not a function", v)
	}
	res, err := call(goja.Undefined(), vm.ToValue(require), goja.Undefined())
	if err != nil {
		t.Fatal(err)
	}
	promise := res.Export().(*goja.Promise)
	if promise.State() != goja.PromiseStateFulfilled {
		t.Fatalf("promise %v: %v\n%s", promise.State(), promise.Result(), p.Code)
	}
	if err := vm.Set("ns", promise.Result()); err != nil {
		t.Fatal(err)
	}
	out, err := vm.RunString("JSON.stringify(ns[" + quote(export) + "])")
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestLanguage runs every file of testdata/js: each exports "result", whose
// JSON stands in its first line after "// want ".
func TestLanguage(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("testdata/js")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "*.*ts*"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files in testdata/js: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want, ok := strings.CutPrefix(first, "// want ")
			if !ok {
				t.Fatalf("first line %q", first)
			}
			r := build(t, Options{Root: root, Entries: []string{file}, RunRoot: "/run"})
			if r.HasErrors() || len(r.Programs) != 1 {
				t.Fatalf("%+v", r.Diagnostics)
			}
			if got := evaluate(t, r.Programs[0], "result"); got != want {
				t.Errorf("got  %s\nwant %s\n%s", got, want, bytes.ReplaceAll(r.Programs[0].Code[:min(len(r.Programs[0].Code), 4000)], []byte(`\u`), nil))
			}
		})
	}
}

func TestDefaultExportAndNamespace(t *testing.T) {
	t.Parallel()
	p := one(t, map[string]string{"a.ts": "export default { n: 1 }; export const b = 2"}, "a.ts")
	if got := evaluate(t, p, "default"); got != `{"n":1}` {
		t.Errorf("default = %s", got)
	}
	if !strings.HasPrefix(string(p.Code), "(async (__kici_require, __kici_import) => {") {
		t.Errorf("wrapper: %.80s", p.Code)
	}
}

func TestBuildRefusesWrongOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Root: "relative", Entries: []string{"a"}}, {Root: t.TempDir()}} {
		if _, err := Build(context.Background(), o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestBuildEndsWithItsContext(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stop)
	_, err := Build(ctx, Options{Root: tree(t, map[string]string{"a.ts": ""}), Entries: []string{"a.ts"}})
	if !errors.Is(err, stop) {
		t.Errorf("err = %v", err)
	}
}

func TestBrokenEntriesDoNotHideOthers(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"good1.ts": "export const a = 1", "good2.ts": "import './fine'; export const a = 2",
		"fine.ts": "export {}", "helper.ts": "export const = 2",
		"bad1.ts": "let x = ;", "bad2.ts": "import './helper'", "bad3.ts": "import './helper'",
	})
	r := build(t, Options{Root: root, Entries: []string{"good1.ts", "bad1.ts", "bad2.ts", "good2.ts", "bad3.ts", "gone.ts"}})
	var got []string
	for _, p := range r.Programs {
		got = append(got, p.Entry)
	}
	if !slices.Equal(got, []string{"good1.ts", "good2.ts"}) {
		t.Errorf("programs %v, diagnostics %+v", got, r.Diagnostics)
	}
	if !slices.Equal(r.Failed, []string{"bad1.ts", "bad2.ts", "bad3.ts", "gone.ts"}) {
		t.Errorf("failed %v", r.Failed)
	}
	if len(r.Diagnostics) != 3 {
		t.Errorf("diagnostics %+v", r.Diagnostics)
	}
}
