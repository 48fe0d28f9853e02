package expr

import (
	"os"
	"syscall"
)

// peakOf is the most that an ended worker had in memory.
func peakOf(w *worker) int64 {
	state := w.proc.(interface{ State() *os.ProcessState }).State()
	return state.SysUsage().(*syscall.Rusage).Maxrss << 10
}
