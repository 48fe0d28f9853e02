package sqlite

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/kici-dev/kici-go/engine/store"
)

// sharingViolation is what Windows says of a file somebody else keeps for himself.
const sharingViolation syscall.Errno = 32

// lockFile opens the file for nobody else; the system closes it with the process.
func lockFile(path string) (io.Closer, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, store.ErrLocked
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(h), path), nil
}
