package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
)

// Bounds of one mirror besides its bytes: each fetch leaves a pack and a ref,
// and starting anew is cheaper than tidying up.
const maxPacks = 200

// mirrors are the bare repositories under the cache folder, one per source and
// address: a source must not read through another's credentials.
type mirrors struct {
	dir      string
	git      *repository.Git
	log      *slog.Logger
	maxBytes int64
	maxCount int
	fetching chan struct{} // a place for each fetch that may run

	mu    sync.Mutex // guards turns; never held while waiting
	turns map[string]*turn
}

// turn makes users of one mirror wait for each other: fetches into a shallow
// repository lock its files, and fail rather than wait.
type turn struct {
	free  chan struct{} // holds a value while nobody has the turn
	users int
}

func newMirrors(o Options, git *repository.Git, log *slog.Logger) *mirrors {
	m := &mirrors{dir: o.CacheDir, git: git, log: log, maxBytes: o.MaxRepositoryBytes, maxCount: o.MaxRepositories, turns: map[string]*turn{}}
	if m.maxBytes <= 0 {
		m.maxBytes = 2 << 30
	}
	if m.maxCount <= 0 {
		m.maxCount = 200
	}
	if o.Parallel <= 0 {
		o.Parallel = 4
	}
	m.fetching = make(chan struct{}, o.Parallel)
	return m
}

// take waits for the turn at a mirror and gives the way to end it.
func (m *mirrors) take(ctx context.Context, name string) (func(), error) {
	m.mu.Lock()
	t := m.turns[name]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		m.turns[name] = t
	}
	t.users++
	m.mu.Unlock()
	leave := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(m.turns, name)
		}
	}
	select {
	case <-t.free:
		return func() { t.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}

// mirror is one of them, in somebody's turn.
type mirror struct {
	all    *mirrors
	dir    string
	place  place
	access *access
	wide   bool // ids are SHA-256
	full   bool // blobs come with their commits
	seeded bool // there are commits, so that a fetch brings what is new
}

// on calls fn with the mirror of a repository. When git fails in a way that
// says nothing about the forge, the mirror is thrown away and fn called again:
// a process may have been killed in the middle of writing to it.
func (p *Provider) on(ctx context.Context, s *engine.Source, c *Config, at place, sha string, fn func(*mirror) error) error {
	if p.mirrors.dir == "" {
		return fmt.Errorf("%w: the provider has no cache folder", provider.ErrMisconfigured)
	}
	a, err := p.open(ctx, s, c, at)
	if err != nil {
		return err
	}
	defer a.close()
	name := digest(string(s.ID), at.url)
	end, err := p.mirrors.take(ctx, name)
	if err != nil {
		return err
	}
	defer end()
	m := &mirror{all: p.mirrors, dir: filepath.Join(p.mirrors.dir, "repositories", name), place: at, access: a, wide: len(sha) == 64}
	for again := false; ; again = true {
		if err = m.prepare(); err == nil {
			err = a.hide(explain(fn(m)))
		}
		if again || !m.another(err) {
			break
		}
		p.log.Warn("a cached repository starts anew", "source", s.Name, "error", err)
		if err := m.reset(); err != nil {
			return err
		}
	}
	if errors.Is(err, provider.ErrTooLarge) || m.worn() {
		err = errors.Join(err, m.reset())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", at.url, err)
	}
	return nil
}

// another tells whether a new start may help: after an oddity, and with a forge
// that gives out nothing by id, for which everything must come at once.
func (m *mirror) another(err error) bool {
	var odd *repository.Error
	if !errors.As(err, &odd) {
		return false
	}
	if unadvertised(odd) && !m.full {
		m.full = true
		return true
	}
	return !explained(err)
}

// prepare makes the repository, or removes what a killed fetch left in it.
func (m *mirror) prepare() error {
	packs := filepath.Join(m.dir, "objects", "pack")
	if entries, err := os.ReadDir(packs); err == nil {
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "tmp_") || strings.HasPrefix(e.Name(), ".tmp-") {
				_ = os.Remove(filepath.Join(packs, e.Name()))
			} else {
				m.seeded = true
			}
		}
		config, err := os.ReadFile(filepath.Join(m.dir, "config"))
		m.full = m.full || err == nil && !strings.Contains(string(config), "promisor") // learned before
		now := time.Now()
		_ = os.Chtimes(m.dir, now, now) // the oldest goes first, see evict
		return nil
	}
	m.seeded = false
	m.all.evict()
	// What git init would write, without a process. The blobs stay with the
	// forge until one is asked for, which for most commits is the lock file only.
	format := ""
	if m.wide {
		format = "\tobjectformat = sha256\n"
	}
	config := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[remote \"origin\"]\n\turl = " + configQuote(m.place.url) + "\n"
	if !m.full {
		config += "\tpromisor = true\n\tpartialclonefilter = blob:none\n"
	}
	config += "[extensions]\n" + format
	if !m.full {
		config += "\tpartialclone = origin\n"
	}
	for _, dir := range []string{packs, filepath.Join(m.dir, "objects", "info"), filepath.Join(m.dir, "refs", "heads")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("provider: %w", err)
		}
	}
	for name, text := range map[string]string{"config": config, "HEAD": "ref: refs/heads/none\n"} {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("provider: %w", err)
		}
	}
	return nil
}

func configQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (m *mirror) reset() error {
	if err := os.RemoveAll(m.dir); err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	return nil
}

// worn tells whether so much was fetched that a new start is better.
func (m *mirror) worn() bool {
	entries, err := os.ReadDir(filepath.Join(m.dir, "objects", "pack"))
	return err == nil && len(entries) > 4*maxPacks // a pack has up to four files
}

// size is what the packs take, those being received too.
func (m *mirror) size() int64 {
	entries, err := os.ReadDir(filepath.Join(m.dir, "objects", "pack"))
	if err != nil {
		return 0
	}
	var sum int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

// evict removes the mirrors that were not used for longest, beyond the number
// that is kept. One in use is never the oldest of so many.
func (m *mirrors) evict() {
	dir := filepath.Join(m.dir, "repositories")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < m.maxCount {
		return
	}
	oldest, when := "", time.Now()
	for _, e := range entries {
		info, err := e.Info()
		m.mu.Lock()
		used := m.turns[e.Name()] != nil
		m.mu.Unlock()
		if err == nil && !used && info.ModTime().Before(when) {
			oldest, when = e.Name(), info.ModTime()
		}
	}
	if oldest == "" {
		return
	}
	if err := os.RemoveAll(filepath.Join(dir, oldest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn("an old cached repository stays", "error", err)
	}
}
