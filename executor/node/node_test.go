package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/shell"
	"github.com/kici-dev/kici-go/executor/node"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/step"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a Node process with one module of the test's own.
type script struct {
	*node.Runtime
	env *node.Env
	out *text
}

type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *text) String() string { t.mu.Lock(); defer t.mu.Unlock(); return t.b.String() }

func findNode(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("KICI_TEST_NODE"); given != "" { // another version than the one in the PATH
		return given
	}
	command, err := node.Find(os.Environ())
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return command
}

func start(t testing.TB, body string, change ...func(*node.Config)) *script {
	t.Helper()
	command := findNode(t)
	s := &script{env: node.NewEnv(), out: &text{}}
	s.env.Set("PATH", os.Getenv("PATH"))
	host := proc.Open(fmt.Sprintf("nodetest%p", s))
	modules := node.Modules()
	modules["kici:shell"], modules["test"] = shell.Source(), body
	cfg := node.Config{
		Command: command, Spawner: host, Env: s.env, Modules: modules, Dir: t.TempDir(),
		Output: func(_ executor.Stream, p []byte) { s.out.mu.Lock(); defer s.out.mu.Unlock(); s.out.b.Write(p) },
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	s.Runtime, err = node.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), host.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *script) call(t testing.TB, method string, args ...any) string {
	t.Helper()
	raw, err := s.Invoke(context.Background(), "test", method, args...)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	s := start(t, `
		exports.add = (a, b) => a + b;
		exports.nothing = () => {};
		exports.later = async (v) => { await new Promise((r) => setTimeout(r, 1)); return { v }; };
		exports.fails = () => { throw Object.assign(new RangeError('no'), { code: 7, cause: new Error('why') }); };`)
	if got := s.call(t, "add", 1, 2) + s.call(t, "nothing") + s.call(t, "later", "x"); got != `3null{"v":"x"}` {
		t.Error(got)
	}
	_, err := s.Invoke(context.Background(), "test", "fails")
	var thrown *js.Error
	if !errors.As(err, &thrown) || thrown.Name != "RangeError" || string(thrown.Props) != `{"code":7}` || thrown.Cause.Message != "why" {
		t.Errorf("%+v", err)
	}
	if _, err := s.Invoke(context.Background(), "not-there", "x"); err == nil || !strings.Contains(err.Error(), "not-there") {
		t.Error(err)
	}
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			if got := s.call(t, "later", i); got != fmt.Sprintf(`{"v":%d}`, i) {
				t.Error(got)
			}
		})
	}
	work.Wait()
}

