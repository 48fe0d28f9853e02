package cache

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/klauspost/compress/gzip"
)

// unpack writes the archive's files, over those that exist. Each folder is
// opened as an os.Root, which refuses every path that leaves it.
func unpack(ctx context.Context, r io.Reader, at Places) (files int, err error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return 0, fmt.Errorf("the archive is damaged: %w", err)
	}
	u := &unpacker{at: at}
	defer u.close()
	in := tar.NewReader(zip)
	for {
		if err := ctx.Err(); err != nil {
			return u.files, err
		}
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return u.files, u.finish()
		}
		if err != nil {
			return u.files, fmt.Errorf("the archive is damaged: %w", err)
		}
		if err := u.entry(head, in); err != nil {
			return u.files, err
		}
	}
}

type unpacker struct {
	at    Places
	roots [2]*os.Root // workspace, home; opened when the first entry needs it
	dirs  []dirMode
	files int
}

// dirMode is set at the end: a read-only folder could not be filled.
type dirMode struct {
	root *os.Root
	rel  string
	head *tar.Header
}

func (u *unpacker) entry(head *tar.Header, body io.Reader) error {
	l, err := parseLocation(head.Name)
	if err != nil {
		return err
	}
	root, err := u.root(l)
	if err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(l.rel), 0o755); err != nil {
		return err
	}
	switch head.Typeflag {
	case tar.TypeDir:
		u.dirs = append(u.dirs, dirMode{root, l.rel, head})
		return root.MkdirAll(l.rel, 0o755)
	case tar.TypeSymlink:
		u.files++
		return errors.Join(clear(root, l.rel), root.Symlink(head.Linkname, l.rel))
	case tar.TypeReg:
		u.files++
		return u.file(root, l.rel, head, body)
	default:
		return fmt.Errorf("the archive has an entry %q of the unknown type %q", head.Name, head.Typeflag)
	}
}

// clear makes room for a file or a link: a link must be replaced, not followed.
func clear(root *os.Root, rel string) error {
	err := root.Remove(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (u *unpacker) file(root *os.Root, rel string, head *tar.Header, body io.Reader) error {
	if err := clear(root, rel); err != nil {
		return err
	}
	f, err := root.OpenFile(rel, os.O_CREATE|os.O_EXCL|os.O_WRONLY, head.FileInfo().Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	if err := errors.Join(err, f.Chmod(head.FileInfo().Mode().Perm()), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", rel, err)
	}
	// Build tools compare times, so a restored file is as old as it was.
	return root.Chtimes(rel, head.ModTime, head.ModTime)
}

func (u *unpacker) finish() error {
	for i := len(u.dirs) - 1; i >= 0; i-- {
		d := u.dirs[i]
		if err := d.root.Chmod(d.rel, d.head.FileInfo().Mode().Perm()); err != nil {
			return err
		}
		if err := d.root.Chtimes(d.rel, d.head.ModTime, d.head.ModTime); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) root(l location) (*os.Root, error) {
	i := 0
	if l.home {
		i = 1
	}
	if u.roots[i] == nil {
		root, err := os.OpenRoot(u.at.folder(l))
		if err != nil {
			return nil, err
		}
		u.roots[i] = root
	}
	return u.roots[i], nil
}

func (u *unpacker) close() {
	for _, r := range u.roots {
		if r != nil {
			r.Close()
		}
	}
}
