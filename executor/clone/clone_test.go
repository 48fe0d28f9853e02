package clone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type bundle struct {
	*Store
	t   *testing.T
	dir string
	log bytes.Buffer
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, dir: t.TempDir()}
	b.Store = New(Config{Dir: filepath.Join(b.dir, "mirrors"), Environ: environ(), KnownHosts: filepath.Join(b.dir, "known_hosts"), Log: slog.New(slog.NewTextHandler(&b.log, nil))})
	return b
}

func (b *bundle) create(src Source) (*Tree, error) {
	dir, err := os.MkdirTemp(b.dir, "tree")
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Create(b.t.Context(), src, dir)
}

func (b *bundle) must(src Source) *Tree {
	b.t.Helper()
	tree, err := b.create(src)
	if err != nil {
		b.t.Fatal(err)
	}
	return tree
}

func (b *bundle) refused(src Source, kind error) *Error {
	b.t.Helper()
	_, err := b.create(src)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		b.t.Fatalf("want %v, got %v", kind, err)
	}
	return e
}

// in runs git in a tree, as a step would.
func in(t *testing.T, dir string, args ...string) string {
	t.Helper()
	o := &origin{t: t, dir: dir}
	return o.git(args...)
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOverHTTP(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	first := o.commit("a/one.txt", "1")
	second := o.commit("a/two.txt", "2")
	f, b := o.serve(), setup(t)

	tree := b.must(f.source(o, second))
	if !tree.Fetched || tree.SHA != second || read(t, tree.Dir, "a/two.txt") != "2" {
		t.Errorf("tree %+v", tree)
	}
	if got := in(t, tree.Dir, "rev-parse", "HEAD"); got != second {
		t.Errorf("HEAD is %s, want %s", got, second)
	}
	if got := in(t, tree.Dir, "rev-parse", "--abbrev-ref", "HEAD"); got != "HEAD" {
		t.Errorf("on branch %s, want a detached HEAD", got)
	}
	if got := in(t, tree.Dir, "rev-parse", "origin/main"); got != second {
		t.Errorf("origin/main is %s", got)
	}
	if got := in(t, tree.Dir, "status", "--porcelain"); got != "" {
		t.Errorf("the tree is not clean: %s", got)
	}

	before := len(f.requests)
	again := b.must(f.source(o, second))
	if again.Fetched || len(f.requests) != before {
		t.Errorf("a commit that is here was fetched again: %d requests", len(f.requests)-before)
	}
	// An older commit, which no ref is at.
	old := b.must(f.source(o, first))
	if _, err := os.Stat(filepath.Join(old.Dir, "a", "two.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the tree of the first commit has the second's file: %v", err)
	}
}

func TestServersThatOnlyKnowRefs(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	var shas []string
	for i := range 60 {
		shas = append(shas, o.commit("n.txt", fmt.Sprint(i)))
	}
	f, b := o.serve(), setup(t)
	f.protocol = "old" // the server answers in version 0, which gives tips only
	for _, i := range []int{59, 40, 3} {
		tree := b.must(f.source(o, shas[i]))
		if got := read(t, tree.Dir, "n.txt"); got != fmt.Sprint(i) {
			t.Errorf("commit %d has %q", i, got)
		}
	}
	b.refused(f.source(o, strings.Repeat("a", 40)), ErrNoCommit)
}

func TestOverSSH(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	server := startSSH(t)
	b := setup(t)

	src := server.source(t, o, sha)
	if tree := b.must(src); read(t, tree.Dir, "f") != "x" {
		t.Error("the tree lacks its file")
	}
	if !strings.Contains(b.log.String(), "first sight") || !strings.Contains(read(t, b.dir, "known_hosts"), "ssh-ed25519") {
		t.Errorf("the new host key was not noted: %s", b.log.String())
	}

	pinned := func(line string) Source {
		src := server.source(t, o, o.commit("f", line))
		src.Auth.HostKeys, src.Auth.KnownHosts = HostKeysPinned, line
		return src
	}
	b.must(pinned(server.knownLine))
	other := startSSH(t)
	_, hostKey, _ := strings.Cut(other.knownLine, " ")
	b.refused(pinned(fmt.Sprintf("[127.0.0.1]:%d %s", server.port, hostKey)), ErrHostKey)

	stranger := server.source(t, o, o.commit("f", "y"))
	stranger.Auth.Secret = other.key
	e := b.refused(stranger, ErrAuth)
	if strings.Contains(e.Error(), other.key) {
		t.Error("the error shows the key")
	}
	gone := server.source(t, o, sha)
	gone.URL += "-gone"
	b.refused(gone, ErrGone)
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "kici-ssh-*")); len(left) > 0 {
		for _, dir := range left {
			if text, err := os.ReadFile(filepath.Join(dir, "key")); err == nil && strings.TrimSpace(string(text)) == strings.TrimSpace(server.key) {
				t.Errorf("the key is left in %s", dir)
			}
		}
	}
}

