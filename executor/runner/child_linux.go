package runner

import (
	"os/exec"
	"runtime"
	"syscall"
)

// detach gives the child a session of its own, so that Ctrl+C in a terminal
// reaches us and not it, and ties its life to ours. The signal is TERM and not
// KILL, because a child that is killed cannot end what its steps started.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
}

// pin keeps the calling goroutine on its thread: the kernel sends the
// parent-death signal when the *thread* that started the child ends.
func pin() (unpin func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
