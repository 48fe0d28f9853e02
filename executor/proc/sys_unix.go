//go:build unix

package proc

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	slashes     = "/"
	defaultPath = "/usr/local/bin:/usr/bin:/bin"
)

var (
	errNotDir  error = syscall.ENOTDIR
	errNotOurs error = syscall.EPERM
)

// group is the process group of a command's leader.
type group struct{ pgid int }

func openGroup(p *os.Process) group { return group{p.Pid} }
func (g group) close()              {}

func (g group) signal(s Signal) error { return signalOne(-g.pgid, s) }

// alive asks whether the group has members. A zombie that nobody has reaped
// yet counts for a moment; the callers ask again.
func (g group) alive() bool {
	err := syscall.Kill(-g.pgid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func signalOne(pid int, s Signal) error {
	n := unix.SignalNum(string(s))
	if n == 0 {
		return fmt.Errorf("%w: %s", ErrSignal, s)
	}
	err := syscall.Kill(pid, n)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ESRCH):
		return ErrFinished
	default:
		return fmt.Errorf("proc: signal %d: %w", pid, err)
	}
}

func exitOf(state *os.ProcessState, err error) Exit {
	if err != nil || state == nil {
		return Exit{Code: -1}
	}
	ws, ok := state.Sys().(syscall.WaitStatus)
	if ok && ws.Signaled() {
		return Exit{Code: -1, Signal: Signal(unix.SignalName(ws.Signal()))}
	}
	return Exit{Code: state.ExitCode()}
}

func executable(file string, _ []string) (string, bool) {
	st, err := os.Stat(file)
	return file, err == nil && !st.IsDir() && st.Mode()&0o111 != 0
}

func sameName(a, b string) bool { return strings.Compare(a, b) == 0 }
