package fs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
)

const (
	objects = "objects"
	tmp     = "tmp"
	// leftover is how old a file in tmp is that nobody writes any more.
	leftover = 24 * time.Hour
)

// Store is a blob.Store in a folder.
type Store struct {
	root *os.Root
	now  func() time.Time
}

// Open makes the folder where it is missing, and removes what a crash has left
// in tmp. The caller closes the store.
func Open(dir string, now func() time.Time) (_ *Store, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	s := &Store{root: root, now: now}
	if err := errors.Join(root.MkdirAll(objects, 0o700), root.MkdirAll(tmp, 0o700), s.sync("."), s.sweep()); err != nil {
		return nil, fmt.Errorf("blob: open %s: %w", dir, errors.Join(err, root.Close()))
	}
	return s, nil
}

// Close ends the use of the folder; open objects stay readable.
func (s *Store) Close() error { return s.root.Close() }

func (s *Store) sweep() error {
	entries, err := fs.ReadDir(s.root.FS(), tmp)
	for _, e := range entries {
		info, failed := e.Info()
		if failed == nil && s.now().Sub(info.ModTime()) > leftover {
			err = errors.Join(err, ignore(s.root.Remove(path.Join(tmp, e.Name())), fs.ErrNotExist))
		}
	}
	return err
}

func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}

// failed gives an error of the file system the house's words.
func failed(what, key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", engine.ErrNotFound, err)
	}
	return fmt.Errorf("blob: %s %s: %w", what, key, err)
}

// Get opens a range of an object.
func (s *Store) Get(_ context.Context, key string, r blob.Range) (*blob.Object, error) {
	f, info, err := s.open(key)
	if err != nil {
		return nil, failed("get", key, err)
	}
	from, length, err := r.In(info.Size)
	if err != nil {
		return nil, failed("get", key, errors.Join(err, f.Close()))
	}
	return &blob.Object{Info: info, Body: part{io.NewSectionReader(f, from, length), f}}, nil
}

type part struct {
	io.Reader
	io.Closer
}

func (s *Store) open(key string) (*os.File, blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, blob.Info{}, err
	}
	f, err := s.root.Open(path.Join(objects, name(key)))
	if err != nil {
		return nil, blob.Info{}, err
	}
	info, err := describe(key, f)
	if err != nil {
		return nil, info, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// Stat reads the trailer.
func (s *Store) Stat(_ context.Context, key string) (blob.Info, error) {
	f, info, err := s.open(key)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return info, failed("stat", key, err)
	}
	return info, nil
}

// Copy links, so both are one file until one of them is put anew.
func (s *Store) Copy(ctx context.Context, from, to string, replace bool) (blob.Info, error) {
	if err := errors.Join(blob.CheckKey(from), blob.CheckKey(to)); err != nil {
		return blob.Info{}, err
	}
	source := path.Join(objects, name(from))
	if _, err := s.Stat(ctx, from); err != nil { // a missing source is no missing folder
		return blob.Info{}, err
	}
	err := s.place(to, func(file string) error {
		if !replace {
			return s.root.Link(source, file)
		}
		part := s.part()
		if err := s.root.Link(source, part); err != nil {
			return err
		}
		err := s.root.Rename(part, file)
		// Renaming onto another name of the same file does nothing, not even that.
		return errors.Join(err, ignore(s.root.Remove(part), fs.ErrNotExist))
	})
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w: %w", engine.ErrExists, err)
	}
	if err != nil {
		return blob.Info{}, failed("copy to", to, err)
	}
	if err := s.Touch(ctx, to); err != nil {
		return blob.Info{}, err
	}
	return s.Stat(ctx, to)
}

// Touch sets the modification time.
func (s *Store) Touch(_ context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	now := s.now().Truncate(time.Microsecond)
	if err := s.root.Chtimes(path.Join(objects, name(key)), now, now); err != nil {
		return failed("touch", key, err)
	}
	return nil
}

// Delete removes files, and the folders that are empty then.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := blob.CheckKey(key); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		file := path.Join(objects, name(key))
		if err := ignore(s.root.Remove(file), fs.ErrNotExist); err != nil {
			return failed("delete", key, err)
		}
		for dir := path.Dir(file); dir != objects; dir = path.Dir(dir) {
			if s.root.Remove(dir) != nil { // not empty
				break
			}
		}
	}
	return nil
}

var _ blob.Store = (*Store)(nil)
