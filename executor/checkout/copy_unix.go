//go:build !windows

package checkout

import (
	"errors"
	"syscall"
)

// isNotDir: a directory on the way has become a file.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
