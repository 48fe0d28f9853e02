package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
)

// Defaults of a Cache.
const (
	DefaultQuota = 5 << 30 // bytes of an organisation
	DefaultTTL   = 7 * 24 * time.Hour
)

// Cache decides about entries. It is safe for concurrent use, here and on any
// number of orchestrators.
type Cache struct {
	Blobs blob.Store
	Links blob.Linker
	Log   *slog.Logger
	Now   func() time.Time
	Quota int64         // zero means DefaultQuota
	TTL   time.Duration // how long an unused entry stays; zero means DefaultTTL
}

// Errors of Complete.
var (
	// ErrNoUpload: nothing has arrived at the link of Save.
	ErrNoUpload = errors.New("cache: nothing was uploaded")
	// ErrMismatch: something else has arrived than was announced.
	ErrMismatch = errors.New("cache: the upload is not what was announced")
	// ErrTooLarge: the entry alone is larger than all may be together.
	ErrTooLarge = errors.New("cache: the entry is larger than the quota")
)

// Hit is the outcome of Restore.
type Hit struct {
	Found  bool
	Key    string // of the entry
	URL    string // where the archive is, for an hour
	SHA256 string
	Size   int64
}

// Restore finds the entry of key or, for each prefix in order, the newest one
// whose key starts with it.
func (c *Cache) Restore(ctx context.Context, s Scope, key string, prefixes []string) (Hit, error) {
	if err := errors.Join(s.check(), checkKey(key)); err != nil {
		return Hit{}, err
	}
	for _, folder := range s.reads() {
		info, err := c.living(ctx, entry(folder, key))
		if err != nil {
			return Hit{}, err
		}
		if info.Key == "" {
			continue
		}
		if hit, err := c.hit(ctx, key, info); hit.Found || err != nil {
			return hit, err
		}
	}
	for _, prefix := range prefixes {
		if err := checkKey(prefix); err != nil {
			return Hit{}, err
		}
		hit, err := c.newest(ctx, s, prefix)
		if hit.Found || err != nil {
			return hit, err
		}
	}
	return Hit{}, nil
}

// newest looks through all folders of the scope: of its own and the shared one,
// the newer entry is nearer to what the run wants.
func (c *Cache) newest(ctx context.Context, s Scope, prefix string) (Hit, error) {
	var best blob.Info
	var matched string
	for _, folder := range s.reads() {
		for info, err := range c.Blobs.List(ctx, folder+escape(prefix)) {
			if err != nil {
				return Hit{}, fmt.Errorf("cache: find %q: %w", prefix, err)
			}
			key, is := keyOf(folder, info.Key)
			if is && c.lives(info) && strings.HasPrefix(key, prefix) && (best.Key == "" || newer(info, best)) {
				best, matched = info, key
			}
		}
	}
	if best.Key == "" {
		return Hit{}, nil
	}
	return c.hit(ctx, matched, best)
}

func newer(a, b blob.Info) bool {
	if a.Created.Equal(b.Created) {
		return a.Key > b.Key // any order will do, but always the same
	}
	return a.Created.After(b.Created)
}

// hit notes the use. An entry that was evicted since it was found is none.
func (c *Cache) hit(ctx context.Context, key string, info blob.Info) (Hit, error) {
	err := c.Blobs.Touch(ctx, info.Key)
	if errors.Is(err, engine.ErrNotFound) {
		return Hit{}, nil
	}
	if err != nil {
		return Hit{}, fmt.Errorf("cache: use %q: %w", key, err)
	}
	url, err := c.Links.Link(ctx, blob.Download, info.Key)
	if err != nil {
		return Hit{}, fmt.Errorf("cache: link to %q: %w", key, err)
	}
	return Hit{Found: true, Key: key, URL: url, SHA256: info.SHA256, Size: info.Size}, nil
}

// living is the entry in that place, or nothing when there is none or it has
// expired or is damaged.
func (c *Cache) living(ctx context.Context, place string) (blob.Info, error) {
	info, err := c.Blobs.Stat(ctx, place)
	switch {
	case errors.Is(err, engine.ErrNotFound), errors.Is(err, blob.ErrDamaged), err == nil && !c.lives(info):
		return blob.Info{}, nil
	case errors.Is(err, blob.ErrKey): // escaping has made it too long
		return blob.Info{}, fmt.Errorf("%w: %w", ErrKey, err)
	case err != nil:
		return blob.Info{}, fmt.Errorf("cache: %w", err)
	}
	return info, nil
}

