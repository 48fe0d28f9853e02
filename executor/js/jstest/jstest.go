package jstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
)

// Machine is a VM with what it printed.
type Machine struct {
	*js.VM
	mu  sync.Mutex // guards out
	out bytes.Buffer
}

// Output returns what was written to both streams.
func (m *Machine) Output() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.out.String()
}

// New makes a VM that is closed when the test ends.
func New(t testing.TB, modules map[string]js.Module) *Machine {
	t.Helper()
	m := &Machine{}
	vm, err := js.New(context.Background(), js.Config{
		Modules: modules,
		Dir:     t.TempDir(),
		Env:     js.NewEnv(map[string]string{"HOME": "/home/tester"}),
		Output: func(_ js.Stream, p []byte) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.out.Write(p)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.VM = vm
	t.Cleanup(func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// Eval runs script as the body of an async function and returns its result.
func (m *Machine) Eval(t testing.TB, script string) (json.RawMessage, error) {
	t.Helper()
	p, err := js.Compile("test", []byte("exports.run = async () => {\n"+script+"\n}"), nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	o, err := m.Load(ctx, p)
	if err != nil {
		return nil, err
	}
	return m.Invoke(ctx, o, "run")
}

// Eval runs script in a fresh VM; the test fails when it throws.
func Eval(t testing.TB, modules map[string]js.Module, script string) string {
	t.Helper()
	m := New(t, modules)
	v, err := m.Eval(t, script)
	if err != nil {
		t.Fatal(text(err))
	}
	return string(v)
}

// Run is Eval for a script that asserts by itself.
func Run(t testing.TB, modules map[string]js.Module, script string) {
	t.Helper()
	Eval(t, modules, script)
}

func text(err error) string {
	var e *js.Error
	if errors.As(err, &e) {
		return e.Stack()
	}
	return err.Error()
}

const assertSource = `
const fail = (got, want, note) => { throw new Error((note ? note + ': ' : '') + 'got ' + got + ', want ' + want) };
const text = (v) => typeof v === 'bigint' ? v + 'n' : Object.is(v, -0) ? '-0' : JSON.stringify(v, (k, x) => typeof x === 'bigint' ? x + 'n' : x === undefined ? '<undefined>' : x) ?? String(v);
exports.ok = (v, note) => { if (!v) fail(text(v), 'truth', note) };
exports.equal = (got, want, note) => { if (!Object.is(got, want)) fail(text(got), text(want), note) };
exports.same = (got, want, note) => { if (text(got) !== text(want)) fail(text(got), text(want), note) };
exports.throws = (fn, want, note) => {
  try { fn() } catch (e) { if (want && !String(e).includes(want)) fail(String(e), want, note); return }
  fail('nothing thrown', want || 'an exception', note);
};
exports.rejects = async (p, want, note) => {
  try { await p } catch (e) { if (want && !String(e).includes(want)) fail(String(e), want, note); return }
  fail('no rejection', want || 'one', note);
};
`

// Folder runs each .ts file of dir in a VM of its own, as a program. A file
// imports what it asserts with from "kici-assert". Files whose first line says
// "// embedded only" are not run on Node.
func Folder(t *testing.T, modules map[string]js.Module, dir string) {
	t.Helper()
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(abs, "*.ts"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s (%v)", abs, err)
	}
	all := maps.Clone(modules)
	all["assert"] = js.Source(js.Lazy("kici:assert", []byte(assertSource)))
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ts"), func(t *testing.T) {
			t.Parallel()
			program := build(t, abs, file)
			t.Run("embedded", func(t *testing.T) {
				t.Parallel()
				runEmbedded(t, all, program)
			})
			t.Run("node", func(t *testing.T) {
				t.Parallel()
				runNode(t, file, program)
			})
		})
	}
}

func build(t *testing.T, root, file string) *bundle.Program {
	t.Helper()
	res, err := bundle.Build(context.Background(), bundle.Options{Root: root, Entries: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range res.Diagnostics {
		t.Logf("%s:%d:%d: %s", d.File, d.Line, d.Column, d.Text)
	}
	if len(res.Programs) != 1 {
		t.Fatalf("%d programs", len(res.Programs))
	}
	return &res.Programs[0]
}

func runEmbedded(t *testing.T, modules map[string]js.Module, b *bundle.Program) {
	p, err := js.Compile(b.Entry, b.Code, b.Map)
	if err != nil {
		t.Fatal(text(err))
	}
	m := New(t, modules)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := m.Load(ctx, p); err != nil {
		t.Fatalf("%s\n%s", text(err), m.Output())
	}
}

// runNode runs the bundle on Node: its syntax is Node's too.
func runNode(t *testing.T, file string, b *bundle.Program) {
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.HasPrefix(source, []byte("// embedded only")) {
		t.Skip("embedded only")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: behaviour is not compared")
	}
	polyfills := "for (const k of ['dispose', 'asyncDispose']) if (!Symbol[k]) Object.defineProperty(Symbol, k, { value: Symbol(k) });\n"
	script := polyfills + "const assert = (() => { const exports = {}; " + assertSource + " return exports })();\n" +
		"const run = " + strings.TrimSuffix(strings.TrimSpace(string(b.Code)), ";") + ";\n" +
		"const req = (n) => n === 'assert' ? assert : require(n);\n" +
		"run(req, async (n) => ({ default: req(n), ...req(n) })).catch((e) => { console.error(e); process.exit(1) });\n"
	cmd := exec.Command(node, "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
