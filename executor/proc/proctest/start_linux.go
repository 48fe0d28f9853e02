package proctest

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts a command as cmd.Start does, and the caller waits for it as usual.
// When this process dies the command gets a signal: KILL, or the one given.
func Start(cmd *exec.Cmd, farewell ...syscall.Signal) error {
	attr := syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil { // which another command may share
		attr = *cmd.SysProcAttr
	}
	attr.Pdeathsig = append(farewell, syscall.SIGKILL)[0]
	cmd.SysProcAttr = &attr
	started := make(chan error, 1)
	go hold(cmd, started)
	return <-started
}

// hold starts the command and stays on its thread for as long as the command is
// there, because the kernel takes the end of the *thread* for the parent's death.
// It leaves the exit status for whoever calls cmd.Wait.
func hold(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	if err != nil {
		started <- err
		return
	}
	pid := cmd.Process.Pid // after this the command is the caller's
	started <- nil
	for errors.Is(unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
}
