package dev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/kici/internal/local"
)

// repository is the author's, on disk.
type repository struct {
	root   string // of the work tree
	gitDir string // of this work tree: HEAD is there
	common string // shared by all work trees: refs are there
	name   string // owner/name, as events call it
	env    []string
}

// open finds the repository that a folder is in.
func open(ctx context.Context, dir string, environ []string) (*repository, error) {
	r := &repository{root: dir, env: environ}
	out, err := r.git(ctx, "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	if len(lines) != 3 {
		return nil, fmt.Errorf("dev: git describes the repository in %d lines instead of 3", len(lines))
	}
	r.root, r.gitDir, r.common = filepath.FromSlash(lines[0]), filepath.FromSlash(lines[1]), filepath.FromSlash(lines[2])
	if !filepath.IsAbs(r.common) { // git prints it relative to where it was asked
		r.common = filepath.Join(dir, r.common)
	}
	r.name = "local/" + filepath.Base(r.root)
	// No origin is no error: most new repositories have none.
	if url, err := r.git(ctx, "config", "--get", "remote.origin.url"); err == nil {
		if m := githubRemote.FindStringSubmatch(strings.TrimSpace(url)); m != nil {
			r.name = m[1] + "/" + m[2]
		}
	}
	return r, nil
}

var githubRemote = regexp.MustCompile(`github\.com[:/]+([^/]+)/([^/]+?)(?:\.git)?/?$`)

// kici is the folder of the workflows.
func (r *repository) kici() string { return filepath.Join(r.root, ".kici") }

// uncommitted counts the files that differ from HEAD.
func (r *repository) uncommitted(ctx context.Context) (int, error) {
	out, err := r.git(ctx, "status", "--porcelain", "-z", "--no-renames")
	return strings.Count(out, "\x00"), err
}

// git runs one git process. It takes no locks, and variables of a hook do not
// lead it to another repository.
func (r *repository) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.root
	cmd.Env = slices.DeleteFunc(slices.Clone(r.env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"}, name)
	})
	cmd.Env = append(cmd.Env, "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	said := strings.TrimSpace(stderr.String())
	switch {
	case err == nil:
		return string(out), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return "", &local.UsageError{Message: "the program git was not found", Hint: "install git: commits are what kici dev runs"}
	case strings.Contains(said, "not a git repository"), strings.Contains(said, "must be run in a work tree"):
		return "", &local.UsageError{
			Message: fmt.Sprintf("%s is in no git work tree", r.root),
			Hint:    "commits are what kici dev runs: 'git init' and commit, or 'kici run local' for a plain folder",
		}
	}
	return "", fmt.Errorf("dev: git %s: %w: %s", args[0], err, said)
}
