package checkout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

var (
	// ErrNoRepository: the directory is in no git work tree.
	ErrNoRepository = errors.New("checkout: not a git repository; run `git init` and commit, or pass --in-place to run in the directory itself")
	// ErrNoCommit: the repository has no commit yet.
	ErrNoCommit = errors.New("checkout: the repository has no commit yet; commit something, or pass --in-place to run in the directory itself")
	// ErrNoGit: there is no git program.
	ErrNoGit = errors.New("checkout: the program git was not found; install it, or pass --in-place to run in the directory itself")
)

// Repository is what is to be known of the author's repository.
type Repository struct {
	Top    string // root of the work tree
	Prefix string // of the project in it, slash-separated; "" at the root
	Head   string // commit
	Branch string // "HEAD" when detached
	Origin string // URL of the remote "origin"; only Create asks for it
	gitDir string // of this work tree
	common string // shared by all work trees
}

// Inspect asks git about the project directory dir.
func Inspect(ctx context.Context, dir string, environ []string) (*Repository, error) {
	out, err := git(ctx, dir, environ, nil, "rev-parse", "--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-common-dir", "HEAD", "--abbrev-ref", "HEAD")
	if err != nil && (errors.Is(err, ErrNoGit) || ctx.Err() != nil) {
		return nil, err
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) < 5 {
		return nil, ErrNoRepository
	}
	if err != nil || len(lines) < 6 {
		return nil, ErrNoCommit
	}
	r := &Repository{
		Top: filepath.FromSlash(lines[0]), Prefix: strings.TrimSuffix(lines[1], "/"),
		gitDir: filepath.FromSlash(lines[2]), common: filepath.FromSlash(lines[3]),
		Head: lines[4], Branch: lines[5],
	}
	if !filepath.IsAbs(r.common) { // git prints it relative to where it was asked
		r.common = filepath.Join(dir, r.common)
	}
	return r, nil
}

// Changed lists tracked files that differ from HEAD, staged or not, with slash
// and relative to the root. Untracked files do not count.
func Changed(ctx context.Context, dir string, environ []string) ([]string, error) {
	var names []string
	for _, args := range [][]string{{"diff", "--name-only", "-z", "HEAD", "--"}, {"diff", "--name-only", "-z", "--cached", "--"}} {
		out, err := git(ctx, dir, environ, nil, args...)
		if err != nil {
			return nil, err
		}
		names = append(names, split(out)...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// git runs one git process. Variables that a hook of git sets would lead it to
// another index or directory than dir's own.
func git(ctx context.Context, dir string, environ []string, stdin []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE":
			return true
		}
		return false
	})
	// Reading must not take locks in the author's repository.
	cmd.Env = append(cmd.Env, "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return nil, ErrNoGit
	}
	return out, fmt.Errorf("checkout: git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
}

// split takes a list apart that ends each name with a zero byte, which is the
// only form in which git does not quote names.
func split(out []byte) []string {
	out = bytes.TrimSuffix(out, []byte{0})
	if len(out) == 0 {
		return nil
	}
	return strings.Split(string(out), "\x00")
}
