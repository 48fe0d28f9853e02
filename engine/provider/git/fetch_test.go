package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/forgetest"
)

func ref(sha string) engine.Ref {
	return engine.Ref{Repo: "acme/web", Name: "refs/heads/main", SHA: sha}
}

// cached is how often the blob lies in the mirrors of a provider.
func cached(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "repositories"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, filepath.Join(dir, "repositories", e.Name()))
	}
	return out
}

func TestLockfileFetchesLittle(t *testing.T) {
	t.Parallel()
	forge, dir := guarded(t), t.TempDir()
	repo := forge.CreateRepo("acme/web")
	var last string
	for i := range 20 {
		last = repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: fmt.Sprint(i), "big.bin": strings.Repeat(fmt.Sprint(i), 100_000)}})
	}
	p, s := New(Options{CacheDir: dir}), source(t, "gitea", forge.Template(), pat())
	lock, err := p.Lockfile(context.Background(), s, ref(last))
	if err != nil || string(lock) != "19" {
		t.Fatalf("got %q, %v", lock, err)
	}
	mirror := cached(t, dir)[0]
	count := (&forgetest.Repo{Dir: mirror}).Git(t, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
	if n := strings.Count(count, "commit "); n != 1 {
		t.Errorf("%d commits were fetched, want 1", n)
	}
	if n := strings.Count(count, "blob "); n != 1 {
		t.Errorf("%d blobs were fetched, want the lock file only", n)
	}
	asked := forge.Requests()
	if _, err := p.Lockfile(context.Background(), s, ref(last)); err != nil || forge.Requests() != asked {
		t.Errorf("asked for again it is remembered: %v, %d requests more", err, forge.Requests()-asked)
	}
}

func TestPlainServer(t *testing.T) {
	t.Parallel()
	forge := forgetest.Start(t, forgetest.Options{Plain: true})
	repo := forge.CreateRepo("acme/web")
	one := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1", "a": "1"}})
	two := repo.Commit(t, forgetest.Change{Files: map[string]string{"a": "2"}})
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", forge.Template(), nil)
	for _, sha := range []string{two, one} {
		if lock, err := p.Lockfile(context.Background(), s, ref(sha)); err != nil || string(lock) != "1" {
			t.Errorf("got %q, %v", lock, err)
		}
	}
	ev := &provider.Event{Ref: ref(two), Base: ref(one)}
	ev.Type, ev.Payload = "push", []byte(`{}`)
	if files, err := p.ChangedFiles(context.Background(), s, ev); err != nil || !slices.Equal(files, []string{"a"}) {
		t.Errorf("got %q, %v", files, err)
	}
}

func TestWideIDs(t *testing.T) {
	t.Parallel()
	forge := guarded(t)
	repo := forge.CreateRepo("acme/web")
	if err := os.RemoveAll(repo.Dir); err != nil {
		t.Fatal(err)
	}
	forgetest.NewRepo(t).Git(t, "init", "--quiet", "--bare", "--object-format=sha256", "--initial-branch=main", repo.Dir)
	repo.Git(t, "config", "uploadpack.allowFilter", "true")
	sha := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "wide"}})
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", forge.Template(), pat())
	if lock, err := p.Lockfile(context.Background(), s, ref(sha)); err != nil || string(lock) != "wide" || len(sha) != 64 {
		t.Errorf("got %q, %v for %s", lock, err, sha)
	}
}

