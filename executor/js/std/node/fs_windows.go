package node

import (
	"context"
	"io/fs"
	"os"
	"syscall"
)

func errnoCode(e syscall.Errno) string {
	switch e {
	case syscall.ERROR_FILE_NOT_FOUND, syscall.ERROR_PATH_NOT_FOUND:
		return "ENOENT"
	case syscall.ERROR_ACCESS_DENIED:
		return "EPERM"
	case syscall.ERROR_FILE_EXISTS, syscall.ERROR_ALREADY_EXISTS, syscall.EEXIST:
		return "EEXIST"
	case syscall.ERROR_DIR_NOT_EMPTY:
		return "ENOTEMPTY"
	case syscall.EISDIR:
		return "EISDIR"
	case syscall.EBADF:
		return "EBADF"
	}
	return "UNKNOWN"
}

func access(_ context.Context, c call) (any, error) {
	st, err := os.Stat(c.path(0))
	if err == nil && int(c.number(1))&2 != 0 && st.Mode()&0o200 == 0 {
		err = syscall.ERROR_ACCESS_DENIED
	}
	return nil, err
}

func statFields(st fs.FileInfo) []float64 {
	t := millis(st.ModTime())
	return []float64{0, 0, float64(posixMode(st.Mode())), 1, 0, 0, 0, float64(st.Size()), 4096, 0, t, t, t, t}
}
