//go:build unix

package sqlite

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/kici-dev/kici-go/engine/store"
)

// lockFile holds until closed, or until the process dies, however it dies.
func lockFile(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = store.ErrLocked
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
