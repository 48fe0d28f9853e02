package fs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"time"

	"github.com/kici-dev/kici-go/engine/blob"
)

const (
	// bufferSize of a copy: large enough that system calls do not show.
	bufferSize = 128 << 10
	// tries of a Put whose folder a Delete took away meanwhile.
	tries = 10
)

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
