package child

import "syscall"

func errnoName(no syscall.Errno) string {
	switch no {
	case syscall.ERROR_FILE_NOT_FOUND, syscall.ERROR_PATH_NOT_FOUND:
		return "ENOENT"
	case syscall.ERROR_ACCESS_DENIED:
		return "EACCES"
	}
	return "UNKNOWN"
}
