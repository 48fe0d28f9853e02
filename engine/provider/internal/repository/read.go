package repository

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/lockfile"
)

// LockPath is the lock file's place in a repository.
const LockPath = ".kici/" + lockfile.Path

// bounds of what is read besides the lock file.
const (
	commitBytes = 1 << 20
	listBytes   = 64 << 20
)

var shaPattern = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// IsSHA tells whether text is a full commit id. What comes from outside is
// checked with it before git sees it.
func IsSHA(text string) bool { return shaPattern.MatchString(text) }

// IsZero tells whether text is the id that stands for no commit.
func IsZero(text string) bool { return IsSHA(text) && strings.Trim(text, "0") == "" }

// Lock reads the lock file of a commit. project is the folder that holds .kici,
// relative to the repository's root and with slashes; empty is the root.
func (g *Git) Lock(ctx context.Context, dir, sha, project string, c Call) ([]byte, error) {
	if !IsSHA(sha) {
		return nil, fmt.Errorf("%w: %q is no commit id", provider.ErrNoCommit, sha)
	}
	// The commit is asked for too, because a file that is missing reads the same
	// when its commit is.
	c.Dir, c.Args = dir, []string{"cat-file", "--batch"}
	c.Stdin = sha + "^{commit}\n" + sha + ":" + path.Join(project, LockPath) + "\n"
	c.Limit = commitBytes + lockfile.MaxBytes
	out, err := g.Run(ctx, c)
	if err != nil {
		return nil, missing(err)
	}
	commit, rest, err := object(out)
	if err != nil {
		return nil, err
	}
	if commit == nil {
		return nil, fmt.Errorf("%w: %s", provider.ErrNoCommit, sha)
	}
	lock, _, err := object(rest)
	switch {
	case err != nil:
		return nil, err
	case lock == nil || lock.kind != "blob":
		return nil, provider.ErrNoLockfile
	case len(lock.data) > lockfile.MaxBytes:
		return nil, fmt.Errorf("%w: the lock file has %d bytes, more than %d", provider.ErrTooLarge, len(lock.data), lockfile.MaxBytes)
	}
	return lock.data, nil
}

type entry struct {
	kind string
	data []byte
}

// object reads one answer of cat-file --batch; nil is a missing object.
func object(out []byte) (*entry, []byte, error) {
	line, rest, ok := bytes.Cut(out, []byte("\n"))
	if !ok {
		return nil, nil, errors.New("provider: git cat-file ended early")
	}
	words := strings.Fields(string(line))
	if len(words) < 3 {
		return nil, rest, nil
	}
	size, err := strconv.Atoi(words[2])
	if err != nil || size < 0 || size >= len(rest) {
		return nil, nil, fmt.Errorf("provider: git cat-file said %q", line)
	}
	return &entry{words[1], rest[:size]}, rest[size+1:], nil
}

// Changed lists the files that differ between two commits, sorted; with fork,
// between b and the commit where it left a. No a is the emptiness before a
// first commit.
func (g *Git) Changed(ctx context.Context, dir, a, b string, fork bool, c Call) ([]string, error) {
	if !IsSHA(b) || a != "" && !IsSHA(a) {
		return nil, fmt.Errorf("%w: %q..%q are no commit ids", provider.ErrNoCommit, a, b)
	}
	revisions := []string{a, b}
	switch {
	case a == "":
		revisions = []string{"--root", b}
	case fork:
		revisions = []string{a + "..." + b}
	}
	command := []string{"diff", "--no-ext-diff"}
	if a == "" { // only the plumbing can compare with nothing
		command = []string{"diff-tree", "-r", "-m", "--no-commit-id"}
	}
	c.Dir, c.Limit = dir, listBytes
	c.Args = slices.Concat(command, []string{"--name-only", "-z", "--no-renames", "--no-textconv"}, revisions, []string{"--"})
	out, err := g.Run(ctx, c)
	if err != nil {
		return nil, missing(err)
	}
	var files []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name != "" {
			files = append(files, strings.ToValidUTF8(name, "\uFFFD"))
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// Commit is a commit's own words.
type Commit struct {
	SHA, Parent   string // Parent is the first; empty for a root
	Author, Email string
	Subject       string
	At            time.Time
}

// Commit reads what a revision points to.
func (g *Git) Commit(ctx context.Context, dir, revision string) (Commit, error) {
	out, err := g.Run(ctx, Call{Dir: dir, Args: []string{"rev-list", "-1", "--format=%H%x00%P%x00%an%x00%ae%x00%ct%x00%s", "--end-of-options", revision, "--"}})
	if err != nil {
		return Commit{}, missing(err)
	}
	_, line, _ := strings.Cut(strings.TrimSuffix(string(out), "\n"), "\n")
	parts := strings.SplitN(line, "\x00", 6)
	if len(parts) != 6 {
		return Commit{}, fmt.Errorf("%w: %s", provider.ErrNoCommit, revision)
	}
	for i := range parts {
		parts[i] = strings.ToValidUTF8(parts[i], "\uFFFD")
	}
	parent, _, _ := strings.Cut(parts[1], " ")
	seconds, _ := strconv.ParseInt(parts[4], 10, 64)
	return Commit{SHA: parts[0], Parent: parent, Author: parts[2], Email: parts[3], Subject: parts[5], At: time.Unix(seconds, 0).UTC()}, nil
}

// missing finds out from git's words what is not there.
func missing(err error) error {
	var g *Error
	if !errors.As(err, &g) {
		return err
	}
	said := strings.ToLower(g.Stderr)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
	}
	switch {
	case has("not a git repository", "cannot change to"):
		return fmt.Errorf("%w: %w", provider.ErrNoRepository, err)
	case has("bad object", "bad revision", "unknown revision", "invalid object name", "ambiguous argument", "invalid revision range", "not a valid object", "needed a single revision"):
		return fmt.Errorf("%w: %w", provider.ErrNoCommit, err)
	}
	return err
}
