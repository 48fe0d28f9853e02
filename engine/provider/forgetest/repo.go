package forgetest

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Repo is a bare repository.
type Repo struct {
	Dir string

	mu    sync.Mutex // guards clock
	clock int64      // of commits: each is a second later, so that ids are unique and repeat
}

// NewRepo makes an empty one whose HEAD is main.
func NewRepo(t testing.TB) *Repo {
	t.Helper()
	return initRepo(t, filepath.Join(t.TempDir(), "repo.git"))
}

func initRepo(t testing.TB, dir string) *Repo {
	t.Helper()
	r := &Repo{Dir: dir, clock: 1_700_000_000}
	run(t, "", "", "init", "--quiet", "--bare", "--initial-branch=main", dir)
	return r
}

// Change is what a commit does.
type Change struct {
	Ref     string // "refs/heads/main" if empty
	From    string // what it comes after; Ref itself if empty
	Orphan  bool   // it comes after nothing
	Files   map[string]string
	Delete  []string
	Message string
}

// Commit makes a commit and gives its id.
func (r *Repo) Commit(t testing.TB, c Change) string {
	t.Helper()
	if c.Ref == "" {
		c.Ref = "refs/heads/main"
	}
	if c.From == "" {
		c.From = c.Ref
	}
	if c.Message == "" {
		c.Message = "change " + strings.Join(slices.Sorted(maps.Keys(c.Files)), ", ")
	}
	r.mu.Lock()
	r.clock++
	now := r.clock
	r.mu.Unlock()
	var script strings.Builder
	data := func(text string) { fmt.Fprintf(&script, "data %d\n%s\n", len(text), text) }
	fmt.Fprintf(&script, "reset %s\n", c.Ref)
	if parent := r.Tip(t, c.From); parent != "" && !c.Orphan {
		fmt.Fprintf(&script, "from %s\n", parent)
	}
	fmt.Fprintf(&script, "commit %s\nmark :1\nauthor Dev <dev@example.com> %d +0000\ncommitter Dev <dev@example.com> %d +0000\n", c.Ref, now, now)
	data(c.Message)
	for _, name := range c.Delete {
		fmt.Fprintf(&script, "D %s\n", name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		fmt.Fprintf(&script, "M 100644 inline %s\n", name)
		data(c.Files[name])
	}
	script.WriteString("get-mark :1\n")
	return run(t, r.Dir, script.String(), "fast-import", "--quiet", "--force")
}

// Tip is the commit of a revision, empty if there is none.
func (r *Repo) Tip(t testing.TB, revision string) string {
	t.Helper()
	cmd := command(r.Dir, "rev-parse", "--verify", "--quiet", revision+"^{commit}")
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// has tells whether an object is there.
func (r *Repo) has(object string) bool {
	return command(r.Dir, "cat-file", "-e", object).Run() == nil
}

// Set points a ref to a commit, or removes it when sha is empty.
func (r *Repo) Set(t testing.TB, ref, sha string) {
	t.Helper()
	if sha == "" {
		run(t, r.Dir, "", "update-ref", "-d", ref)
		return
	}
	run(t, r.Dir, "", "update-ref", ref, sha)
}

// Git runs a command of git in the repository and gives what it prints.
func (r *Repo) Git(t testing.TB, args ...string) string {
	t.Helper()
	return run(t, r.Dir, "", args...)
}

func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Dev", "GIT_AUTHOR_EMAIL=dev@example.com", "GIT_COMMITTER_NAME=Dev", "GIT_COMMITTER_EMAIL=dev@example.com")
	return cmd
}

func run(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := command(dir, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(out.String())
}
