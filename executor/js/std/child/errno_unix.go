//go:build unix

package child

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func errnoName(no syscall.Errno) string {
	if name := unix.ErrnoName(no); name != "" {
		return name
	}
	return "UNKNOWN"
}
