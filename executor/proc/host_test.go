//go:build unix

package proc_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// safe is a writer for two goroutines.
type safe struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *safe) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

func open(t testing.TB) *proc.Host {
	t.Helper()
	h := proc.Open(fmt.Sprintf("test-%s-%d", strings.ReplaceAll(t.Name(), "/", "."), os.Getpid()))
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func bash(script string, out, errs io.Writer) proc.Command {
	return proc.Command{Args: []string{"bash", "-c", script}, Env: os.Environ(), Stdout: out, Stderr: errs}
}

func start(t testing.TB, h *proc.Host, c proc.Command) proc.Process {
	t.Helper()
	p, err := h.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStartReportsOutputAndExit(t *testing.T) {
	t.Parallel()
	h := open(t)
	var out, errs safe
	exit := start(t, h, bash("echo out; echo err >&2; exit 3", &out, &errs)).Wait()
	if exit.Code != 3 || exit.Signal != "" || exit.Duration <= 0 {
		t.Errorf("exit = %+v", exit)
	}
	if out.String() != "out\n" || errs.String() != "err\n" {
		t.Errorf("out %q, err %q", out.String(), errs.String())
	}
}

func TestStartUsesEnvironmentFolderAndInput(t *testing.T) {
	t.Parallel()
	h := open(t)
	dir := t.TempDir()
	var out safe
	p := start(t, h, proc.Command{
		Args: []string{"bash", "-c", `pwd; echo "$A"; cat`}, Dir: dir,
		Env: []string{"A=one", "PATH=" + os.Getenv("PATH")}, Stdin: true, Stdout: &out,
	})
	if _, err := io.WriteString(p.Stdin(), "typed"); err != nil {
		t.Fatal(err)
	}
	p.Stdin().Close()
	p.Wait()
	if want := dir + "\none\ntyped"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	h := open(t)
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, []byte("\x00\x01garbage"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		c    proc.Command
		want error
	}{
		"no program":       {proc.Command{Args: []string{"no-such-program"}}, fs.ErrNotExist},
		"no path":          {proc.Command{Args: []string{"/no/such/program"}}, fs.ErrNotExist},
		"no folder":        {proc.Command{Args: []string{"true"}, Dir: "/no/such/folder"}, fs.ErrNotExist},
		"folder is a file": {proc.Command{Args: []string{"true"}, Dir: file}, syscall.ENOTDIR},
		"not a program":    {proc.Command{Args: []string{file}}, syscall.ENOEXEC},
		"nul byte":         {proc.Command{Args: []string{"true", "a\x00b"}}, syscall.EINVAL},
		"empty":            {proc.Command{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := h.Start(t.Context(), tc.c)
			var start *proc.StartError
			if !errors.As(err, &start) || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("err = %v, want a StartError over %v", err, tc.want)
			}
		})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Start(gone, bash("true", nil, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSignalReachesGrandchildren(t *testing.T) {
	t.Parallel()
	h := open(t)
	r, w := io.Pipe()
	p := start(t, h, bash("sleep 300 & echo $!; wait", w, nil))
	child := readPid(t, r)
	if err := p.Signal("SIGNONSENSE"); !errors.Is(err, proc.ErrSignal) {
		t.Errorf("nonsense: %v", err)
	}
	if err := p.Signal(proc.TERM); err != nil {
		t.Fatal(err)
	}
	if exit := p.Wait(); exit.Signal != proc.TERM || exit.Code != -1 {
		t.Errorf("exit = %+v", exit)
	}
	waitDead(t, child)
	if err := p.Signal(proc.TERM); !errors.Is(err, proc.ErrFinished) {
		t.Errorf("after the end: %v", err)
	}
}

// A daemon in the background holds the pipe: the command ends all the same,
// the daemon lives on and its late output still arrives.
func TestDaemonDoesNotHoldTheCommand(t *testing.T) {
	t.Parallel()
	h := open(t)
	r, w := io.Pipe()
	lines := bufio.NewReader(r)
	p := start(t, h, bash(`(trap 'echo late; exit' USR1; echo ready; while :; do sleep 0.01; done) & echo $!`, w, nil))
	var pid int
	for seen := 0; seen < 2; seen++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			pid = n
		}
	}
	if exit := p.Wait(); exit.Code != 0 {
		t.Errorf("exit = %+v", exit)
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		t.Fatalf("the daemon is gone: %v", err)
	}
	if line, err := lines.ReadString('\n'); err != nil || line != "late\n" {
		t.Errorf("late output: %q, %v", line, err)
	}
}

func TestChattyDaemonDoesNotHoldTheCommand(t *testing.T) {
	t.Parallel()
	h := open(t)
	var out safe
	start(t, h, bash(`(while :; do echo x; sleep 0.02; done) & echo started`, &out, nil)).Wait()
	if !strings.Contains(out.String(), "started") {
		t.Errorf("out = %q", out.String())
	}
}

// What the leader wrote before its end is never cut off, however slow the log.
func TestSlowWriterLosesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	slow := &slowWriter{}
	start(t, h, bash("head -c 200000 /dev/zero", slow, nil)).Wait()
	if slow.n != 200000 {
		t.Errorf("%d bytes of 200000", slow.n)
	}
}

type slowWriter struct{ n int }

func (w *slowWriter) Write(b []byte) (int, error) {
	<-time.After(20 * time.Millisecond)
	w.n += len(b)
	return len(b), nil
}

func TestClosedPipesAreFine(t *testing.T) {
	t.Parallel()
	h := open(t)
	var out safe
	p := start(t, h, bash("exec >&- 2>&-; exit 4", &out, &out))
	if exit := p.Wait(); exit.Code != 4 {
		t.Errorf("exit = %+v", exit)
	}
	p = start(t, h, bash("yes", io.Discard, nil))
	p.StopOutput(1)
	if exit := p.Wait(); exit.Code == 0 {
		t.Errorf("a flood whose reader left ended with %+v", exit)
	}
}

func TestTerminateSinceMark(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := start(t, h, bash("exec sleep 300", nil, nil))
	mark := h.Mark()
	r, w := io.Pipe()
	after := start(t, h, bash(`trap '' TERM; echo $$; while :; do sleep 1; done`, w, nil))
	readPid(t, r) // its trap stands
	if err := h.Terminate(t.Context(), mark, 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if exit := after.Wait(); exit.Signal != proc.KILL {
		t.Errorf("deaf command: %+v", exit)
	}
	if h.Live() != 1 || before.Signal("SIGCONT") != nil {
		t.Error("a command from before the mark was ended")
	}
	if err := h.Terminate(t.Context(), 0, time.Minute); err != nil {
		t.Fatal(err)
	}
	if exit := before.Wait(); exit.Signal != proc.TERM {
		t.Errorf("earlier command: %+v", exit)
	}
}

func TestTerminateFindsEscapees(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc here: a process that leaves its session escapes")
	}
	h := open(t)
	r, w := io.Pipe()
	p := start(t, h, bash(`setsid bash -c 'setsid sleep 300 >/dev/null 2>&1 & echo $!'`, w, nil))
	child := readPid(t, r)
	p.Wait()
	if err := syscall.Kill(child, 0); err != nil {
		t.Fatalf("the escapee should live until it is found: %v", err)
	}
	if err := h.Terminate(t.Context(), 0, time.Second); err != nil {
		t.Fatal(err)
	}
	waitDead(t, child)
}

func TestSweep(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc here")
	}
	cookie := "sweep-" + strconv.Itoa(os.Getpid())
	h := proc.Open(cookie)
	p := start(t, h, bash("exec sleep 300", nil, nil))
	if err := proc.Sweep(t.Context(), "another", 0); err != nil {
		t.Fatal(err)
	}
	if err := proc.Sweep(t.Context(), cookie, time.Minute); err != nil {
		t.Fatal(err)
	}
	if exit := p.Wait(); exit.Signal != proc.TERM {
		t.Errorf("exit = %+v", exit)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Start(t.Context(), bash("true", nil, nil)); !errors.Is(err, proc.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func readPid(t *testing.T, r io.Reader) int {
	t.Helper()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// waitDead polls: the process is not ours to wait for.
func waitDead(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.After(5 * time.Second); ; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("process %d lives on", pid)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func BenchmarkTrue(b *testing.B) {
	h := open(b)
	c := bash("true", io.Discard, io.Discard)
	for b.Loop() {
		start(b, h, c).Wait()
	}
}

func BenchmarkFlood100MB(b *testing.B) {
	h := open(b)
	b.SetBytes(100 << 20)
	for b.Loop() {
		start(b, h, bash("head -c 104857600 /dev/zero", io.Discard, nil)).Wait()
	}
}