func (c *Cache) lives(info blob.Info) bool {
	return info.SHA256 != "" && c.Now().Sub(info.Used) <= c.ttl()
}

// Upload is the outcome of Save.
type Upload struct {
	Skip bool   // the key is taken
	URL  string // where to put the archive within the hour
}

// Save gives a place for a new entry.
func (c *Cache) Save(ctx context.Context, s Scope, key string) (Upload, error) {
	if err := errors.Join(s.check(), checkKey(key)); err != nil {
		return Upload{}, err
	}
	taken, err := c.living(ctx, entry(s.writes(), key))
	if err != nil || taken.Key != "" {
		return Upload{Skip: taken.Key != ""}, err
	}
	url, err := c.Links.Link(ctx, blob.Upload, s.upload(key))
	if err != nil {
		return Upload{}, fmt.Errorf("cache: link for %q: %w", key, err)
	}
	return Upload{URL: url}, nil
}

// Complete makes what was uploaded the entry of its key. stored is false when
// the key was taken meanwhile, which is no error: the first one stays.
func (c *Cache) Complete(ctx context.Context, s Scope, key, sum string, size int64) (stored bool, err error) {
	if err := errors.Join(s.check(), checkKey(key)); err != nil {
		return false, err
	}
	from, to := s.upload(key), entry(s.writes(), key)
	got, err := c.Blobs.Stat(ctx, from)
	if errors.Is(err, engine.ErrNotFound) {
		taken, failed := c.living(ctx, to) // said twice: an answer was lost on its way
		if failed == nil && taken.Key == "" {
			failed = fmt.Errorf("%w for %q", ErrNoUpload, key)
		}
		return false, failed
	}
	if err != nil {
		return false, fmt.Errorf("cache: complete %q: %w", key, err)
	}
	if err := c.accept(got, key, sum, size); err != nil {
		return false, err
	}
	if stored, err = c.commit(ctx, from, to, got); err != nil {
		return false, fmt.Errorf("cache: complete %q: %w", key, err)
	}
	if err := c.Blobs.Delete(ctx, from); err != nil {
		return stored, fmt.Errorf("cache: complete %q: %w", key, err)
	}
	if !stored {
		return false, nil
	}
	return true, c.makeRoom(ctx, s.org())
}

func (c *Cache) accept(got blob.Info, key, sum string, size int64) error {
	if got.Size != size || !strings.EqualFold(got.SHA256, sum) {
		return fmt.Errorf("%w: %q is %d bytes, sha256 %s; announced were %d bytes, %s", ErrMismatch, key, got.Size, got.SHA256, size, sum)
	}
	if got.Size > c.quota() {
		return fmt.Errorf("%w: %q is %d bytes, all together may be %d", ErrTooLarge, key, got.Size, c.quota())
	}
	return nil
}

// commit copies; false when the key was taken.
func (c *Cache) commit(ctx context.Context, from, to string, want blob.Info) (bool, error) {
	info, err := c.Blobs.Copy(ctx, from, to, false)
	if errors.Is(err, engine.ErrExists) {
		taken, failed := c.living(ctx, to)
		if failed != nil || taken.Key != "" {
			return false, failed
		}
		// What is there has expired, and counts no more.
		if err := c.Blobs.Delete(ctx, to); err != nil {
			return false, err
		}
		if info, err = c.Blobs.Copy(ctx, from, to, false); errors.Is(err, engine.ErrExists) {
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	if info.SHA256 != want.SHA256 { // the link was used again in this very moment
		return false, errors.Join(ErrMismatch, c.Blobs.Delete(ctx, to))
	}
	return true, nil
}

func (c *Cache) quota() int64 {
	if c.Quota <= 0 {
		return DefaultQuota
	}
	return c.Quota
}

func (c *Cache) ttl() time.Duration {
	if c.TTL <= 0 {
		return DefaultTTL
	}
	return c.TTL
}
