//go:build linux || darwin

package admin

import "golang.org/x/sys/unix"

// freeSpace is what is left for us on the file system of a folder, in bytes.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // their types differ by system
}
