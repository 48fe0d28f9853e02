package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Spec says what to keep and under which name.
type Spec struct {
	Key         string   `json:"key"`                   // exact key, written once
	Paths       []string `json:"paths"`                 // files and folders, workspace-relative or "~/…"
	RestoreKeys []string `json:"restoreKeys,omitempty"` // prefixes, tried in order when Key misses
}

// MaxKey is the longest key in bytes.
const MaxKey = 512

// Validate reports the first thing that is wrong, with the field's name.
func (s Spec) Validate() error {
	switch {
	case strings.TrimSpace(s.Key) == "":
		return errors.New("cache: key is empty")
	case len(s.Key) > MaxKey:
		return fmt.Errorf("cache: key is %d bytes long, at most %d are allowed", len(s.Key), MaxKey)
	case strings.ContainsAny(s.Key, "\x00\n\r"):
		return fmt.Errorf("cache: key %q contains a line break or NUL", s.Key)
	case len(s.Paths) == 0:
		return fmt.Errorf("cache: key %q has no paths", s.Key)
	}
	for i, k := range s.RestoreKeys {
		if k == "" {
			return fmt.Errorf("cache: restoreKeys[%d] is empty and would match every entry", i)
		}
	}
	for i, p := range s.Paths {
		if _, err := locate(p); err != nil {
			return fmt.Errorf("cache: paths[%d]: %w", i, err)
		}
	}
	return nil
}

// Entry is a stored archive.
type Entry struct {
	Key     string
	Created time.Time
	Size    int64         // bytes of the archive
	Body    io.ReadCloser // the archive; the reader of the Entry closes it
}

// Store keeps archives by key.
type Store interface {
	// Open returns the entry of key or, for each prefix in order, the newest
	// entry whose key starts with it; nil when there is none.
	Open(ctx context.Context, key string, prefixes []string) (*Entry, error)
	// Put stores what write writes under key. It reports false, and does not
	// call write, when the key is taken. An error of write stores nothing.
	Put(ctx context.Context, key string, write func(io.Writer) error) (stored bool, err error)
}

// Places are the two folders that paths are in.
type Places struct {
	Workspace string
	Home      string
}

// Restored is the outcome of Restore.
type Restored struct {
	Hit        bool
	MatchedKey string // the entry's full key
	Bytes      int64  // size of the archive
	Files      int
}

// Restore unpacks the entry that spec leads to, if there is one.
func Restore(ctx context.Context, store Store, spec Spec, at Places) (Restored, error) {
	if err := spec.Validate(); err != nil {
		return Restored{}, err
	}
	entry, err := store.Open(ctx, spec.Key, spec.RestoreKeys)
	if err != nil || entry == nil {
		return Restored{}, err
	}
	defer entry.Body.Close()
	files, err := unpack(ctx, entry.Body, at)
	if err != nil {
		return Restored{}, fmt.Errorf("cache: restore %q: %w", entry.Key, err)
	}
	return Restored{Hit: true, MatchedKey: entry.Key, Bytes: entry.Size, Files: files}, nil
}

// Saved is the outcome of Save.
type Saved struct {
	Stored  bool     // false: the key was taken
	Bytes   int64    // size of the archive
	Files   int      // files and links in it
	Missing []string // paths that do not exist
}

// ErrNothingToSave means that none of the paths exists.
var ErrNothingToSave = errors.New("none of the paths exists")

// Save packs the paths of spec under its key.
func Save(ctx context.Context, store Store, spec Spec, at Places) (Saved, error) {
	if err := spec.Validate(); err != nil {
		return Saved{}, err
	}
	var saved Saved
	stored, err := store.Put(ctx, spec.Key, func(w io.Writer) error {
		counted := &counter{w: w}
		var err error
		saved.Files, saved.Missing, err = pack(ctx, counted, spec.Paths, at)
		saved.Bytes = counted.n
		return err
	})
	if err != nil {
		return Saved{}, fmt.Errorf("cache: save %q: %w", spec.Key, err)
	}
	saved.Stored = stored
	return saved, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
