package js

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newVM(t testing.TB, cfg Config) *VM {
	t.Helper()
	vm, err := New(context.Background(), cfg)
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

func load(t testing.TB, vm *VM, body string) *Object {
	t.Helper()
	p, err := Compile("test", []byte(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := vm.Load(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	vm := newVM(t, Config{})
	o := load(t, vm, `
		exports.add = (a, b) => a + b;
		exports.later = async (x) => { await null; return { x } };
		exports.thenable = () => ({ then(ok) { ok(7) } });
		exports.nothing = () => {};
		exports.self = function () { return this === exports };
		exports.same = (o) => o === exports;
		exports.boom = () => { throw new TypeError('no', { cause: new Error('why') }) };
		exports.reject = async () => { throw Object.assign(new Error('x'), { exitCode: 3 }) };
		exports.text = () => { throw 'plain' };
		exports.big = () => 1n;
		exports.deep = () => { const f = () => f() + 1; return f() };
	`)
	for _, c := range []struct {
		method string
		args   []any
		want   string
	}{
		{"add", []any{1, 2}, `3`},
		{"add", []any{"a", "b"}, `"ab"`},
		{"later", []any{map[string]any{"y": []int{1}}}, `{"x":{"y":[1]}}`},
		{"thenable", nil, `7`},
		{"nothing", nil, `null`},
		{"self", nil, `true`},
		{"same", []any{o}, `true`},
		{"boom", nil, `TypeError: no | Error: why`},
		{"reject", nil, `Error: x {"exitCode":3}`},
		{"text", nil, `plain`},
		{"big", nil, `TypeError`},
		{"deep", nil, `RangeError: Maximum call stack size exceeded`},
		{"absent", nil, `TypeError: absent is not a function`},
	} {
		got, err := vm.Invoke(context.Background(), o, c.method, c.args...)
		text := string(got)
		if err != nil {
			text = err.Error()
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s: %T is not an Error", c.method, err)
				continue
			}
			if e.Cause != nil {
				text += " | " + e.Cause.Error()
			}
			if e.Props != nil {
				text += " " + string(e.Props)
			}
		}
		if !strings.HasPrefix(text, c.want) {
			t.Errorf("%s: got %s, want %s", c.method, text, c.want)
		}
	}
}

func TestNeverSettles(t *testing.T) {
	t.Parallel()
	vm := newVM(t, Config{})
	o := load(t, vm, `exports.hang = () => new Promise(() => {}); exports.ok = () => 1`)
	if _, err := vm.Invoke(context.Background(), o, "hang"); !errors.Is(err, ErrNeverSettles) {
		t.Fatalf("got %v, want ErrNeverSettles", err)
	}
	if v, err := vm.Invoke(context.Background(), o, "ok"); err != nil || string(v) != "1" {
		t.Fatalf("after it: %s, %v", v, err)
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	vm := newVM(t, Config{})
	o := load(t, vm, `
		exports.spin = () => { for (;;); };
		exports.micro = async () => { for (;;) await null };
		exports.ok = () => 1`)
	for _, method := range []string{"spin", "micro"} {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		_, err := vm.Invoke(ctx, o, method)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", method, err)
		}
		if v, err := vm.Invoke(context.Background(), o, "ok"); err != nil || string(v) != "1" {
			t.Errorf("after %s: %s, %v", method, v, err)
		}
	}
}

func TestUnhandledRejectionFailsItsCall(t *testing.T) {
	t.Parallel()
	vm := newVM(t, Config{Modules: map[string]Module{"host": Funcs{Async: map[string]GoFunc{
		"wait": func(ctx context.Context, _ []json.RawMessage) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
	}}}})
	o := load(t, vm, `exports.f = async () => { Promise.reject(new Error('lost')); await require('host').wait() }`)
	_, err := vm.Invoke(context.Background(), o, "f")
	if err == nil || err.Error() != "Error: lost" {
		t.Fatalf("got %v", err)
	}
}

func TestHostErrorsSurviveTheRoundTrip(t *testing.T) {
	t.Parallel()
	sentinel := errors.New("disk full")
	vm := newVM(t, Config{Modules: map[string]Module{"host": Funcs{
		Sync:  map[string]GoFunc{"s": func(context.Context, []json.RawMessage) (any, error) { return nil, sentinel }},
		Async: map[string]GoFunc{"a": func(context.Context, []json.RawMessage) (any, error) { return nil, sentinel }},
	}}})
	o := load(t, vm, `const h = require('host'); exports.s = () => h.s(); exports.a = () => h.a(); exports.p = () => require('node:absent')`)
	for _, m := range []string{"s", "a"} {
		_, err := vm.Invoke(context.Background(), o, m)
		if !errors.Is(err, sentinel) || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: got %v", m, err)
		}
	}
	if _, err := vm.Invoke(context.Background(), o, "p"); !errors.Is(err, ErrModuleNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	vm, err := New(context.Background(), Config{Modules: map[string]Module{"host": Funcs{Async: map[string]GoFunc{
		"wait": func(ctx context.Context, _ []json.RawMessage) (any, error) {
			close(started)
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	o := load(t, vm, `exports.f = () => require('host').wait()`)
	failed := make(chan error, 1)
	go func() {
		_, err := vm.Invoke(context.Background(), o, "f")
		failed <- err
	}()
	<-started
	if err := vm.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
	if _, err := vm.Invoke(context.Background(), o, "f"); !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
}

func TestCloseNamesHostWorkThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	vm, err := New(context.Background(), Config{
		Limits: Limits{CloseGrace: time.Millisecond},
		Modules: map[string]Module{"host": Funcs{Async: map[string]GoFunc{
			"stuck": func(context.Context, []json.RawMessage) (any, error) { <-release; return nil, nil },
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := load(t, vm, `exports.f = () => { require('host').stuck() }`)
	if _, err := vm.Invoke(context.Background(), o, "f"); err != nil {
		t.Fatal(err)
	}
	if err := vm.Close(); err == nil || !strings.Contains(err.Error(), "1 host calls") {
		t.Fatalf("got %v", err)
	}
}

// TestResultIsNotWalked: what a call returns as a handle may lead to getters
// that must not run, and to very much.
func TestResultIsNotWalked(t *testing.T) {
	t.Parallel()
	vm := newVM(t, Config{})
	o := load(t, vm, `
		let read = 0;
		Object.defineProperty(exports, 'costly', { enumerable: true, get: () => ++read });
		exports.inner = { get costly() { return ++read } };
		exports.read = () => read;
		exports.self = async () => exports;
	`)
	if _, err := vm.Call(context.Background(), o, "self"); err != nil {
		t.Fatal(err)
	}
	if got, err := vm.Invoke(context.Background(), o, "read"); string(got) != "0" || err != nil {
		t.Errorf("getters ran %s times, %v", got, err)
	}
}
