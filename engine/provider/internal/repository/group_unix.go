//go:build !windows

package repository

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

const (
	// Nowhere is the file that is always empty.
	Nowhere   = "/dev/null"
	usualPath = "/usr/local/bin:/usr/bin:/bin"
)

// group lets git lead a process group, and the end of the context kill all of
// it: git starts ssh and helpers, which would outlive it.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
