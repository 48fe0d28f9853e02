package cache

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Defaults of a Dir, those of the orchestrator's store.
const (
	DefaultQuota = 5 << 30 // bytes
	DefaultTTL   = 7 * 24 * time.Hour
)

// Dir is a Store in a folder. Any number of processes may share the folder: an
// entry is two files, the archive and a note of its key, and comes into being
// with the note, which is linked into place and therefore never overwritten.
type Dir struct {
	Path  string
	Quota int64            // bytes over which the longest unused entries go; 0 means DefaultQuota
	TTL   time.Duration    // how long an unused entry stays; 0 means DefaultTTL
	Now   func() time.Time // nil means time.Now
}

// note is the second file of an entry. Its modification time is the last use.
type note struct {
	Key     string    `json:"key"`
	Created time.Time `json:"created"`
	Size    int64     `json:"size"`
	Archive string    `json:"archive"` // file name, new for each attempt to save

	file string    // of the note itself
	used time.Time // last use
}

var _ Store = (*Dir)(nil)

// Open finds an entry; using it makes it young again.
func (d *Dir) Open(ctx context.Context, key string, prefixes []string) (*Entry, error) {
	notes, err := d.notes()
	if err != nil {
		return nil, err
	}
	now := d.now()
	for _, n := range choose(notes, key, prefixes) {
		if now.Sub(n.used) > d.ttl() {
			continue
		}
		body, err := os.Open(filepath.Join(d.Path, n.Archive))
		if errors.Is(err, fs.ErrNotExist) {
			continue // evicted since the listing
		}
		if err != nil {
			return nil, fmt.Errorf("cache: %w", err)
		}
		// Failing to mark the use costs at most an early eviction.
		os.Chtimes(n.file, now, now)
		return &Entry{Key: n.Key, Created: n.Created, Size: n.Size, Body: body}, nil
	}
	return nil, nil
}

// choose orders the entries that will do: the key's own, then those of each
// prefix, newest first.
func choose(notes []note, key string, prefixes []string) []note {
	var out []note
	for _, n := range notes {
		if n.Key == key {
			out = append(out, n)
		}
	}
	slices.SortFunc(notes, func(a, b note) int { return b.Created.Compare(a.Created) })
	for _, p := range prefixes {
		for _, n := range notes {
			if strings.HasPrefix(n.Key, p) {
				out = append(out, n)
			}
		}
	}
	return out
}

// Put writes the archive beside the entries and then links its note into place.
func (d *Dir) Put(ctx context.Context, key string, write func(io.Writer) error) (bool, error) {
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return false, fmt.Errorf("cache: %w", err)
	}
	if taken, err := d.taken(key); taken || err != nil {
		return false, err
	}
	archive, err := os.CreateTemp(d.Path, "archive-*.tar.gz")
	if err != nil {
		return false, fmt.Errorf("cache: %w", err)
	}
	err = errors.Join(write(archive), archive.Sync())
	info, statErr := archive.Stat()
	if err := errors.Join(err, statErr, archive.Close()); err != nil {
		os.Remove(archive.Name())
		return false, err
	}
	stored, err := d.commit(note{Key: key, Created: d.now().UTC(), Size: info.Size(), Archive: filepath.Base(archive.Name())})
	if !stored || err != nil {
		os.Remove(archive.Name())
		return false, err
	}
	return true, d.evict()
}

// taken reports whether a living entry has the key; an expired one is removed.
func (d *Dir) taken(key string) (bool, error) {
	n, err := d.read(d.noteFile(key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && d.now().Sub(n.used) <= d.ttl() {
		return true, nil
	}
	return false, d.remove(n)
}

// commit makes the note appear whole or not at all; false if the key was taken
// meanwhile.
func (d *Dir) commit(n note) (bool, error) {
	data, err := json.Marshal(n)
	if err != nil {
		return false, err
	}
	tmp := filepath.Join(d.Path, n.Archive+".note")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return false, fmt.Errorf("cache: %w", err)
	}
	defer os.Remove(tmp)
	now := d.now()
	if err := os.Chtimes(tmp, now, now); err != nil {
		return false, fmt.Errorf("cache: %w", err)
	}
	err = os.Link(tmp, d.noteFile(n.Key))
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cache: %w", err)
	}
	return true, nil
}

// evict removes what is expired, and then what was unused longest until the
// rest fits the quota.
func (d *Dir) evict() error {
	notes, err := d.notes()
	if err != nil {
		return err
	}
	slices.SortFunc(notes, func(a, b note) int {
		return cmp.Or(b.used.Compare(a.used), b.Created.Compare(a.Created))
	})
	quota := d.Quota
	if quota <= 0 {
		quota = DefaultQuota
	}
	var errs []error
	now, sum := d.now(), int64(0)
	for i, n := range notes {
		sum += n.Size
		// The newest stays even if it alone is too large: it was asked for.
		if i > 0 && (sum > quota || now.Sub(n.used) > d.ttl()) {
			errs = append(errs, d.remove(n))
			sum -= n.Size
		}
	}
	return errors.Join(errs...)
}

func (d *Dir) remove(n note) error {
	err := os.Remove(n.file)
	if n.Archive != "" {
		err = errors.Join(err, os.Remove(filepath.Join(d.Path, filepath.Base(n.Archive))))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	return err
}

const noteSuffix = ".entry.json"

func (d *Dir) noteFile(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(d.Path, hex.EncodeToString(sum[:])+noteSuffix)
}

func (d *Dir) notes() ([]note, error) {
	entries, err := os.ReadDir(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	var out []note
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), noteSuffix) {
			continue
		}
		// An unreadable note is an entry that nobody can hit.
		if n, err := d.read(filepath.Join(d.Path, e.Name())); err == nil {
			out = append(out, n)
		}
	}
	return out, nil
}

func (d *Dir) read(file string) (note, error) {
	n := note{file: file}
	info, err := os.Stat(file)
	if err != nil {
		return n, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return n, err
	}
	if err := json.Unmarshal(data, &n); err != nil {
		return note{file: file}, fmt.Errorf("cache: %s: %w", file, err)
	}
	n.used = info.ModTime()
	n.Archive = filepath.Base(n.Archive)
	return n, nil
}

func (d *Dir) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

func (d *Dir) ttl() time.Duration {
	if d.TTL <= 0 {
		return DefaultTTL
	}
	return d.TTL
}
