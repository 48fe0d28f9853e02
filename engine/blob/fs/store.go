package fs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
)

const (
	objects = "objects"
	tmp     = "tmp"
	// leftover is how old a file in tmp is that nobody writes any more.
	leftover = 24 * time.Hour
	// bufferSize of a copy: large enough that system calls do not show.
	bufferSize = 128 << 10
	// tries of a Put whose folder a Delete took away meanwhile.
	tries = 10
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

// Put writes beside the objects, and renames.
func (s *Store) Put(ctx context.Context, key string, body io.Reader) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	part := s.part()
	info, err := s.write(ctx, part, body)
	if err == nil {
		err = s.place(key, func(file string) error { return s.root.Rename(part, file) })
	}
	if err != nil {
		_ = s.root.Remove(part) // it may have been made or not
		return blob.Info{}, failed("put", key, err)
	}
	info.Key = key
	return info, nil
}

func (s *Store) part() string { return path.Join(tmp, rand.Text()) }

func (s *Store) write(ctx context.Context, part string, body io.Reader) (_ blob.Info, err error) {
	f, err := s.root.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return blob.Info{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	size, err := io.CopyBuffer(io.MultiWriter(f, hash), &cancellable{ctx, body}, make([]byte, bufferSize))
	if err != nil {
		return blob.Info{}, err
	}
	now := s.now().UTC().Truncate(time.Microsecond)
	sum := hash.Sum(nil)
	if _, err := f.Write(trailer(now, sum)); err != nil {
		return blob.Info{}, err
	}
	if err := errors.Join(s.root.Chtimes(part, now, now), f.Sync()); err != nil {
		return blob.Info{}, err
	}
	return blob.Info{Size: size, SHA256: hex.EncodeToString(sum), Created: now, Used: now}, nil
}

// cancellable stops reading when ctx ends.
type cancellable struct {
	ctx  context.Context
	body io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.body.Read(p)
}

// place makes the folder of a key, lets put put a file there, and syncs.
func (s *Store) place(key string, put func(file string) error) error {
	file := path.Join(objects, name(key))
	for try := 1; ; try++ {
		err := s.folder(path.Dir(file))
		if err == nil {
			err = put(file)
		}
		if err == nil {
			return s.sync(path.Dir(file))
		}
		// A Delete may have removed the folder while it was empty.
		if !errors.Is(err, fs.ErrNotExist) || try == tries {
			return err
		}
	}
}

// folder makes a folder; each new one is synced into the one above it.
func (s *Store) folder(dir string) error {
	if _, err := s.root.Stat(dir); err == nil || dir == objects {
		return err
	}
	above := path.Dir(dir)
	if err := s.folder(above); err != nil {
		return err
	}
	if err := s.root.Mkdir(dir, 0o700); err != nil {
		return ignore(err, fs.ErrExist)
	}
	return s.sync(above)
}

func (s *Store) sync(dir string) error {
	if runtime.GOOS == "windows" { // which has no such thing, and no need of it
		return nil
	}
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
