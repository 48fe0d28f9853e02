package forgetest

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Options say what kind of forge it is. The zero value is open to everybody.
type Options struct {
	User, Password string // of git over HTTP
	// Plain is a server that knows no partial clones, as old ones do.
	Plain bool
	// Old is a server that speaks only git's first protocol, which gives out
	// nothing but the tips of refs.
	Old bool
}

// Forge is a running one.
type Forge struct {
	URL  string // of git over HTTP: URL + "/owner/name.git"
	Root string // the repositories, owner/name.git

	t        testing.TB
	o        Options
	requests atomic.Int64

	mu    sync.Mutex // guards what follows
	repos map[string]*Repo
	hooks []hook
}

type hook struct{ flavor, url, secret string }

// Start starts a forge on the loopback.
func Start(t testing.TB, o Options) *Forge {
	t.Helper()
	f := &Forge{Root: t.TempDir(), t: t, o: o, repos: map[string]*Repo{}}
	backend := &cgi.Handler{
		Path: filepath.Join(run(t, "", "", "--exec-path"), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + f.Root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
		InheritEnv: []string{"PATH"},
		Stderr:     io.Discard, // it says there what it answers anyway
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		if !f.admits(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if o.Old {
			r.Header.Del("Git-Protocol")
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

func (f *Forge) admits(r *http.Request) bool {
	if f.o.Password == "" {
		return true
	}
	user, password, ok := r.BasicAuth()
	return ok && user == f.o.User && subtle.ConstantTimeCompare([]byte(password), []byte(f.o.Password)) == 1
}

// Requests counts what git asked over HTTP so far.
func (f *Forge) Requests() int64 { return f.requests.Load() }

// Template is the address of repositories for a source's configuration.
func (f *Forge) Template() string { return f.URL + "/{owner}/{name}.git" }

// CreateRepo makes an empty repository, "owner/name".
func (f *Forge) CreateRepo(name string) *Repo {
	f.t.Helper()
	r := initRepo(f.t, filepath.Join(f.Root, filepath.FromSlash(name)+".git"))
	r.Git(f.t, "config", "http.receivepack", "true")
	if !f.o.Plain {
		r.Git(f.t, "config", "uploadpack.allowFilter", "true")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.repos[name] = r
	return r
}

// Repo is a repository that was created.
func (f *Forge) Repo(name string) *Repo {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.repos[name]
	if r == nil {
		f.t.Fatalf("forgetest: no repository %s", name)
	}
	return r
}

// Delete removes a repository as if it never was.
func (f *Forge) Delete(name string) {
	f.t.Helper()
	r := f.Repo(name)
	f.mu.Lock()
	delete(f.repos, name)
	f.mu.Unlock()
	if err := os.RemoveAll(r.Dir); err != nil {
		f.t.Fatal(err)
	}
}

// Hook has deliveries of all repositories posted to a URL, in the shape of a
// flavor and signed with a secret.
func (f *Forge) Hook(flavor, url, secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks = append(f.hooks, hook{flavor, url, secret})
}

// Answer is what came back for a delivery.
type Answer struct {
	Status int
	Body   string
	ID     string // the delivery's
	Took   time.Duration
}

// Push makes a commit, posts it to all hooks, and gives the commit and what
// they answered.
func (f *Forge) Push(name string, c Change) (string, []Answer) {
	f.t.Helper()
	if c.Ref == "" {
		c.Ref = "refs/heads/main"
	}
	r := f.Repo(name)
	before := r.Tip(f.t, c.Ref)
	sha := r.Commit(f.t, c)
	h := Happening{Kind: Push, Repo: name, Ref: c.Ref, Before: before, After: sha, Message: c.Message, Removed: c.Delete}
	for file := range c.Files {
		if before != "" && r.has(before+":"+file) {
			h.Modified = append(h.Modified, file)
		} else {
			h.Added = append(h.Added, file)
		}
	}
	return sha, f.Announce(h)
}

// Announce posts what happened to all hooks. The head of a pull request gets the
// refs by which forges offer it.
func (f *Forge) Announce(h Happening) []Answer {
	f.t.Helper()
	if h = h.whole(); h.Kind == PullRequest && h.HeadSHA != "" {
		for _, form := range []string{"refs/pull/%d/head", "refs/merge-requests/%d/head"} {
			f.Repo(h.Repo).Set(f.t, fmt.Sprintf(form, h.Number), h.HeadSHA)
		}
	}
	f.mu.Lock()
	hooks := append([]hook(nil), f.hooks...)
	f.mu.Unlock()
	var answers []Answer
	for _, to := range hooks {
		d := NewDelivery(to.flavor, to.secret, h)
		answers = append(answers, f.post(to.url, d))
	}
	return answers
}

func (f *Forge) post(url string, d Delivery) Answer {
	f.t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(d.Body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header = d.Header
	began := time.Now()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		f.t.Fatalf("forgetest: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		f.t.Fatalf("forgetest: %v", err)
	}
	return Answer{res.StatusCode, strings.TrimSpace(string(body)), d.ID, time.Since(began)}
}