// TestDeaths: however a process ends, its call says how, and so does the next.
func TestDeaths(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"exit":    {"exports.die = () => process.reallyExit(3)", "exit code 3"},
		"signal":  {"exports.die = () => { process.kill(process.pid, 'SIGSEGV'); return new Promise((r) => setTimeout(r, 5000)); }", "SIGSEGV"},
		"killed":  {"exports.die = () => { process.kill(process.pid, 'SIGKILL'); for (;;); }", "SIGKILL"},
		"memory":  {"exports.die = () => { const a = []; for (;;) a.push(new Array(1000).fill({})); }", "out of memory"},
		"loop":    {"exports.die = () => { for (;;); }", "deadline"},
		"closing": {"exports.die = () => { require('fs').closeSync(4); return new Promise((r) => setTimeout(r, 5000)); }", "ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.body, func(cfg *node.Config) { cfg.Env.Set("NODE_OPTIONS", "--max-old-space-size=40") })
			limit := 20 * time.Second
			if name == "loop" {
				limit = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			if name == "closing" { // the end of the pipe is an end of the process to us
				c.want = ""
			}
			_, err := s.Invoke(ctx, "test", "die")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			var death *node.Death
			if _, err := s.Invoke(context.Background(), "test", "die"); !errors.As(err, &death) || s.Err() == nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// TestAbandoned: a call that was given up reaches nothing any more, and the
// process goes on with what it knows.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	s := start(t, `
		let state = 'first';
		exports.waits = async () => {
			state = 'changed';
			await new Promise((r) => setTimeout(r, 200));
			console.log('must not be heard');
			require('kici:shell').createShell()`+"`touch leaked`"+`;
		};
		exports.state = async () => { await new Promise((r) => setTimeout(r, 400)); return state; };`)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Invoke(ctx, "test", "waits"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if got := s.call(t, "state"); got != `"changed"` || s.out.String() != "" {
		t.Errorf("%s %q", got, s.out)
	}
}

func TestNeverSettles(t *testing.T) {
	t.Parallel()
	s := start(t, `exports.waits = () => new Promise(() => {}); exports.fine = () => new Promise((r) => setTimeout(() => r(1), 50).unref());`)
	for range 2 {
		if _, err := s.Invoke(context.Background(), "test", "waits"); !errors.Is(err, js.ErrNeverSettles) {
			t.Error(err)
		}
	}
	if got := s.call(t, "fine"); got != "1" {
		t.Error(got)
	}
}

// TestOutput: what does not go through JavaScript is in the log before the call
// is answered, and a slow log slows the code instead of losing anything.
func TestOutput(t *testing.T) {
	t.Parallel()
	s := start(t, `
		exports.inherits = () => { console.log('a'); require('child_process').spawnSync('echo', ['b'], { stdio: 'inherit' }); console.log('c'); };
		exports.floods = () => { for (let i = 0; i < 3000; i++) process.stdout.write('x'.repeat(1000) + '\n'); };`)
	for range 20 {
		s.call(t, "inherits")
	}
	if got := s.out.String(); got != strings.Repeat("a\nb\nc\n", 20) {
		t.Errorf("%q", got)
	}
	begun := len(s.out.String())
	s.call(t, "floods")
	if got := len(s.out.String()); got != begun+3000*1001 {
		t.Error(got)
	}
}

// TestEnv: both sides change the environment, and each sees the other's changes
// in time.
func TestEnv(t *testing.T) {
	t.Parallel()
	var env *node.Env
	s := start(t, `
		const engine = require('kici:engine');
		exports.both = () => { process.env.A = 'js'; engine.set(); const seen = process.env.B; delete process.env.PATH; return [seen, engine.get()]; };
		exports.read = () => [process.env.C, process.env.PATH ?? null, 'KICI_PROCESS' in process.env];`,
		func(c *node.Config) {
			env = c.Env
			c.Functions = step.Functions{Sync: map[string]step.Function{
				"set": func(context.Context, []json.RawMessage) (any, error) { env.Set("B", "go"); return nil, nil },
				"get": func(context.Context, []json.RawMessage) (any, error) {
					a, _ := env.Get("A")
					_, path := env.Get("PATH")
					return fmt.Sprint(a, path), nil
				},
			}}
		})
	if got := s.call(t, "both"); got != `["go","jsfalse"]` {
		t.Error(got)
	}
	env.Set("C", "later")
	if got := s.call(t, "read"); got != `["later",null,false]` {
		t.Error(got)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "node")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho 'too old' >&2\nexit 9\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{old: "too old", "/no/such/node": "no such file"} {
		host := proc.Open("nodetest-start")
		_, err := node.Start(context.Background(), node.Config{
			Command: command, Spawner: host, Env: node.NewEnv(), Dir: t.TempDir(), Output: func(executor.Stream, []byte) {},
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", command, err)
		}
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := node.Find([]string{"PATH=" + t.TempDir()}); !errors.Is(err, node.ErrMissing) {
		t.Error(err)
	}
}

func TestGeneratedIsFresh(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("src")
	if err != nil {
		t.Fatal(err)
	}
	want, err := bundle.Library(dir, filepath.Join(dir, "host.ts"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("host_gen.js")
	if err != nil || !bytes.HasSuffix(got, want) {
		t.Error("host_gen.js is stale: go generate ./executor/node", err)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s := start(b, "exports.f = () => {}")
		s.call(b, "f")
		_ = s.Close()
	}
}

func BenchmarkInvoke(b *testing.B) {
	s := start(b, "exports.f = () => {}")
	for b.Loop() {
		s.call(b, "f")
	}
}

func BenchmarkQuestion(b *testing.B) {
	s := start(b, "const e = require('kici:engine'); exports.f = () => { for (let i = 0; i < 100; i++) e.ping(); }", func(c *node.Config) {
		c.Functions.Sync = map[string]step.Function{"ping": func(context.Context, []json.RawMessage) (any, error) { return nil, nil }}
	})
	for b.Loop() {
		s.call(b, "f")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/question")
}

func BenchmarkCommand(b *testing.B) {
	s := start(b, "const $ = require('kici:shell').createShell(); exports.f = () => $`true`")
	for b.Loop() {
		s.call(b, "f")
	}
}
