package compile

import (
	"fmt"
	"os"
	"path/filepath"
)

// writeAtomic replaces path with data so that readers and crashes see either
// the old file or the new one, never a part. The lock is committed, so a torn
// one would be found by the wrong person.
func writeAtomic(path string, data []byte) (err error) {
	// A lock that is a symbolic link stays one; its target is replaced.
	if target, linkErr := filepath.EvalSymlinks(path); linkErr == nil {
		path = target
	}
	mode := os.FileMode(0o644)
	if info, statErr := os.Stat(path); statErr == nil {
		if info.IsDir() {
			return fmt.Errorf("compile: %s is a directory", path)
		}
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".kici.lock.*.tmp")
	if err != nil {
		return fmt.Errorf("compile: write lock: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("compile: write lock: %w", err)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
