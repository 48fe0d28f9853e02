package repository

import (
	"context"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/engine/provider"
)

// Found is a ref with its commit.
type Found struct{ Name, SHA string } // Name is whole, "refs/heads/main"; empty when HEAD is detached

// Find looks a ref up in a repository on disk: a whole name, a branch, a tag,
// or HEAD when name is empty.
func (g *Git) Find(ctx context.Context, dir, name string) (Found, error) {
	if name == "" {
		name = "HEAD"
	}
	if IsSHA(name) {
		return Found{SHA: name}, nil
	}
	if strings.HasPrefix(name, "-") || strings.ContainsAny(name, " \n\x00~^:?*[\\") || strings.Contains(name, "..") || strings.Contains(name, "@{") {
		return Found{}, fmt.Errorf("%w: %q is no ref", provider.ErrNoCommit, name)
	}
	// Asked in this order, the first that exists is meant. HEAD is a ref to a ref.
	names := []string{"refs/heads/" + name, "refs/tags/" + name}
	if name == "HEAD" || strings.HasPrefix(name, "refs/") {
		names = []string{name}
	}
	out, err := g.Run(ctx, Call{Dir: dir, Args: []string{"cat-file", "--batch-check=%(objectname)"}, Stdin: strings.Join(names, "^{commit}\n") + "^{commit}\n"})
	if err != nil {
		return Found{}, missing(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if i >= len(names) || !IsSHA(line) {
			continue
		}
		found := Found{names[i], line}
		if found.Name != "HEAD" {
			return found, nil
		}
		// Not an error when HEAD is detached: it then has no name.
		symbolic, err := g.Run(ctx, Call{Dir: dir, Args: []string{"symbolic-ref", "--quiet", "HEAD"}})
		if ctx.Err() != nil {
			return Found{}, err
		}
		found.Name = strings.TrimSpace(string(symbolic))
		return found, nil
	}
	return Found{}, fmt.Errorf("%w: no ref %s", provider.ErrNoCommit, name)
}

// Default is the name of the default branch, as far as a repository on disk
// knows: what its origin says, else main or master, else HEAD's. Empty if none.
func (g *Git) Default(ctx context.Context, dir string) (string, error) {
	const origin = "refs/remotes/origin/"
	out, err := g.Run(ctx, Call{Dir: dir, Args: []string{"for-each-ref", "--format=%(refname) %(symref)", origin + "HEAD", "refs/heads/main", "refs/heads/master"}})
	if err != nil {
		return "", missing(err)
	}
	best := ""
	for line := range strings.Lines(string(out)) {
		ref, target, _ := strings.Cut(strings.TrimSpace(line), " ")
		if branch, ok := strings.CutPrefix(target, origin); ok {
			return branch, nil
		}
		if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok && best == "" {
			best = branch
		}
	}
	if best != "" {
		return best, nil
	}
	out, err = g.Run(ctx, Call{Dir: dir, Args: []string{"symbolic-ref", "--quiet", "HEAD"}})
	if ctx.Err() != nil {
		return "", err
	}
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "refs/heads/"), nil
}
