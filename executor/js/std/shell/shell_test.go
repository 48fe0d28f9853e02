//go:build unix

package shell_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std"
	"github.com/kici-dev/kici-go/executor/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is the step's log.
type log struct {
	mu  sync.Mutex
	out [3]bytes.Buffer
}

func (l *log) write(s js.Stream, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out[s].Write(p)
}

func (l *log) text(s js.Stream) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out[s].String()
}

type setup struct {
	vm    *js.VM
	tests *js.Object
	log   *log
	host  *proc.Host
}

// open makes a VM with the functions of testdata/shell.ts and a small capture.
func open(t testing.TB, output func(js.Stream, []byte), captured int) *setup {
	t.Helper()
	s := &setup{log: &log{}}
	if output == nil {
		output = s.log.write
	}
	code, err := bundle.Library(mustAbs(t, "testdata"), mustAbs(t, "testdata/shell.ts"))
	if err != nil {
		t.Fatal(err)
	}
	host := proc.Open("shell-" + strings.ReplaceAll(t.Name(), "/", "."))
	s.host = host
	modules := std.Modules(std.Options{Spawner: host, Captured: captured})
	modules["shell.ts"] = js.Source(js.Lazy("shell.ts", code))
	s.vm, err = js.New(context.Background(), js.Config{
		Modules: modules, Output: output, Env: js.ParseEnv(os.Environ()), Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.vm.Close(); err != nil {
			t.Error(err)
		}
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.tests, err = s.vm.Require(t.Context(), "shell.ts"); err != nil {
		t.Fatal(err)
	}
	return s
}

func mustAbs(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/" + path
}

func (s *setup) call(t testing.TB, name string, args ...any) json.RawMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	v, err := s.vm.Invoke(ctx, s.tests, name, args...)
	if err != nil {
		t.Fatalf("%s: %+v", name, err)
	}
	return v
}

func TestShell(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"interpolates", "failure", "strict", "nothrow", "readers", "buffers", "input", "kills", "options", "environment",
		"sync", "pipes", "startErrors", "shape", "hostile",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open(t, nil, 0).call(t, name)
		})
	}
	t.Run("large", func(t *testing.T) {
		t.Parallel()
		open(t, nil, 200<<10).call(t, "large")
	})
	t.Run("late", func(t *testing.T) {
		t.Parallel()
		open(t, nil, 200<<10).call(t, "late")
	})
}

func TestLog(t *testing.T) {
	t.Parallel()
	s := open(t, nil, 0)
	s.call(t, "prints")
	if got := s.log.text(js.Stdout); got != "seen\ntold\n" {
		t.Errorf("stdout %q", got)
	}
	if got := s.log.text(js.Stderr); got != "warned\n$ echo told\n" {
		t.Errorf("stderr %q", got)
	}
}

// A failure nobody waits for fails the call that caused it.
func TestUnhandledFailure(t *testing.T) {
	t.Parallel()
	s := open(t, nil, 0)
	_, err := s.vm.Invoke(t.Context(), s.tests, "unhandled")
	if err == nil || !strings.Contains(err.Error(), "exit code: 9") {
		t.Errorf("err = %v", err)
	}
}

// Closing the VM ends what still runs.
func TestCloseEndsCommands(t *testing.T) {
	t.Parallel()
	s := open(t, nil, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.vm.Invoke(ctx, s.tests, "forever"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	if err := s.vm.Close(); err != nil {
		t.Error(err)
	}
	if n := s.host.Live(); n != 0 {
		t.Errorf("%d commands live on", n)
	}
}

func FuzzQuote(f *testing.F) {
	for _, text := range []string{"", "a b", `'"$(id)` + "`id`", "\\", "\n\r\t\v\f", "é\u200b💥", "-n", "~", "!x", "\x01\x7f", "$'a'", "*?[a]"} {
		f.Add(text)
	}
	s := open(f, nil, 0)
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
		var got string
		if err := json.Unmarshal(s.call(t, "roundTrip", text), &got); err != nil {
			t.Fatal(err)
		}
		if got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	})
}

func Benchmark200Echo(b *testing.B) {
	s := open(b, func(js.Stream, []byte) {}, 0)
	for b.Loop() {
		s.call(b, "many", 200)
	}
}

func BenchmarkFlood100MB(b *testing.B) {
	s := open(b, func(js.Stream, []byte) {}, 0)
	b.SetBytes(100 << 20)
	for b.Loop() {
		s.call(b, "flood", 100<<20)
	}
}
