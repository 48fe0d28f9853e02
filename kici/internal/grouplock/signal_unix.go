//go:build unix

package grouplock

import "syscall"

// The process may be gone by now, which is what the signal is for.
func terminate(pid int) { syscall.Kill(pid, syscall.SIGTERM) }
func kill(pid int)      { syscall.Kill(pid, syscall.SIGKILL) }
