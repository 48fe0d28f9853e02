package dev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile"
)

// repository is the author's, on disk.
type repository struct {
	root string // of the work tree
	// project is the folder below root that holds .kici, with slashes; empty is
	// root itself.
	project string
	gitDir  string // of this work tree: HEAD is there
	common  string // shared by all work trees: refs are there
	name    string // owner/name, as events call it
	env     []string
}

// open finds the repository that a folder is in.
func open(ctx context.Context, dir string, environ []string) (*repository, error) {
	r := &repository{root: dir, env: environ}
	out, err := r.git(ctx, "rev-parse", "--show-prefix", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	if len(lines) != 4 {
		return nil, fmt.Errorf("dev: git describes the repository in %d lines instead of 4", len(lines))
	}
	r.root, r.gitDir, r.common = filepath.FromSlash(lines[1]), filepath.FromSlash(lines[2]), filepath.FromSlash(lines[3])
	r.project = r.nearest(strings.TrimSuffix(lines[0], "/"))
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

// nearest finds the project that a folder of the work tree belongs to: the first
// one with workflows on the way up. Standing in a .kici is standing in its project.
func (r *repository) nearest(folder string) string {
	for at := folder; at != "" && at != "."; at = path.Dir(at) {
		if info, err := os.Stat(filepath.Join(r.root, filepath.FromSlash(at), ".kici", "workflows")); err == nil && info.IsDir() {
			return at
		}
	}
	return ""
}

// home is the project's folder.
func (r *repository) home() string { return filepath.Join(r.root, filepath.FromSlash(r.project)) }

// kici is the folder of the workflows.
func (r *repository) kici() string { return filepath.Join(r.home(), ".kici") }

// lock is the lock file's place in a commit.
func (r *repository) lock() string { return path.Join(r.project, ".kici", lockfile.Path) }

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
