//go:build unix && !linux

package runner

import (
	"os/exec"
	"syscall"
)

// detach gives the child a session of its own. There is no parent-death signal
// here; the child notices our end by the end of its input.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

func pin() (unpin func()) { return func() {} }