func TestFromDisk(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	o.git("worktree", "add", "-q", "--detach", filepath.Join(filepath.Dir(o.dir), "linked"))
	o.git("clone", "-q", "--bare", ".", filepath.Join(filepath.Dir(o.dir), "bare.git"))
	for _, url := range []string{o.dir, "file://" + filepath.ToSlash(o.dir), filepath.Join(filepath.Dir(o.dir), "linked"), filepath.Join(filepath.Dir(o.dir), "bare.git")} {
		b := setup(t)
		tree := b.must(Source{URL: url, Ref: "refs/tags/v1", SHA: sha})
		if read(t, tree.Dir, "f") != "x" || in(t, tree.Dir, "describe", "--tags") != "v1" {
			t.Errorf("%s: the tree is not the commit's", url)
		}
		if _, err := os.Stat(filepath.Join(b.dir, "mirrors")); err == nil {
			t.Errorf("%s: a mirror was made of what is on this disk", url)
		}
		b.refused(Source{URL: url, SHA: strings.Repeat("b", 40)}, ErrNoCommit)
	}
	b := setup(t)
	b.refused(Source{URL: filepath.Join(o.dir, "gone"), SHA: sha}, ErrGone)
	b.refused(Source{URL: t.TempDir(), SHA: sha}, ErrGone)
	b.refused(Source{URL: "relative/path", SHA: sha}, ErrInvalid)
}

