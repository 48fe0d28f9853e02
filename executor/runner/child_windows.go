package runner

import (
	"os/exec"
	"syscall"
)

// detach gives the child a process group of its own, so that Ctrl+C reaches us
// and not it. The child notices our end by the end of its input.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func pin() (unpin func()) { return func() {} }
