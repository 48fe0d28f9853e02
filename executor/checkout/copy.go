package checkout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// copiers bounds the files that are open at once. Copying small files is
// waiting for the kernel, so a few more than cores pay off.
const copiers = 4

// copyFiles copies the named files of one tree into another. Names that are
// gone, or are directories (submodules, nested repositories), are passed over.
func copyFiles(ctx context.Context, from, to string, names []string) error {
	made := map[string]bool{".": true}
	for _, name := range names {
		dir := filepath.Dir(filepath.FromSlash(name))
		if made[dir] {
			continue
		}
		if err := os.MkdirAll(filepath.Join(to, dir), 0o755); err != nil {
			return fmt.Errorf("checkout: %w", err)
		}
		made[dir] = true
	}
	g, ctx := errgroup.WithContext(ctx)
	const batch = 64
	g.SetLimit(copiers)
	for start := 0; start < len(names); start += batch {
		part := names[start:min(start+batch, len(names))]
		g.Go(func() error {
			buf := make([]byte, 64<<10)
			for _, name := range part {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				name = filepath.FromSlash(name)
				if err := copyFile(filepath.Join(from, name), filepath.Join(to, name), buf); err != nil {
					return fmt.Errorf("checkout: copy %s: %w", name, err)
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// copyFile copies one file or link, keeping its mode.
func copyFile(from, to string, buf []byte) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
		return nil // deleted in the work tree
	}
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !info.Mode().IsRegular():
		return nil // a directory, a socket, a pipe: git has no such files
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	if info.Size() <= int64(len(buf)) {
		err = copySmall(dst, src, buf)
	} else {
		_, err = io.Copy(dst, src) // copy_file_range, and so a reflink where there is one
	}
	return errors.Join(err, dst.Close())
}

func copySmall(dst io.Writer, src io.Reader, buf []byte) error {
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if _, err := dst.Write(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
