package clone

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// mirror is the bare repository of one URL. Its refs are names of ours, one for
// each ref of the repository: they tell a fetch what need not be sent again.
type mirror struct {
	home   *Store
	dir    string
	format string // of object names
}

// Names in a mirror. A file in have for every commit that was fetched saves
// asking git for it.
const (
	haveDir  = "kici-have"
	lockPoll = 20 * time.Millisecond
	// manyPacks is when packs are put together: each fetch makes one, and git
	// looks through all of them.
	manyPacks = 50
)

func (s *Store) mirror(src Source) *mirror {
	format := "sha1"
	if len(src.SHA) == 64 {
		format = "sha256"
	}
	sum := sha256.Sum256([]byte(format + " " + strings.TrimRight(src.URL, "/")))
	return &mirror{home: s, dir: filepath.Join(s.config.Dir, hex.EncodeToString(sum[:16])+".git"), format: format}
}

func (m *mirror) store() objects {
	return objects{dir: filepath.Join(m.dir, "objects"), shallow: filepath.Join(m.dir, "shallow")}
}

func (m *mirror) mark(sha string) string { return filepath.Join(m.dir, haveDir, sha) }

func (m *mirror) has(sha string) bool {
	_, err := os.Stat(m.mark(sha))
	return err == nil
}

// touch notes that the mirror is in use; Collect looks at it. A clock that
// cannot be set costs a fetch some day.
func (m *mirror) touch() {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(m.dir, "HEAD"), now, now)
}

// need makes sure that the mirror has the commit.
func (m *mirror) need(ctx context.Context, src Source) (fetched bool, err error) {
	if m.has(src.SHA) {
		m.touch()
		return false, nil
	}
	unlock, err := m.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	if m.has(src.SHA) { // another slot fetched it while we waited
		return false, nil
	}
	return true, m.fill(ctx, src)
}

// renew starts over.
func (m *mirror) renew(ctx context.Context, src Source) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.RemoveAll(m.dir); err != nil {
		return fault(err)
	}
	return m.fill(ctx, src)
}

func (m *mirror) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(m.home.config.Dir, 0o755); err != nil {
		return nil, fault(err)
	}
	l := flock.New(strings.TrimSuffix(m.dir, ".git") + ".lock")
	if ok, err := l.TryLockContext(ctx, lockPoll); err != nil || !ok {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fault(fmt.Errorf("lock %s: %w", l.Path(), err))
	}
	return func() { _ = l.Close() }, nil
}

// fill fetches the commit; the lock is held.
func (m *mirror) fill(ctx context.Context, src Source) error {
	if err := m.init(); err != nil {
		return fault(err)
	}
	g, done, err := m.home.remote(m.dir, src)
	if err != nil {
		return err
	}
	defer done()
	if err := m.fetch(ctx, g, src); err != nil {
		return err
	}
	if err := os.WriteFile(m.mark(src.SHA), nil, 0o644); err != nil {
		return fault(err)
	}
	m.touch()
	return m.compact(ctx, g)
}

// fetch asks for the commit itself first: nearly every server gives it. The
// others are asked for the ref, until its history holds the commit.
func (m *mirror) fetch(ctx context.Context, g *git, src Source) error {
	sum := sha256.Sum256([]byte(src.Ref))
	to := "refs/kici/" + hex.EncodeToString(sum[:10])
	err := m.ask(ctx, g, src, src.SHA, to, 1)
	if !errors.Is(err, ErrNoCommit) {
		return err
	}
	if src.Ref != "" {
		for _, depth := range []int{50, 1<<31 - 1} { // the latter is git's "all"
			if ferr := m.ask(ctx, g, src, src.Ref, to, depth); ferr != nil {
				break
			}
			if _, cerr := g.run(ctx, "cat-file", "-e", src.SHA+"^{commit}"); cerr == nil {
				return nil
			}
		}
	}
	if out, lerr := g.run(ctx, "ls-remote", "--quiet", "--", src.URL); lerr == nil && len(out) == 0 {
		return &Error{Kind: ErrEmpty, URL: src.URL, Hint: hint(ErrEmpty, src.Auth)}
	}
	var e *Error
	if errors.As(err, &e) {
		e.Detail = src.SHA
	}
	return err
}

func (m *mirror) ask(ctx context.Context, g *git, src Source, what, to string, depth int) error {
	_, err := g.run(ctx, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance",
		"--depth="+strconv.Itoa(depth), "--", src.URL, "+"+what+":"+to)
	return err
}

// compact puts small packs together. Objects that no ref names stay: a tree
// may borrow them.
func (m *mirror) compact(ctx context.Context, g *git) error {
	packs, err := filepath.Glob(filepath.Join(m.dir, "objects", "pack", "*.pack"))
	if err != nil || len(packs) < manyPacks {
		return err
	}
	if _, err := g.run(ctx, "repack", "--quiet", "-d", "--geometric=2"); err != nil && ctx.Err() == nil {
		m.home.config.Log.Warn("clone: packs could not be put together", "mirror", m.dir, "err", err)
	}
	return ctx.Err()
}

// init writes an empty bare repository.
func (m *mirror) init() error {
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
	if m.format != "sha1" {
		config = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = " + m.format + "\n"
	}
	// No commit is ever taken away (gc), and each fetch is a pack.
	config += "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[fetch]\n\tunpackLimit = 1\n[transfer]\n\tunpackLimit = 1\n"
	if _, err := os.Stat(filepath.Join(m.dir, "HEAD")); err == nil {
		return nil
	}
	for _, dir := range []string{"objects/info", "objects/pack", "refs", haveDir} {
		if err := os.MkdirAll(filepath.Join(m.dir, filepath.FromSlash(dir)), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(m.dir, "config"), []byte(config), 0o644); err != nil {
		return err
	}
	// Last, because it says that the rest is there.
	return os.WriteFile(filepath.Join(m.dir, "HEAD"), []byte("ref: refs/heads/none\n"), 0o644)
}
