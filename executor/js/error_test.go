package js_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/web"
)

func buildFiles(t testing.TB, files map[string]string) *js.Program {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	res, err := bundle.Build(context.Background(), bundle.Options{Root: dir, Entries: []string{filepath.Join(dir, "main.ts")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Programs) != 1 {
		t.Fatalf("no program: %+v", res.Diagnostics)
	}
	p, err := js.Compile(res.Programs[0].Entry, res.Programs[0].Code, res.Programs[0].Map)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func start(t testing.TB, cfg js.Config) *js.VM {
	t.Helper()
	if cfg.Modules == nil {
		cfg.Modules = web.Modules(nil)
	}
	vm, err := js.New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
	return vm
}

// Positions are those of the author's TypeScript: through helpers in folders
// with odd names, after non-ASCII text on the line, through await.
func TestErrorsPointAtTheSource(t *testing.T) {
	t.Parallel()
	p := buildFiles(t, map[string]string{
		"main.ts": `import { helper } from './my lib/hälper'
interface Unused { a: number }
export async function run(): Promise<void> {
  await null
  const s = 'ü€😀'; helper(s)
}
export const site = () => (globalThis as any).host.callSite(0)
export const aggregate = () => Promise.any([Promise.reject(new Error('one'))])
`,
		"my lib/hälper.ts": `type X = string
export function helper(s: X): never {
  /* ü */ throw new TypeError('bad ' + s, { cause: new Error('deep') })
}
`,
	})
	vm := start(t, js.Config{})
	o, err := vm.Load(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	_, err = vm.Invoke(context.Background(), o, "run")
	var e *js.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	want := []js.Frame{{Function: "helper", File: "my lib/hälper.ts", Line: 3, Column: 17}, {Function: "run", File: "main.ts", Line: 5, Column: 21}}
	if len(e.Frames) != 2 || e.Frames[0] != want[0] || e.Frames[1] != want[1] {
		t.Errorf("frames %v\nwant %v", e.Frames, want)
	}
	if e.Error() != "TypeError: bad ü€😀" || e.Cause == nil || e.Cause.Message != "deep" {
		t.Errorf("got %v, cause %v", e, e.Cause)
	}
	if _, err = vm.Invoke(context.Background(), o, "aggregate"); !errors.As(err, &e) || len(e.Errors) != 1 || e.Errors[0].Message != "one" {
		t.Errorf("aggregate: %v", err)
	}
}

func TestCallSite(t *testing.T) {
	t.Parallel()
	p := buildFiles(t, map[string]string{"main.ts": `declare const sdk: any
type Pad = {
}
export const steps = () => [
  sdk.step('a'), sdk.step('b'),
]
`})
	modules := web.Modules(nil)
	modules["sdk"] = js.Source(js.Lazy("kici:sdk", []byte(`
		const { callSite, runtime } = require('kici:host');
		globalThis.sdk = { step: (n) => ({ n, runtime, ...callSite(0) }) };`)))
	vm := start(t, js.Config{Modules: modules})
	if _, err := vm.Require(context.Background(), "sdk"); err != nil {
		t.Fatal(err)
	}
	o, err := vm.Load(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := vm.Invoke(context.Background(), o, "steps")
	want := `[{"n":"a","runtime":"embedded","file":"main.ts","line":5,"column":7},{"n":"b","runtime":"embedded","file":"main.ts","line":5,"column":22}]`
	if err != nil || string(got) != want {
		t.Fatalf("got  %s (%v)\nwant %s", got, err, want)
	}
}

func TestTimersFollowTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vm, err := js.New(context.Background(), js.Config{Modules: web.Modules(nil)})
		if err != nil {
			t.Fatal(err)
		}
		p, err := js.Compile("t", []byte(`
			exports.sleep = (ms) => new Promise((r) => setTimeout(r, ms));
			exports.ticks = async () => { let n = 0; const i = setInterval(() => n++, 1000); await exports.sleep(10500); clearInterval(i); return n };
			exports.unref = () => new Promise((r) => setTimeout(r, 1000).unref());
			exports.stray = () => { setInterval(() => {}, 1000); return 1 }`), nil)
		if err != nil {
			t.Fatal(err)
		}
		o, err := vm.Load(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := vm.Invoke(context.Background(), o, "sleep", 3_600_000); err != nil || time.Since(begin) != time.Hour {
			t.Errorf("slept %v, %v", time.Since(begin), err)
		}
		if n, err := vm.Invoke(context.Background(), o, "ticks"); err != nil || string(n) != "10" {
			t.Errorf("ticks %s, %v", n, err)
		}
		// Node would end here. A call is not a process: what can settle, may.
		if _, err := vm.Invoke(context.Background(), o, "unref"); err != nil {
			t.Errorf("unref: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		begin = time.Now()
		if _, err := vm.Invoke(ctx, o, "sleep", 3_600_000); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("deadline after %v: %v", time.Since(begin), err)
		}
		if n, err := vm.Invoke(context.Background(), o, "stray"); err != nil || string(n) != "1" {
			t.Errorf("stray %s, %v", n, err)
		}
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Two calls share the loop; ending one leaves the other alone.
func TestCallsInFlight(t *testing.T) {
	t.Parallel()
	vm := start(t, js.Config{})
	p, err := js.Compile("t", []byte(`
		exports.forever = () => new Promise((r) => setTimeout(r, 1e6));
		exports.wait = async () => { for (let i = 0; i < 50; i++) await new Promise((r) => setTimeout(r, 1)); return 'done' }
		exports.late = () => { setTimeout(() => { throw new Error('late') }, 1); return new Promise((r) => setTimeout(r, 1e6)) }`), nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := vm.Load(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan string, 1)
	go func() {
		v, err := vm.Invoke(context.Background(), o, "wait")
		if err != nil {
			v = []byte(err.Error())
		}
		result <- string(v)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := vm.Invoke(ctx, o, "forever"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("forever: %v", err)
	}
	if _, err := vm.Invoke(context.Background(), o, "late"); err == nil || !strings.Contains(err.Error(), "late") {
		t.Errorf("an exception in a callback must fail its call: %v", err)
	}
	if got := <-result; got != `"done"` {
		t.Errorf("wait: %s", got)
	}
}

func TestBrokenSources(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"syntax":  "exports.x = (",
		"binary":  "\x00\x01\xff\xfe",
		"nesting": strings.Repeat("(", 1e6),
	} {
		if _, err := js.Compile(name, []byte(source), nil); err == nil || !strings.Contains(err.Error(), "SyntaxError") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := js.Compile("map", []byte("exports.x = 1"), []byte(`{"version":3,"mappings":"!!"}`)); err == nil {
		t.Error("a broken source map passed")
	}
	vm := start(t, js.Config{})
	for name, source := range map[string]string{
		"throws":        "throw new Error('top')",
		"never settles": "(async (__kici_require, __kici_import) => { await new Promise(() => {}) })",
		"unknown":       "require('nothing')",
	} {
		p, err := js.Compile(name, []byte(source), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vm.Load(context.Background(), p); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func FuzzCompileAndLoad(f *testing.F) {
	for _, s := range []string{"1", "for(;;);", "(() => { arguments })()", "class A { #x; static { this.#x } }", "`${`${1}`}`", "/(?<a>x)\\k<a>/u", "async function* f(){}", "new Proxy({}, {})", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := js.Compile("fuzz", []byte(source), nil)
		if err != nil {
			return
		}
		vm, err := js.New(context.Background(), js.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_, _ = vm.Load(ctx, p)
		if err := vm.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
