package checkout

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type bundle struct {
	t   testing.TB
	dir string
}

func setup(t testing.TB) bundle {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("git is missing")
		}
		t.Skip("git is missing")
	}
	b := bundle{t, t.TempDir()}
	b.git("init", "-q", "-b", "main")
	return b
}

func (b bundle) git(args ...string) string {
	b.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = b.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (b bundle) write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b bundle) commit() {
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "c", "--allow-empty")
}

func (b bundle) create(sub string) *Checkout {
	b.t.Helper()
	c, err := Create(context.Background(), Options{Dir: filepath.Join(b.dir, sub), Base: b.t.TempDir(), Environ: os.Environ(), IgnoreFile: filepath.Join(b.dir, sub, ".kiciignore")})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func read(t testing.TB, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		return "<" + err.Error()[strings.LastIndex(err.Error(), ":")+2:] + ">"
	}
	return string(data)
}

const gone = "<no such file or directory>"

func TestCreateCopiesTheWorkingTree(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("kept.txt", "1")
	b.write("changed.txt", "1")
	b.write("deleted.txt", "1")
	b.write("dir/übung ä.txt", "1")
	b.write("tool.sh", "#!/bin/sh\n")
	b.write(".gitignore", "node_modules\n*.secret\n")
	if err := os.Chmod(filepath.Join(b.dir, "tool.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("kept.txt", filepath.Join(b.dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(b.dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	b.commit()
	b.write("changed.txt", "2")
	b.write("new\nline.txt", "3")
	b.write("node_modules/x", "no")
	b.write("a.secret", "no")
	if err := os.Remove(filepath.Join(b.dir, "deleted.txt")); err != nil {
		t.Fatal(err)
	}
	c := b.create("")
	for name, want := range map[string]string{
		"kept.txt": "1", "changed.txt": "2", "deleted.txt": gone, "dir/übung ä.txt": "1",
		"new\nline.txt": "3", "node_modules/x": gone, "a.secret": gone, "link": "1",
	} {
		if got := read(t, c.Root, name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if info, err := os.Stat(filepath.Join(c.Root, "tool.sh")); err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("tool.sh: %v %v", info.Mode(), err)
	}
	if target, err := os.Readlink(filepath.Join(c.Root, "dangling")); err != nil || target != "nowhere" {
		t.Errorf("dangling: %q %v", target, err)
	}
	// git agrees: the same commit, the same differences.
	there := bundle{t, c.Root}
	if got, want := there.git("rev-parse", "HEAD"), b.git("rev-parse", "HEAD"); got != want {
		t.Errorf("HEAD is %s, want %s", got, want)
	}
	if got, want := there.git("status", "--porcelain"), b.git("status", "--porcelain"); got != want {
		t.Errorf("status:\n%s\nwant:\n%s", got, want)
	}
	there.git("fsck", "--strict")
	if err := c.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// Whatever a step does in the copy, the original neither changes nor is needed.
func TestCopyIsIsolated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.git("remote", "add", "origin", "https://example.com/x.git")
	b.git("config", "core.hooksPath", "evil")
	b.git("config", "credential.helper", "evil")
	b.write("a.txt", "1")
	b.commit()
	b.git("tag", "v1")
	b.git("gc", "-q") // packs and packed refs
	b.write("b.txt", "1")
	b.commit()
	before := snapshot(t, b.dir)
	c := b.create("")
	there := bundle{t, c.Root}
	there.write("a.txt", "2")
	there.commit()
	there.git("checkout", "-q", "-b", "other")
	there.git("tag", "-d", "v1")
	there.git("gc", "-q", "--prune=now")
	if got := there.git("config", "remote.origin.url"); got != "https://example.com/x.git" {
		t.Errorf("origin is %q", got)
	}
	for _, key := range []string{"core.hookspath", "credential.helper"} {
		if strings.Contains(there.git("config", "--local", "--list"), key) {
			t.Errorf("%s came along", key)
		}
	}
	if after := snapshot(t, b.dir); after != before {
		t.Errorf("the original changed:\n%s\nwas\n%s", after, before)
	}
	if err := os.RemoveAll(b.dir); err != nil {
		t.Fatal(err)
	}
	there.git("fsck", "--strict")
	there.git("log", "--oneline")
}

// snapshot lists every file with its size, mode and time.
func snapshot(t testing.TB, dir string) string {
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		out.WriteString(path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestKiciignoreIsGitignore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("dist/tracked.js", "old")
	b.write("logs/a.log", "old")
	b.write("src/main.ts", "old")
	b.write(".kiciignore", "dist/\n*.log\n!keep.log\n/only-root\n")
	b.commit()
	for _, name := range []string{"dist/tracked.js", "dist/new.js", "logs/a.log", "logs/keep.log", "src/main.ts", "x/dist/deep.js", "only-root", "src/only-root"} {
		b.write(name, "new")
	}
	c := b.create("")
	for name, want := range map[string]string{
		"dist/tracked.js": "old", "dist/new.js": gone, "logs/a.log": "old", "logs/keep.log": "new",
		"src/main.ts": "new", "x/dist/deep.js": gone, "only-root": gone, "src/only-root": "new",
	} {
		if got := read(t, c.Root, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestSubdirectoryProject(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("packages/app/.kici/x", "1")
	b.write("packages/lib/y", "1")
	b.commit()
	b.write("packages/lib/z", "2")
	c := b.create("packages/app")
	if want := filepath.Join(c.Root, "packages", "app"); c.Dir != want || c.Repo.Prefix != "packages/app" {
		t.Errorf("dir %s, prefix %s", c.Dir, c.Repo.Prefix)
	}
	if got := read(t, c.Root, "packages/lib/z"); got != "2" {
		t.Errorf("z: %q", got)
	}
}

func TestLinkedWorktree(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("a", "1")
	b.commit()
	tree := filepath.Join(t.TempDir(), "wt")
	b.git("worktree", "add", "-q", "-b", "side", tree)
	w := bundle{t, tree}
	w.write("a", "2")
	w.commit()
	w.write("b", "3")
	c := w.create("")
	if got := read(t, c.Root, "a") + read(t, c.Root, "b"); got != "23" {
		t.Errorf("got %q", got)
	}
	if c.Repo.Branch != "side" {
		t.Errorf("branch %q", c.Repo.Branch)
	}
	bundle{t, c.Root}.git("status")
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	empty := setup(t)
	broken := setup(t)
	broken.write("a", "1")
	broken.commit()
	if err := os.WriteFile(filepath.Join(broken.dir, ".git", "HEAD"), []byte("garbage\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		dir  string
		want error
	}{
		"no repository":  {t.TempDir(), ErrNoRepository},
		"no commit":      {empty.dir, ErrNoCommit},
		"no such folder": {filepath.Join(t.TempDir(), "no"), nil},
		"broken":         {broken.dir, ErrNoRepository},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := t.TempDir()
			_, err := Create(context.Background(), Options{Dir: tc.dir, Base: base, Environ: os.Environ()})
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if left, _ := os.ReadDir(base); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestGitVariablesOfAHookDoNotMislead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("a", "1")
	b.commit()
	env := append(os.Environ(), "GIT_DIR=/nowhere", "GIT_INDEX_FILE=/nowhere/index", "GIT_PREFIX=x/")
	c, err := Create(context.Background(), Options{Dir: b.dir, Base: t.TempDir(), Environ: env})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, c.Root, "a"); got != "1" {
		t.Errorf("a: %q", got)
	}
}

func TestChangedLeavesUntrackedOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("ä.txt", "1")
	b.write("same", "1")
	b.write("staged", "1")
	b.commit()
	b.write("ä.txt", "2")
	b.write("staged", "2")
	b.git("add", "staged")
	b.write("staged", "1") // back again in the work tree, still staged
	b.write("untracked", "1")
	got, err := Changed(context.Background(), b.dir, os.Environ())
	if err != nil || strings.Join(got, " ") != "staged ä.txt" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRemoveReadOnlyFolders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("a", "1")
	b.commit()
	c := b.create("")
	dir := filepath.Join(c.Root, "mod")
	if err := os.MkdirAll(filepath.Join(dir, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := c.Remove(); err != nil {
		t.Fatal(err)
	}
}

func TestCollectRemovesOldCopiesOnly(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"kici-run-0a1b2c": 73 * time.Hour, "kici-run-ffffff": 71 * time.Hour,
		"kici-run-0a1b2": 99 * time.Hour, "kici-run-0a1b2c3": 99 * time.Hour, "kici-run-GGGGGG": 99 * time.Hour, "mine": 99 * time.Hour,
	} {
		dir := filepath.Join(base, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	Collect(base, now)
	entries, err := os.ReadDir(base)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if got, want := strings.Join(left, " "), "kici-run-0a1b2 kici-run-0a1b2c3 kici-run-GGGGGG kici-run-ffffff mine"; got != want {
		t.Errorf("left %s, want %s", got, want)
	}
}

func BenchmarkCreateSmall(b *testing.B) {
	f := setup(b)
	for i := range 100 {
		f.write(filepath.Join("src", string(rune('a'+i%26)), "file"+strings.Repeat("x", i)), strings.Repeat("text\n", 200))
	}
	f.commit()
	for b.Loop() {
		c, err := Create(context.Background(), Options{Dir: f.dir, Base: b.TempDir(), Environ: os.Environ()})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Remove(); err != nil {
			b.Fatal(err)
		}
	}
}
