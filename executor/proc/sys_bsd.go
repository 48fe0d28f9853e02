//go:build unix && !linux

package proc

import "syscall"

func sysAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// strays: these systems do not show a process's environment; groups must do.
func strays(string, uint64) []int { return nil }
