//go:build unix

package measure

import (
	"os"
	"runtime"
	"syscall"
)

// Peak is the largest resident size of the process and of the descendants that
// it waited for.
func Peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" { // bytes there, kilobytes everywhere else
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}
