package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Options are what a provider is made from.
type Options struct {
	// CacheDir is where repositories are kept between events. It may be lost.
	CacheDir string
	Environ  []string // for git, which gets of it only what it needs
	Timeout  time.Duration
	// Secrets finds the value of a source's credentialRef; nil: only sources that
	// hold their credential themselves work.
	Secrets func(ctx context.Context, s *engine.Source, ref string) (provider.Secret, error)
	Logger  *slog.Logger
	Now     func() time.Time

	LockEntries int           // lock files remembered; 0 is 500
	LockTTL     time.Duration // how long; 0 is an hour
	// MaxRepositoryBytes bounds what one repository may bring, MaxRepositories how
	// many are kept. 0 is 2 GiB and 200.
	MaxRepositoryBytes int64
	MaxRepositories    int
	Parallel           int // fetches at the same time; 0 is 4
}

// Provider serves every source of its kind; it keeps repositories and lock
// files between calls.
type Provider struct {
	git     *repository.Git
	secrets func(context.Context, *engine.Source, string) (provider.Secret, error)
	log     *slog.Logger
	locks   *lockCache
	mirrors *mirrors
	configs provider.Parsed[Config]
}

// New makes one. The cache folder is made when it is first needed.
func New(o Options) *Provider {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	git := repository.New(o.Environ, o.Timeout)
	log := o.Logger.With("room", "provider")
	return &Provider{git: git, secrets: o.Secrets, log: log, locks: newLockCache(o.LockEntries, o.LockTTL, o.Now),
		mirrors: newMirrors(o, git, log)}
}

// String keeps what the provider remembers out of logs.
func (*Provider) String() string { return "git provider" }

// Verify checks the delivery as the source's forge signs it.
func (p *Provider) Verify(_ context.Context, in *provider.Inbound) error {
	c, err := p.configs.Get(in.Source.Config, ParseConfig)
	if err != nil {
		return err
	}
	return c.Verify(in, presetOf(c.Preset).scheme)
}

// Key is the forge's id of the delivery.
func (p *Provider) Key(in *provider.Inbound) string {
	c, err := p.configs.Get(in.Source.Config, ParseConfig)
	if err != nil {
		return ""
	}
	return c.key(in)
}

func (c *Config) key(in *provider.Inbound) string {
	if key := c.Limits.Key(in, presetOf(c.Preset).delivery...); key != "" || c.Preset != GitLab {
		return key
	}
	// Older GitLabs send only this one, which events share that one webhook
	// caused through another; with the body it is the delivery's own.
	uuid := in.Header.Get("X-Gitlab-Event-Uuid")
	if uuid == "" {
		return ""
	}
	sum := sha256.Sum256(append([]byte(uuid+"\n"), in.Body...))
	return hex.EncodeToString(sum[:])
}

// Lockfile reads the lock file of a commit, from memory if it was read before.
func (p *Provider) Lockfile(ctx context.Context, s *engine.Source, ref engine.Ref) ([]byte, error) {
	c, err := p.configs.Get(s.Config, ParseConfig)
	if err != nil {
		return nil, err
	}
	if ref.SHA == "" {
		if ref, err = p.Resolve(ctx, s, ref); err != nil {
			return nil, err
		}
	}
	if !repository.IsSHA(ref.SHA) || repository.IsZero(ref.SHA) {
		return nil, fmt.Errorf("%w: %q is no commit id", provider.ErrNoCommit, ref.SHA)
	}
	place, err := c.place(ref.Repo)
	if err != nil {
		return nil, err
	}
	key := lockKey{s.ID, place.url, ref.SHA}
	if lock, err, ok := p.locks.get(key); ok {
		return slices.Clone(lock), err
	}
	var lock []byte
	err = p.on(ctx, s, c, place, ref.SHA, func(m *mirror) error {
		var known error
		var ok bool
		if lock, known, ok = p.locks.get(key); ok { // somebody read it while we waited
			return known
		}
		if err := m.fetch(ctx, 1, ref.Name, ref.SHA); err != nil {
			return err
		}
		var err error
		lock, err = p.git.Lock(ctx, m.dir, ref.SHA, "", m.call())
		return err
	})
	p.locks.put(key, lock, err)
	return slices.Clone(lock), err
}

