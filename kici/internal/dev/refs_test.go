package dev

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

func TestWhatIsNews(t *testing.T) {
	t.Parallel()
	before := refs{"refs/heads/main": "a", "refs/heads/gone": "b", "refs/tags/v1": "a"}
	now := refs{
		"refs/heads/main": "c", "refs/heads/copy": "a", "refs/heads/fresh": "d", "refs/tags/v1": "a", "refs/tags/v2": "a",
	}
	want := []change{
		{"refs/heads/fresh", "", "d"}, {"refs/heads/main", "a", "c"}, {"refs/tags/v2", "", "a"}, {"refs/heads/gone", "b", ""},
	}
	if got := now.since(before); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := now.since(now); got != nil {
		t.Errorf("nothing happened, and yet %+v", got)
	}
}

// scratch is a repository with a commit on main.
func scratch(t *testing.T) (*repository, func(args ...string)) {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	git("commit", "-q", "--allow-empty", "-m", "one")
	r, err := open(context.Background(), dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	return r, git
}

// Whatever git does to branches and tags shows in the stamp, and what it does to
// the work tree does not: then no git is started.
func TestStamp(t *testing.T) {
	t.Parallel()
	r, git := scratch(t)
	stamp := func() string { s, _ := r.stamp(time.Now()); return s }
	for _, args := range [][]string{
		{"commit", "-q", "--allow-empty", "-m", "two"}, {"branch", "a/b/c"}, {"tag", "v1"}, {"tag", "-a", "-m", "x", "v2"}, {"pack-refs", "--all"},
		{"commit", "-q", "--amend", "--allow-empty", "-m", "three"}, {"branch", "-D", "a/b/c"}, {"tag", "-d", "v1"},
	} {
		was := stamp()
		git(args...)
		if stamp() == was {
			t.Errorf("git %q does not show", args)
		}
	}
	was := stamp()
	if err := os.WriteFile(filepath.Join(r.root, "file"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", ".")
	git("status")
	if stamp() != was {
		t.Error("staging a file shows")
	}
	if _, settled := r.stamp(time.Now().Add(time.Minute)); !settled {
		t.Error("what is a minute old may still change under its time")
	}
	if _, settled := r.stamp(time.Now().Add(-time.Minute)); settled {
		t.Error("what is from the future is trusted")
	}
}

// Refs are told with the commits they mean, annotated tags too, and a linked
// work tree sees those of its repository.
func TestRefs(t *testing.T) {
	t.Parallel()
	r, git := scratch(t)
	git("tag", "-a", "-m", "x", "v1")
	side := filepath.Join(t.TempDir(), "side")
	git("worktree", "add", "-q", "-b", "side", side)
	linked, err := open(context.Background(), side, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	all, err := linked.refs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if sha := all["refs/heads/main"]; sha == "" || len(all) != 3 || all["refs/heads/side"] != sha || all["refs/tags/v1"] != sha {
		t.Errorf("got %v", all)
	}
	if linked.common != r.common || linked.root == r.root {
		t.Errorf("a linked work tree: %+v, its repository: %+v", linked, r)
	}
}

// Packages of workflows are kept between two runs of one event, and two at the
// same time do not share them.
func TestPackagesAreKept(t *testing.T) {
	t.Parallel()
	r, _ := scratch(t)
	env := []string{"XDG_STATE_HOME=" + t.TempDir()}
	if dir, _, err := packages(r, env); dir != "" || err != nil {
		t.Errorf("without packages: %q, %v", dir, err)
	}
	if err := os.MkdirAll(r.kici(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.kici(), "package.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, release, err := packages(r, env)
	if dir == "" || err != nil {
		t.Fatalf("%q, %v", dir, err)
	}
	if other, _, err := packages(r, env); other != "" || err != nil {
		t.Errorf("beside the first: %q, %v", other, err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, release, err := packages(r, env)
	if again != dir || err != nil {
		t.Errorf("afterwards: %q, %v, want %q", again, err, dir)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if dir, _, err := packages(r, nil); dir != "" || err != nil {
		t.Errorf("without a home: %q, %v", dir, err)
	}
}