// TestTreesCannotHurt lets a step do its worst with git.
func TestTreesCannotHurt(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	f, b := o.serve(), setup(t)
	for _, src := range []Source{f.source(o, sha), {URL: o.dir, SHA: sha}} {
		tree := b.must(src)
		in(t, tree.Dir, "config", "gc.pruneExpire", "now")
		if err := os.WriteFile(filepath.Join(tree.Dir, "f"), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		in(t, tree.Dir, "commit", "-aqm", "mine")
		in(t, tree.Dir, "checkout", "-q", "--orphan", "void")
		in(t, tree.Dir, "reflog", "expire", "--expire=now", "--all")
		in(t, tree.Dir, "gc", "--prune=now", "-q")
		if next := b.must(src); read(t, next.Dir, "f") != "x" {
			t.Error("the next tree is another")
		}
	}
	if got := o.git("rev-parse", "main"); got != sha {
		t.Errorf("main of the origin moved to %s", got)
	}
}

func TestStandalone(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	o.commit("f", "x")
	sha := o.commit("g", "y")
	f, b := o.serve(), setup(t)
	for _, src := range []Source{f.source(o, sha), {URL: o.dir, SHA: sha}} {
		src.Standalone = true
		tree := b.must(src)
		if err := os.RemoveAll(filepath.Join(b.dir, "mirrors")); err != nil {
			t.Fatal(err)
		}
		if src.Auth == nil {
			if err := os.Rename(o.dir, o.dir+".away"); err != nil {
				t.Fatal(err)
			}
		}
		in(t, tree.Dir, "fsck")
		if got := in(t, tree.Dir, "show", "HEAD:f"); got != "x" {
			t.Errorf("f is %q", got)
		}
	}
}

// TestNoSecretAnywhere looks for the password in all that is left.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	f, b := o.serve(), setup(t)
	src := f.source(o, sha)
	b.must(src)
	wrong := src
	wrong.SHA = strings.Repeat("c", 40)
	_, failure := b.create(wrong)
	texts := []string{b.log.String(), fmt.Sprint(failure), fmt.Sprintf("%v %+v %#v %s", src.Auth, *src.Auth, *src.Auth, src.Auth)}
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			text, rerr := os.ReadFile(path)
			texts, err = append(texts, path+string(text)), rerr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if strings.Contains(text, f.password) {
			t.Errorf("the password is in %.200s", text)
		}
	}
	for range len(f.requests) {
		if r := <-f.requests; strings.Contains(r.URL.String(), f.password) {
			t.Errorf("the password is in %s", r.URL)
		}
	}
	loud := src
	loud.Auth, loud.URL = nil, strings.Replace(src.URL, "http://", "http://bot:"+f.password+"@", 1)
	if e := b.refused(loud, ErrInvalid); strings.Contains(e.Error(), f.password) {
		t.Error("the refusal quotes the password")
	}
}