func TestRepositoriesThatAreOdd(t *testing.T) {
	t.Parallel()
	ctx, forge := context.Background(), guarded(t)
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", forge.Template(), pat())
	repo := forge.CreateRepo("acme/web")
	if _, err := p.Resolve(ctx, s, engine.Ref{Repo: "acme/web"}); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("empty: %v, want ErrNoCommit", err)
	}
	if _, err := p.Lockfile(ctx, s, ref(strings.Repeat("a", 40))); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("empty: %v, want ErrNoCommit", err)
	}
	huge := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: strings.Repeat("x", 17<<20)}})
	if _, err := p.Lockfile(ctx, s, ref(huge)); !errors.Is(err, provider.ErrTooLarge) {
		t.Errorf("huge: %v, want ErrTooLarge", err)
	}
	link := repo.Commit(t, forgetest.Change{Ref: "refs/heads/link", Orphan: true, Files: map[string]string{".kici": "a file"}})
	if _, err := p.Lockfile(ctx, s, ref(link)); !errors.Is(err, provider.ErrNoLockfile) {
		t.Errorf("a file in the folder's place: %v, want ErrNoLockfile", err)
	}
	blob := repo.Git(t, "rev-parse", huge+":"+lockPath)
	if _, err := p.Lockfile(ctx, s, ref(blob)); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("a blob: %v, want ErrNoCommit", err)
	}
	if _, err := p.Lockfile(ctx, s, engine.Ref{Repo: "acme/none", SHA: huge}); !errors.Is(err, provider.ErrNoRepository) {
		t.Errorf("never there: %v, want ErrNoRepository", err)
	}
	for _, name := range []string{"../../etc", "acme/..", "-x/y", "acme/web?x", "web", "a b/c", "acme/web\n", "{owner}/x"} {
		if _, err := p.Lockfile(ctx, s, engine.Ref{Repo: name, SHA: huge}); !errors.Is(err, provider.ErrNoRepository) {
			t.Errorf("%q: %v, want ErrNoRepository", name, err)
		}
	}
	small := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "small"}})
	if _, err := p.Lockfile(ctx, s, ref(small)); err != nil {
		t.Error(err)
	}
	forge.Delete("acme/web")
	if _, err := p.Lockfile(ctx, s, ref(link[:39]+"0")); !errors.Is(err, provider.ErrNoRepository) {
		t.Errorf("gone: %v, want ErrNoRepository", err)
	}
	if _, err := p.Resolve(ctx, s, ref("")); !errors.Is(err, provider.ErrNoRepository) {
		t.Errorf("gone: %v, want ErrNoRepository", err)
	}
}

func TestDoorsThatAreShut(t *testing.T) {
	t.Parallel()
	ctx, forge := context.Background(), guarded(t)
	sha := forge.CreateRepo("acme/web").Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1"}})
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed, with %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/acme/web.git", http.StatusMovedPermanently))
	defer moved.Close()
	status := func(code int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(server.Close)
		return server.URL + "/{owner}/{name}.git"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String() + "/{owner}/{name}.git"
	_ = listener.Close()
	wrong := fields{"credentialType": "pat", "credentialUser": "bot", "credential": "wrong-" + password}
	for name, c := range map[string]struct {
		template string
		more     fields
		want     error
	}{
		"wrong password": {forge.Template(), wrong, provider.ErrDenied},
		"no password":    {forge.Template(), nil, provider.ErrDenied},
		"forbidden":      {status(403), pat(), provider.ErrDenied},
		"not found":      {status(404), pat(), provider.ErrNoRepository},
		"broken":         {status(500), pat(), provider.ErrUnavailable},
		"busy":           {status(429), pat(), provider.ErrUnavailable},
		"closed":         {closed, pat(), provider.ErrUnavailable},
		"unknown host":   {"http://no-such-host.invalid/{owner}/{name}.git", pat(), provider.ErrUnavailable},
		"moved":          {moved.URL + "/{owner}/{name}.git", pat(), provider.ErrNoRepository},
		"no secrets":     {forge.Template(), fields{"credentialType": "pat", "credentialRef": "pat"}, provider.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", c.template, c.more)
			_, locked := p.Lockfile(ctx, s, ref(sha))
			_, resolved := p.Resolve(ctx, s, ref(""))
			for _, err := range []error{locked, resolved} {
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if err != nil && strings.Contains(err.Error(), password) {
					t.Errorf("the password shows: %v", err)
				}
			}
		})
	}
}