// Resolve asks the forge for the tip of a ref; of the default branch if there
// is none.
func (p *Provider) Resolve(ctx context.Context, s *engine.Source, ref engine.Ref) (engine.Ref, error) {
	c, err := p.configs.Get(s.Config, ParseConfig)
	if err != nil {
		return ref, err
	}
	place, err := c.place(ref.Repo)
	if err != nil {
		return ref, err
	}
	access, err := p.open(ctx, s, c, place)
	if err != nil {
		return ref, err
	}
	defer access.close()
	found, err := p.mirrors.resolve(ctx, place, access, ref.Name)
	if err != nil {
		return ref, fmt.Errorf("%s: %w", ref.Repo, err)
	}
	return engine.Ref{Repo: ref.Repo, Name: found.Name, SHA: found.SHA}, nil
}

// Clone is the repository's address with the source's credentials.
func (p *Provider) Clone(ctx context.Context, s *engine.Source, ref engine.Ref) (provider.Clone, error) {
	c, err := p.configs.Get(s.Config, ParseConfig)
	if err != nil {
		return provider.Clone{}, err
	}
	place, err := c.place(ref.Repo)
	if err != nil {
		return provider.Clone{}, err
	}
	auth, err := p.auth(ctx, s, c)
	return provider.Clone{URL: place.url, Auth: auth}, err
}

// ChangedFiles lists what a push or a pull request changed. What the payload
// lists completely is believed; otherwise git compares the commits. Other
// events change nothing.
func (p *Provider) ChangedFiles(ctx context.Context, s *engine.Source, ev *provider.Event) ([]string, error) {
	c, err := p.configs.Get(s.Config, ParseConfig)
	if err != nil || ev.Deleted {
		return nil, err
	}
	pull := ev.Type == event.PullRequest || ev.Type == event.Review || ev.Type == event.ReviewComment
	if !pull && ev.Type != event.Push && ev.Type != event.Tag {
		return nil, nil
	}
	if !pull {
		if files, ok := c.listed(ev); ok {
			return files, nil
		}
	}
	head, err := p.whole(ctx, s, ev.Ref)
	if err != nil {
		return nil, err
	}
	base := ev.Base
	if pull {
		if base, err = p.whole(ctx, s, base); err != nil {
			return nil, err
		}
	}
	place, err := c.place(ev.Ref.Repo)
	if err != nil {
		return nil, err
	}
	var files []string
	err = p.on(ctx, s, c, place, head.SHA, func(m *mirror) (err error) {
		if pull {
			files, err = m.sinceFork(ctx, base, head, mergeBase(ev))
		} else {
			files, err = m.between(ctx, base.SHA, head)
		}
		return err
	})
	return files, err
}

// whole is the ref with its commit.
func (p *Provider) whole(ctx context.Context, s *engine.Source, ref engine.Ref) (engine.Ref, error) {
	if ref.SHA != "" {
		return ref, nil
	}
	return p.Resolve(ctx, s, ref)
}

// mergeBase is where a pull request left its target, as far as the forge says.
func mergeBase(ev *provider.Event) string {
	sha := event.Text(ev.Body(), "pull_request", "merge_base")
	if repository.IsSHA(sha) && !repository.IsZero(sha) {
		return sha
	}
	return ""
}

var (
	_ provider.Provider     = (*Provider)(nil)
	_ provider.Resolver     = (*Provider)(nil)
	_ provider.ChangedFiler = (*Provider)(nil)
	_ provider.Cloner       = (*Provider)(nil)
	_ provider.Configurer   = (*Provider)(nil)
	_ provider.Keyer        = (*Provider)(nil)
)
