package grouplock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/proc/proctest"
	"github.com/kici-dev/kici-go/kici/internal/grouplock"
)

const helper = "KICI_TEST_GROUPLOCK"

// TestMain doubles as the other process: it takes a turn, says so, and keeps
// it until its standard input ends.
func TestMain(m *testing.M) {
	if dir := os.Getenv(helper); dir != "" {
		os.Exit(holdTurn(dir))
	}
	goleak.VerifyTestMain(m)
}

func holdTurn(dir string) int {
	mode := os.Args[1]
	if mode == "stubborn" {
		signal.Ignore(syscall.SIGTERM)
	}
	o := options(dir)
	o.Waiting = func(w grouplock.Wait) { fmt.Printf("waiting %d\n", w.Ahead) }
	lock, err := grouplock.Acquire(context.Background(), o)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("holding")
	io.Copy(io.Discard, os.Stdin)
	if err := lock.Release(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func options(dir string) grouplock.Options {
	return grouplock.Options{Dir: dir, Workflow: "deploy", Group: "main"}
}

type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

func start(t *testing.T, dir, mode string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], mode)
	cmd.Env = append(os.Environ(), helper+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := proctest.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return &process{cmd: cmd, stdin: stdin, out: bufio.NewReader(stdout)}
}

func (p *process) expect(t *testing.T, want string) {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		t.Fatalf("the other process said %q (%v), want %q", line, err, want)
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir, "hold")
	first.expect(t, "holding")
	second := start(t, dir, "hold")
	second.expect(t, "waiting 1")
	third := start(t, dir, "hold")
	third.expect(t, "waiting 2")

	first.stdin.Close()
	second.expect(t, "holding")
	second.stdin.Close()
	third.expect(t, "holding")
}

func TestDeadHolderLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir, "hold")
	first.expect(t, "holding")
	waiter := start(t, dir, "hold")
	waiter.expect(t, "waiting 1")
	waiter.cmd.Process.Kill()
	waiter.cmd.Wait()
	first.cmd.Process.Kill()
	first.cmd.Wait()

	lock, err := grouplock.Acquire(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestCancelInProgress(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"hold", "stubborn"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			holder := start(t, dir, mode)
			holder.expect(t, "holding")
			waiter := start(t, dir, mode)
			waiter.expect(t, "waiting 1")

			o := options(dir)
			o.CancelInProgress, o.KillGrace = true, time.Millisecond
			told := 0
			o.Waiting = func(w grouplock.Wait) {
				told++
				if w.Ahead != 2 || !w.Cancelling || w.Holder.PID != holder.cmd.Process.Pid {
					t.Errorf("waiting for %+v", w)
				}
			}
			lock, err := grouplock.Acquire(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if told != 1 {
				t.Errorf("told %d times, want once", told)
			}
			if err := lock.Release(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestMax(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Max = 2
	first, err := grouplock.Acquire(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := grouplock.Acquire(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	full, cancel := context.WithCancelCause(t.Context())
	over := errors.New("no patience")
	o.Waiting = func(w grouplock.Wait) {
		if w.Ahead != 2 {
			t.Errorf("%d ahead, want 2", w.Ahead)
		}
		cancel(over)
	}
	if _, err := grouplock.Acquire(full, o); !errors.Is(err, over) {
		t.Fatalf("got %v, want the cause of the cancelled wait", err)
	}
	for _, l := range []*grouplock.Lock{first, second} {
		if err := l.Release(); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if strings.Contains(e.Name(), ".ticket-") {
			t.Errorf("%s is left in the queue", e.Name())
		}
	}
}

func TestOtherGroupsDoNotWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"main", "dev"} {
		o := options(dir)
		o.Group = name
		lock, err := grouplock.Acquire(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Release()
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Group = ""
	if _, err := grouplock.Acquire(t.Context(), o); !errors.Is(err, grouplock.ErrEmptyGroup) {
		t.Errorf("empty group: %v", err)
	}
	o = options("/dev/null/locks")
	if _, err := grouplock.Acquire(t.Context(), o); err == nil {
		t.Error("a folder that cannot be made is no error")
	}
}