func TestSecretsAreAskedEachTime(t *testing.T) {
	t.Parallel()
	forge := guarded(t)
	repo := forge.CreateRepo("acme/web")
	sha := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1"}})
	value := provider.Secret("old")
	p := New(Options{CacheDir: t.TempDir(), Secrets: func(_ context.Context, s *engine.Source, ref string) (provider.Secret, error) {
		if ref != "deploy" || s.Name != "forge" {
			t.Errorf("asked for %q of %q", ref, s.Name)
		}
		return value, nil
	}})
	s := source(t, "gitea", forge.Template(), fields{"credentialType": "basic", "credentialUser": "bot", "credentialRef": "deploy"})
	if _, err := p.Lockfile(context.Background(), s, ref(sha)); !errors.Is(err, provider.ErrDenied) {
		t.Errorf("the old one: %v, want ErrDenied", err)
	}
	value = password
	if _, err := p.Lockfile(context.Background(), s, ref(sha)); err != nil {
		t.Errorf("the new one: %v", err)
	}
	clone, err := p.Clone(context.Background(), s, ref(sha))
	if err != nil || clone.Auth.User != "bot" || clone.Auth.Secret != password || clone.URL != forge.URL+"/acme/web.git" {
		t.Errorf("got %+v, %v", clone, err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	forge := forgetest.Start(t, forgetest.Options{Plain: true}) // whose blobs all come
	repo, dir := forge.CreateRepo("acme/web"), t.TempDir()
	var noise bytes.Buffer
	for i := range 200_000 {
		fmt.Fprintf(&noise, "%x", i*2654435761)
	}
	sha := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1", "noise": noise.String()}})
	p := New(Options{CacheDir: dir, MaxRepositoryBytes: 1000})
	// The watch looks every now and then; what is small enough to come in between
	// is allowed to, and thrown away at the next.
	m := &mirror{all: p.mirrors, dir: filepath.Join(dir, "m"), place: place{url: repo.Dir}, access: &access{}}
	if err := m.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "objects", "pack", "tmp_pack_x"), make([]byte, 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	watched, stop := m.watch(context.Background())
	<-watched.Done()
	if err := context.Cause(watched); !errors.Is(err, provider.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	stop()
	if err := m.prepare(); err != nil || m.size() != 0 {
		t.Errorf("what a killed fetch left is gone: %v, %d bytes", err, m.size())
	}
	s := source(t, "gitea", forge.Template(), nil)
	if _, err := New(Options{CacheDir: t.TempDir(), Timeout: time.Nanosecond}).Lockfile(context.Background(), s, ref(sha)); !errors.Is(err, provider.ErrUnavailable) {
		t.Errorf("out of time: %v, want ErrUnavailable", err)
	}
}

func TestSlowForge(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, 8), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(context.Background())
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", server.URL+"/{owner}/{name}.git", pat())
	ended := make(chan error)
	go func() {
		_, err := p.Lockfile(ctx, s, ref(strings.Repeat("a", 40)))
		ended <- err
	}()
	<-arrived
	waiting, stop := context.WithCancel(context.Background())
	stop()
	if _, err := p.Lockfile(waiting, s, ref(strings.Repeat("b", 40))); !errors.Is(err, context.Canceled) {
		t.Errorf("who waits for his turn: %v, want Canceled", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	if len(p.mirrors.turns) != 0 {
		t.Error("a turn was not given back")
	}
}

func TestMirrorsAreACache(t *testing.T) {
	t.Parallel()
	forge, dir := guarded(t), t.TempDir()
	repo := forge.CreateRepo("acme/web")
	one := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1"}})
	two := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "2"}})
	var logged bytes.Buffer
	p := New(Options{CacheDir: dir, MaxRepositories: 3, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	s := source(t, "gitea", forge.Template(), pat())
	if _, err := p.Lockfile(context.Background(), s, ref(one)); err != nil {
		t.Fatal(err)
	}
	mirror := cached(t, dir)[0]
	for name, harm := range map[string]func() error{
		"config": func() error { return os.WriteFile(filepath.Join(mirror, "config"), []byte("[broken"), 0o600) },
		"lock":   func() error { return os.WriteFile(filepath.Join(mirror, "shallow.lock"), nil, 0o600) },
		"packs":  func() error { return os.RemoveAll(filepath.Join(mirror, "objects")) },
	} {
		p.locks = newLockCache(0, 0, time.Now)
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if lock, err := p.Lockfile(context.Background(), s, ref(two)); err != nil || string(lock) != "2" {
			t.Errorf("%s: got %q, %v", name, lock, err)
		}
	}
	if !strings.Contains(logged.String(), "starts anew") || strings.Contains(logged.String(), password) {
		t.Errorf("the log: %s", logged.String())
	}
	for i := range 5 {
		name := fmt.Sprintf("acme/web%d", i)
		sha := forge.CreateRepo(name).Commit(t, forgetest.Change{Files: map[string]string{lockPath: "x"}})
		if _, err := p.Lockfile(context.Background(), s, engine.Ref{Repo: name, SHA: sha}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(cached(t, dir)); n != 3 {
		t.Errorf("%d repositories are kept, want 3", n)
	}
}

func TestUnadvertised(t *testing.T) {
	t.Parallel()
	// A server that speaks only the old protocol gives nothing out by id.
	forge := forgetest.Start(t, forgetest.Options{Old: true})
	repo := forge.CreateRepo("acme/web")
	one := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1"}})
	repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "2"}})
	gone := repo.Commit(t, forgetest.Change{Ref: "refs/heads/other", Files: map[string]string{lockPath: "3"}})
	repo.Set(t, "refs/heads/other", "")
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", forge.Template(), nil)
	if lock, err := p.Lockfile(context.Background(), s, ref(one)); err != nil || string(lock) != "1" {
		t.Errorf("a commit below its branch: %q, %v", lock, err)
	}
	if _, err := p.Lockfile(context.Background(), s, ref(gone)); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("a commit of no branch: %v, want ErrNoCommit", err)
	}
}

func TestOneFetchPerPush(t *testing.T) {
	t.Parallel()
	forge, dir := guarded(t), t.TempDir()
	repo := forge.CreateRepo("acme/web")
	files := map[string]string{lockPath: "0"}
	for i := range 50 {
		files[fmt.Sprintf("src/%d", i)] = fmt.Sprint("content ", i)
	}
	first := repo.Commit(t, forgetest.Change{Files: files})
	p, s := New(Options{CacheDir: dir}), source(t, "gitea", forge.Template(), pat())
	if _, err := p.Lockfile(context.Background(), s, ref(first)); err != nil {
		t.Fatal(err)
	}
	whole := forge.Requests()
	next := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "1"}})
	if lock, err := p.Lockfile(context.Background(), s, ref(next)); err != nil || string(lock) != "1" {
		t.Fatalf("got %q, %v", lock, err)
	}
	again := forge.Requests() - whole
	quiet := repo.Commit(t, forgetest.Change{Files: map[string]string{"src/1": "other"}})
	if lock, err := p.Lockfile(context.Background(), s, ref(quiet)); err != nil || string(lock) != "1" {
		t.Fatalf("got %q, %v", lock, err)
	}
	same := forge.Requests() - whole - again
	if again >= whole || same > again {
		t.Errorf("%d requests at first, then %d, then %d: one fetch is enough once there is a commit", whole, again, same)
	}
	list := (&forgetest.Repo{Dir: cached(t, dir)[0]}).Git(t, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
	if n := strings.Count(list, "blob"); n != 3 {
		t.Errorf("%d blobs were fetched, want two lock files and the changed file", n)
	}
}