// TestRedirect: a server that sends git elsewhere does not get to send the
// password there.
func TestRedirect(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	thief := o.serve()
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+r.URL.RequestURI(), http.StatusFound)
	}))
	defer door.Close()
	src := thief.source(o, sha)
	src.URL = door.URL + "/" + filepath.Base(o.dir)
	b := setup(t)
	b.refused(src, ErrAuth)
	for range len(thief.requests) {
		if _, p, ok := (<-thief.requests).BasicAuth(); ok {
			t.Errorf("the password %q followed the redirection", p)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	empty := newOrigin(t)
	sha := o.commit("f", "x")
	f, b := o.serve(), setup(t)
	wrong := f.source(o, sha)
	wrong.Auth = &Auth{Kind: AuthBasic, User: "bot", Secret: "wrong-password"}
	if e := b.refused(wrong, ErrAuth); e.Hint == "" || strings.Contains(e.Error(), "wrong-password") {
		t.Errorf("refusal: %v", e)
	}
	nobody := f.source(o, sha)
	nobody.Auth = nil
	b.refused(nobody, ErrAuth)
	gone := f.source(o, sha)
	gone.URL += "-gone"
	b.refused(gone, ErrGone)
	b.refused(f.source(o, strings.Repeat("d", 40)), ErrNoCommit)
	e := empty.serve()
	b.refused(e.source(empty, sha), ErrEmpty)
	b.refused(Source{URL: "https://127.0.0.1:1/x", SHA: sha}, ErrUnreachable)
	for _, src := range []Source{
		{URL: f.URL, SHA: "main"}, {URL: f.URL, SHA: ""}, {URL: "ext::sh -c true", SHA: sha}, {URL: "ext://x", SHA: sha},
		{URL: "--upload-pack=true", SHA: sha}, {URL: f.URL, SHA: sha, Ref: "--all"}, {URL: f.URL, SHA: sha, Ref: "a:b"}, {URL: f.URL, SHA: sha, Ref: "a b"},
		{URL: f.URL, SHA: sha, Auth: &Auth{Kind: "magic", Secret: "x"}}, {URL: f.URL, SHA: sha, Auth: &Auth{Kind: AuthBasic, Secret: "a\nb"}},
		{URL: f.URL, SHA: sha, Auth: &Auth{Kind: AuthSSH, Secret: "x", HostKeys: HostKeysPinned}},
	} {
		if _, err := b.create(src); err == nil {
			t.Errorf("%+v was accepted", src)
		}
	}
}

// TestSlotsShare has many slots ask for the same new commit at once.
func TestSlotsShare(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	f, b := o.serve(), setup(t)
	var work sync.WaitGroup
	fetched := make(chan bool, 8)
	for range cap(fetched) {
		work.Go(func() {
			tree, err := b.create(f.source(o, sha))
			if err != nil {
				t.Error(err)
				return
			}
			fetched <- tree.Fetched
		})
	}
	work.Wait()
	close(fetched)
	n := 0
	for one := range fetched {
		if one {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d slots fetched, want one", n)
	}
}

// TestCancel ends git in the middle of a fetch, with all that it started.
func TestCancel(t *testing.T) {
	t.Parallel()
	part(t, "git")
	reached := make(chan struct{})
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(reached)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	b := setup(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the run was cancelled")
	go func() {
		<-reached
		cancel(why)
	}()
	began := time.Now()
	_, err := b.Create(ctx, Source{URL: server.URL + "/r", SHA: strings.Repeat("e", 40)}, filepath.Join(b.dir, "tree"))
	if !errors.Is(err, why) {
		t.Errorf("want %v, got %v", why, err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestDamage: a mirror that lost a pack is made anew.
func TestDamage(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	f, b := o.serve(), setup(t)
	b.must(f.source(o, sha))
	packs, _ := filepath.Glob(filepath.Join(b.dir, "mirrors", "*.git", "objects", "pack", "*"))
	if len(packs) == 0 {
		t.Fatal("there is no pack to damage")
	}
	for _, p := range packs {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	if tree := b.must(f.source(o, sha)); !tree.Fetched || read(t, tree.Dir, "f") != "x" {
		t.Errorf("tree %+v", tree)
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	sha := o.commit("f", "x")
	f, b := o.serve(), setup(t)
	b.must(f.source(o, sha))
	b.Collect(time.Now(), time.Hour)
	if b.must(f.source(o, sha)).Fetched {
		t.Error("a mirror that is in use was removed")
	}
	b.Collect(time.Now().Add(2*time.Hour), time.Hour)
	if !b.must(f.source(o, sha)).Fetched {
		t.Error("a mirror that nobody uses is still there")
	}
}

func TestPacksArePutTogether(t *testing.T) {
	t.Parallel()
	o := newOrigin(t)
	b := setup(t)
	f := o.serve()
	var first *Tree
	var sha string
	for i := range manyPacks + 5 {
		sha = o.commit("f", fmt.Sprint(i))
		if tree := b.must(f.source(o, sha)); first == nil {
			first = tree
		}
	}
	packs, _ := filepath.Glob(filepath.Join(b.dir, "mirrors", "*.git", "objects", "pack", "*.pack"))
	if len(packs) >= manyPacks {
		t.Errorf("%d packs", len(packs))
	}
	in(t, first.Dir, "fsck")
	if got := in(t, first.Dir, "show", "HEAD:f"); got != "0" {
		t.Errorf("the first tree shows %q", got)
	}
}

func BenchmarkCached(b *testing.B) {
	if _, err := exec.LookPath("git"); err != nil {
		b.Skip(err)
	}
	dir := b.TempDir()
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"commit", "-q", "--allow-empty", "-m", "x"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, environ()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	head, err := os.ReadFile(filepath.Join(dir, ".git", "refs", "heads", "main"))
	if err != nil {
		b.Fatal(err)
	}
	s, n := New(Config{Dir: b.TempDir(), Environ: environ()}), 0
	trees := b.TempDir()
	for b.Loop() {
		n++
		if _, err := s.Create(b.Context(), Source{URL: dir, SHA: strings.TrimSpace(string(head))}, filepath.Join(trees, fmt.Sprint(n))); err != nil {
			b.Fatal(err)
		}
	}
}
