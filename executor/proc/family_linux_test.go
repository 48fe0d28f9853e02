package proc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kici-dev/kici-go/executor/proc"
)

// familyVar names the test that a process started for it is to run: adopting
// changes a process for good, so no two tests share one.
const familyVar = "KICI_TEST_FAMILY"

// inFamily runs the test again in a process of its own, and there body.
func inFamily(t *testing.T, body func(t *testing.T, f *proc.Family)) {
	t.Helper()
	if os.Getenv(familyVar) != t.Name() {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), familyVar+"="+t.Name())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	f, err := proc.Adopt()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { defer close(over); f.Run(ctx) }()
	body(t, f)
	stop()
	<-over
}

func openFamily(t *testing.T, f *proc.Family) *proc.Host {
	t.Helper()
	h := f.Open("family-" + strconv.Itoa(os.Getpid()))
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// hide is a script that prints the pid of a process which has left session,
// parent and environment behind.
const hide = `env -i "$(command -v setsid)" /bin/sh -c '(sleep 300 >/dev/null 2>&1 & echo $!)'`

func hidden(t *testing.T, h *proc.Host) int {
	t.Helper()
	r, w := io.Pipe()
	p := start(t, h, bash(hide, w, nil))
	pid := readPid(t, r)
	p.Wait()
	if !alive(pid) {
		t.Fatal("it should live until somebody looks")
	}
	return pid
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestFamilyEndsWhatHides(t *testing.T) {
	t.Parallel()
	inFamily(t, func(t *testing.T, f *proc.Family) {
		h := openFamily(t, f)
		pid := hidden(t, h)
		if err := h.Terminate(t.Context(), 0, time.Minute); err != nil {
			t.Fatal(err)
		}
		waitDead(t, pid)
	})
}

// Close has no grace, and what hides may be deaf, and have children.
func TestFamilyCloseKills(t *testing.T) {
	t.Parallel()
	inFamily(t, func(t *testing.T, f *proc.Family) {
		h := openFamily(t, f)
		r, w := io.Pipe()
		start(t, h, bash(`env -i "$(command -v setsid)" /bin/sh -c "trap '' TERM; (sleep 300 & echo \$!; wait) & :"`, w, nil))
		pid := readPid(t, r)
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		waitDead(t, pid)
	})
}

// A step that is cut short ends what it hid itself, and not what earlier ones
// have: those live as long as the job.
func TestFamilySinceMark(t *testing.T) {
	t.Parallel()
	inFamily(t, func(t *testing.T, f *proc.Family) {
		h := openFamily(t, f)
		r, w := io.Pipe()
		start(t, h, bash(`echo $$; exec sleep 300`, w, nil))
		running := readPid(t, r)
		before := hidden(t, h)
		r, w = io.Pipe()
		start(t, h, bash(`setsid sleep 300 >/dev/null 2>&1 & echo $!`, w, nil))
		honest := readPid(t, r)
		<-time.After(20 * time.Millisecond) // ages are told in hundredths of a second
		mark := h.Mark()
		after := hidden(t, h)
		r, w = io.Pipe()
		start(t, h, bash(`env -i "$(command -v setsid)" sh -c 'echo $$; exec sleep 300'; :`, w, nil))
		below := readPid(t, r) // below a command that lives
		if err := h.Terminate(t.Context(), mark, time.Minute); err != nil {
			t.Fatal(err)
		}
		waitDead(t, after)
		waitDead(t, below)
		for name, pid := range map[string]int{"a command": running, "its environment is gone": before, "its session is another": honest} {
			if !alive(pid) {
				t.Errorf("a process from before the mark was ended: %s", name)
			}
		}
		if err := h.Terminate(t.Context(), 0, time.Minute); err != nil {
			t.Fatal(err)
		}
		for _, pid := range []int{running, before, honest} {
			waitDead(t, pid)
		}
	})
}

// A step that stops its own daemon and waits until it is gone does not wait
// for the end of the job.
func TestFamilyReapsOrphans(t *testing.T) {
	t.Parallel()
	inFamily(t, func(t *testing.T, f *proc.Family) {
		h := openFamily(t, f)
		pid := hidden(t, h)
		exit := start(t, h, bash(fmt.Sprintf("kill %d; while kill -0 %d 2>/dev/null; do sleep 0.01; done", pid, pid), nil, nil)).Wait()
		if exit.Code != 0 {
			t.Errorf("exit = %+v", exit)
		}
	})
}

// Reaping takes orphans only: every command gets its own exit code, while
// orphans end all the time.
func TestFamilyLeavesCommandsAlone(t *testing.T) {
	t.Parallel()
	inFamily(t, func(t *testing.T, f *proc.Family) {
		h := openFamily(t, f)
		for round := range 20 {
			var ps []proc.Process
			for i := range 8 {
				ps = append(ps, start(t, h, bash(fmt.Sprintf("(true &) ; (sleep 0.00%d &) ; exit %d", i, i), nil, nil)))
			}
			for i, p := range ps {
				if exit := p.Wait(); exit.Code != i {
					t.Fatalf("round %d: exit = %+v, want %d", round, exit, i)
				}
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.After(time.Minute); ; {
			if err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); errors.Is(err, syscall.ECHILD) {
				return
			}
			select {
			case <-deadline:
				t.Fatal("orphans are left unburied")
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
}
