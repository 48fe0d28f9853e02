package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
)

// call is what every git in a mirror gets. Reading may need the credential too:
// a blob that is missing is fetched then.
func (m *mirror) call() repository.Call {
	return repository.Call{Dir: m.dir, Environ: m.access.environ, Setting: m.access.setting}
}

// fetch gets commits with their trees and that much of their history. ref is
// where the last of them may be found on a forge that gives out nothing by id.
func (m *mirror) fetch(ctx context.Context, depth int, ref string, shas ...string) error {
	var specs []string
	for _, sha := range shas {
		// Kept under a ref, so that the next fetch can say what is here already.
		specs = append(specs, "+"+sha+":refs/kici/"+sha)
	}
	err := m.run(ctx, depth, specs...)
	var g *repository.Error
	if !errors.As(err, &g) || !unadvertised(g) || !m.full || !validRef(ref) {
		return err
	}
	// By name, deep enough that a few pushes in between do no harm. Whether the
	// commit was among them shows when it is read.
	return m.run(ctx, max(depth, 50), "+"+ref+":refs/kici/tip")
}

// unadvertised is how servers of git's first protocol refuse what is no tip.
func unadvertised(err *repository.Error) bool { return strings.Contains(err.Stderr, "unadvertised") }

func (m *mirror) run(ctx context.Context, depth int, specs ...string) error {
	select {
	case m.all.fetching <- struct{}{}:
		defer func() { <-m.all.fetching }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	c, filter := m.call(), "--filter=blob:none"
	switch {
	case m.full:
		filter = "--no-filter"
	case m.seeded:
		// The forge leaves out what the commits here have, so these are the few
		// files that changed; with the lock file among them nothing is asked twice.
		filter = "--filter=blob:limit=256k"
	}
	c.Args = slices.Concat([]string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules",
		fmt.Sprintf("--depth=%d", depth), filter, "origin"}, specs)
	watched, stop := m.watch(ctx)
	defer stop()
	_, err := m.all.git.Run(watched, c)
	return err
}

// watch ends the context when the repository outgrows its limit, and itself
// when stop is called.
func (m *mirror) watch(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if n := m.size(); n > m.all.maxBytes {
				cancel(fmt.Errorf("%w: the repository brought more than %d bytes", provider.ErrTooLarge, m.all.maxBytes))
				return
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// validRef is what may be asked for by name: whole, and without what git would
// read as more than a name.
func validRef(name string) bool {
	return strings.HasPrefix(name, "refs/") && len(name) <= 1024 && !strings.ContainsAny(name, " ~^:?*[\\\x7f") && !strings.Contains(name, "..") &&
		!strings.Contains(name, "@{") && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' })
}

// resolve asks the forge for the tip of a ref, or of the default branch.
func (m *mirrors) resolve(ctx context.Context, at place, a *access, name string) (repository.Found, error) {
	want := name
	switch {
	case name == "":
		want = "HEAD"
	case !validRef(name):
		return repository.Found{}, fmt.Errorf("%w: %q is no ref", provider.ErrNoCommit, name)
	}
	// In a folder of our own: the one this process happens to be in may belong to
	// a repository, and its configuration could turn the address into another.
	if m.dir == "" {
		return repository.Found{}, fmt.Errorf("%w: the provider has no cache folder", provider.ErrMisconfigured)
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return repository.Found{}, fmt.Errorf("provider: %w", err)
	}
	out, err := m.git.Run(ctx, repository.Call{Dir: m.dir, Args: []string{"ls-remote", "--quiet", "--symref", "--", at.url, want, want + "^{}"},
		Environ: a.environ, Setting: a.setting})
	if err != nil {
		return repository.Found{}, a.hide(explain(err))
	}
	found := repository.Found{Name: name}
	for line := range strings.Lines(string(out)) {
		value, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		target, symbolic := strings.CutPrefix(value, "ref: ")
		switch {
		case symbolic && ref == want:
			found.Name = target
		case ref == want+"^{}" || ref == want && found.SHA == "": // an annotated tag is followed to its commit
			found.SHA = value
		}
	}
	if !repository.IsSHA(found.SHA) {
		return repository.Found{}, fmt.Errorf("%w: no %s", provider.ErrNoCommit, want)
	}
	return found, nil
}

// between lists what changed from one commit to another. Where the former is
// not known or gone (the branch is new, or was rewritten), it is what the
// latter changed itself.
func (m *mirror) between(ctx context.Context, before string, head engine.Ref) ([]string, error) {
	if before != "" {
		err := m.fetch(ctx, 1, head.Name, before, head.SHA)
		if err == nil {
			var files []string
			if files, err = m.all.git.Changed(ctx, m.dir, before, head.SHA, false, m.call()); err == nil {
				return files, nil
			}
		}
		if err = explain(err); !errors.Is(err, provider.ErrNoCommit) {
			return nil, err
		}
	}
	if err := m.fetch(ctx, 2, head.Name, head.SHA); err != nil {
		return nil, err
	}
	commit, err := m.all.git.Commit(ctx, m.dir, head.SHA)
	if err != nil {
		return nil, err
	}
	return m.all.git.Changed(ctx, m.dir, commit.Parent, head.SHA, false, m.call())
}

// sinceFork lists what a pull request changed since it left its target. If the
// forge does not say where that was, history is fetched in growing steps until
// both meet; if they do not, the two ends are compared.
func (m *mirror) sinceFork(ctx context.Context, base, head engine.Ref, left string) ([]string, error) {
	if left != "" {
		return m.between(ctx, left, head)
	}
	for _, depth := range []int{1, 50, 500, 5000} {
		if err := m.fetch(ctx, depth, head.Name, base.SHA, head.SHA); err != nil {
			return nil, err
		}
		files, err := m.all.git.Changed(ctx, m.dir, base.SHA, head.SHA, true, m.call())
		var g *repository.Error
		if err == nil || !errors.As(err, &g) || !strings.Contains(g.Stderr, "no merge base") {
			return files, err
		}
	}
	return m.all.git.Changed(ctx, m.dir, base.SHA, head.SHA, false, m.call())
}
