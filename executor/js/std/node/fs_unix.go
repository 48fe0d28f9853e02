//go:build unix

package node

import (
	"context"
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

func errnoCode(e syscall.Errno) string {
	if name := unix.ErrnoName(e); name != "" {
		return name
	}
	return "UNKNOWN"
}

func access(_ context.Context, c call) (any, error) {
	return nil, unix.Access(c.path(0), uint32(c.number(1)))
}

// statFields are Node's, in the order of fs.ts.
func statFields(st fs.FileInfo) []float64 {
	mtime := millis(st.ModTime())
	out := []float64{0, 0, float64(posixMode(st.Mode())), 1, 0, 0, 0, float64(st.Size()), 4096, 0, mtime, mtime, mtime, mtime}
	s, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return out
	}
	out[0], out[1], out[3], out[4], out[5], out[6] = float64(s.Dev), float64(s.Ino), float64(s.Nlink), float64(s.Uid), float64(s.Gid), float64(s.Rdev)
	out[8], out[9] = float64(s.Blksize), float64(s.Blocks)
	out[10], out[12] = statTimes(s)
	out[13] = min(out[11], out[12])
	return out
}
