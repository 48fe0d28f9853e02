package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Name is the provider's name, in sources and in events.
const Name = "local"

// Options are what a provider is made from; the zero value will do.
type Options struct {
	Environ []string      // for git, which gets of it only what it needs
	Timeout time.Duration // of one git process; zero is a minute
}

// Provider reads repositories on disk. It keeps nothing.
type Provider struct{ git *repository.Git }

// New makes one.
func New(o Options) *Provider { return &Provider{repository.New(o.Environ, o.Timeout)} }

// Verify accepts what was made in this process, what comes from this machine,
// and what the source's verification accepts. A forwarded request came from
// somewhere else, whatever its address is.
func (*Provider) Verify(_ context.Context, in *provider.Inbound) error {
	c, err := ParseConfig(in.Source.Config)
	switch {
	case err != nil:
		return err
	case in.Inside:
		return nil
	case c.verified():
		return c.Verify(in, verification.Default())
	case in.Remote.Unmap().IsLoopback() && in.Header.Get("X-Forwarded-For") == "" && in.Header.Get("Forwarded") == "":
		return nil
	}
	return fmt.Errorf("%w: %v, and the source has no verification", provider.ErrForbidden, in.Remote)
}

// Key is the sender's id of the delivery.
func (*Provider) Key(in *provider.Inbound) string {
	c, err := ParseConfig(in.Source.Config)
	if err != nil {
		return ""
	}
	return c.Key(in, "X-Delivery-Id", "X-Request-Id", "X-Idempotency-Key")
}

// Lockfile reads the lock file of a commit.
func (p *Provider) Lockfile(ctx context.Context, s *engine.Source, ref engine.Ref) ([]byte, error) {
	c, err := ParseConfig(s.Config)
	if err != nil {
		return nil, err
	}
	if ref.SHA == "" {
		if ref, err = p.Resolve(ctx, s, ref); err != nil {
			return nil, err
		}
	}
	return p.git.Lock(ctx, c.Path, ref.SHA, c.Project, repository.Call{})
}

// Resolve finds the tip of a ref; of HEAD if there is none.
func (p *Provider) Resolve(ctx context.Context, s *engine.Source, ref engine.Ref) (engine.Ref, error) {
	c, err := ParseConfig(s.Config)
	if err != nil {
		return ref, err
	}
	found, err := p.git.Find(ctx, c.Path, ref.Name)
	if err != nil {
		return ref, err
	}
	return engine.Ref{Repo: c.RepoFullName, Name: found.Name, SHA: found.SHA}, nil
}

// ChangedFiles compares the event's commit with its base: for pull requests
// since the branch was made, otherwise directly. Without a known base, or with one
// that git has thrown away, it is what the commit itself changed.
func (p *Provider) ChangedFiles(ctx context.Context, s *engine.Source, ev *provider.Event) ([]string, error) {
	c, err := ParseConfig(s.Config)
	if err != nil || ev.Ref.SHA == "" || ev.Deleted {
		return nil, err
	}
	base := ev.Base.SHA
	if repository.IsZero(base) {
		base = ""
	}
	files, err := p.git.Changed(ctx, c.Path, base, ev.Ref.SHA, ev.Type == event.PullRequest, repository.Call{})
	if base != "" && errors.Is(err, provider.ErrNoCommit) {
		return p.git.Changed(ctx, c.Path, "", ev.Ref.SHA, false, repository.Call{})
	}
	return files, err
}

var (
	_ provider.Provider     = (*Provider)(nil)
	_ provider.Resolver     = (*Provider)(nil)
	_ provider.ChangedFiler = (*Provider)(nil)
	_ provider.Cloner       = (*Provider)(nil)
	_ provider.Configurer   = (*Provider)(nil)
	_ provider.Keyer        = (*Provider)(nil)
)
