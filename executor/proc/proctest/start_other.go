//go:build !linux

package proctest

import (
	"os/exec"
	"syscall"
)

// Start starts a command as cmd.Start does. This system has no word for "end with
// me", so a test binary that is killed leaves the command behind.
func Start(cmd *exec.Cmd, _ ...syscall.Signal) error { return cmd.Start() }
