package clone

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Config says where mirrors are and how git is run.
type Config struct {
	// Dir holds the mirrors. Several processes may share it.
	Dir string
	// Environ is the environment of this process: PATH, proxies, HOME.
	Environ []string
	// KnownHosts is the file that host keys are added to which are met for the
	// first time; empty is ssh's own.
	KnownHosts string
	Log        *slog.Logger
}

// Store makes work trees. It is safe for several at once.
type Store struct{ config Config }

// New returns a Store. Nothing is read or made before the first Create.
func New(c Config) *Store {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Store{config: c}
}

// Tree is a work tree.
type Tree struct {
	Dir string
	SHA string
	// Fetched: the commit was not on this machine yet.
	Fetched bool
}

// Create makes the work tree of a commit at dir, which must not exist or be
// empty. What is left of it after an error is the caller's to remove, as is
// the tree itself.
func (s *Store) Create(ctx context.Context, src Source, dir string) (*Tree, error) {
	if err := src.check(); err != nil {
		return nil, err
	}
	if path := localPath(src.URL); path != "" {
		from, err := borrow(path)
		if err != nil {
			return nil, err
		}
		return &Tree{Dir: dir, SHA: src.SHA}, s.tree(ctx, src, dir, from)
	}
	if strings.HasPrefix(src.URL, "file:") || !strings.Contains(src.URL, ":") {
		return nil, invalid("the path of a repository must be absolute, not %q", src.URL)
	}
	m := s.mirror(src)
	t := &Tree{Dir: dir, SHA: src.SHA}
	var err error
	if t.Fetched, err = m.need(ctx, src); err != nil {
		return nil, err
	}
	err = s.tree(ctx, src, dir, m.store())
	if damaged(err) && !t.Fetched {
		// A mirror that a full disk or a crash has damaged is made anew. Trees
		// that borrow from it were as broken before.
		s.config.Log.Warn("clone: a mirror is damaged and is fetched again", "url", src.URL, "err", err)
		if err := m.renew(ctx, src); err != nil {
			return nil, err
		}
		t.Fetched = true
		if err := os.RemoveAll(dir); err != nil {
			return nil, fault(err)
		}
		err = s.tree(ctx, src, dir, m.store())
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Collect removes mirrors that nobody has used for age. It is for a moment when
// no tree borrows from any: a tree does not keep its mirror.
func (s *Store) Collect(now time.Time, age time.Duration) {
	heads, err := filepath.Glob(filepath.Join(s.config.Dir, "*.git", "HEAD"))
	if err != nil {
		return
	}
	for _, head := range heads {
		info, err := os.Stat(head)
		if err != nil || now.Sub(info.ModTime()) < age {
			continue
		}
		if err := os.RemoveAll(filepath.Dir(head)); err != nil {
			s.config.Log.Warn("clone: an old mirror cannot be removed", "err", err)
		}
	}
}

// damaged tells an object store that is broken from a machine that is.
func damaged(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	out := []byte(strings.ToLower(e.Output))
	for _, s := range []string{"unknown revision", "could not parse object", "unable to read", "bad object", "corrupt", "is missing", "unable to find", "invalid object", "inflate", "failed to read object", "unpack"} {
		if bytes.Contains(out, []byte(s)) {
			return true
		}
	}
	return false
}

// objects is an object store that a tree may borrow from.
type objects struct {
	dir     string // of objects
	shallow string // the file of shallow commits; need not exist
}

// borrow finds the object store of a repository on this disk, without git:
// git refuses to look at the repositories of other users, and reading objects
// whose names are checked needs none of what it protects against.
func borrow(path string) (objects, error) {
	gone := func(detail string) (objects, error) {
		return objects{}, &Error{Kind: ErrGone, URL: path, Detail: detail, Hint: "check the path of the repository"}
	}
	if _, err := os.Stat(path); err != nil {
		return gone("there is no such directory")
	}
	for _, git := range []string{filepath.Join(path, ".git"), path} {
		if text, err := os.ReadFile(git); err == nil { // of a work tree or a submodule
			to, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir:")
			if !ok {
				continue
			}
			git = within(path, strings.TrimSpace(to))
		}
		if text, err := os.ReadFile(filepath.Join(git, "commondir")); err == nil {
			git = within(git, strings.TrimSpace(string(text)))
		}
		o := objects{dir: filepath.Join(git, "objects"), shallow: filepath.Join(git, "shallow")}
		if info, err := os.Stat(o.dir); err == nil && info.IsDir() {
			return o, nil
		}
	}
	return gone("it is no git repository")
}

func within(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// fault is an error of this machine.
func fault(err error) *Error {
	return &Error{Kind: ErrFailed, Detail: err.Error(), Hint: "check the disk of this machine"}
}
