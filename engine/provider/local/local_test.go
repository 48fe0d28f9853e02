package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/engine/provider/providertest"
	"github.com/kici-dev/kici-go/lockfile/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const lockPath = ".kici/kici.lock.json"

func source(t testing.TB, dir string, more ...string) *engine.Source {
	t.Helper()
	config := map[string]any{"path": dir, "repoFullName": "acme/web"}
	for i := 0; i < len(more); i += 2 {
		config[more[i]] = more[i+1]
	}
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return &engine.Source{ID: "s1", Name: "local", Kind: Name, Config: data}
}

func trigger(t testing.TB, p *Provider, s *engine.Source, tr Trigger) *provider.Event {
	t.Helper()
	in, err := p.Trigger(context.Background(), s, tr)
	if err != nil {
		t.Fatal(err)
	}
	events, err := p.Normalize(context.Background(), in)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	return &events[0]
}

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t testing.TB) providertest.Subject {
		repo := forgetest.NewRepo(t)
		bare := repo.Commit(t, forgetest.Change{Files: map[string]string{"README.md": "one\n", "gone": "x"}})
		locked := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "{}\n", "README.md": "two\n", "ä b": "x"}, Delete: []string{"gone"}})
		s, p := source(t, repo.Dir), New(Options{})
		return providertest.Subject{
			Provider: p, Source: s, Repository: true, Branch: "refs/heads/main", Lock: []byte("{}\n"),
			Locked: engine.Ref{Repo: "acme/web", Name: "refs/heads/main", SHA: locked}, Bare: engine.Ref{Repo: "acme/web", Name: "refs/heads/main", SHA: bare},
			Changed: []string{lockPath, "README.md", "gone", "ä b"},
			Delivery: func(t testing.TB) *provider.Inbound {
				in, err := p.Trigger(context.Background(), s, Trigger{Event: "push"})
				if err != nil {
					t.Fatal(err)
				}
				return in
			},
			Forged: func(testing.TB) *provider.Inbound {
				return &provider.Inbound{Source: s, Header: http.Header{}, Body: []byte(`{}`), Remote: netip.MustParseAddr("192.0.2.1")}
			},
		}
	})
}

func TestEnvelopes(t *testing.T) {
	t.Parallel()
	repo, p := forgetest.NewRepo(t), New(Options{})
	one := repo.Commit(t, forgetest.Change{Files: map[string]string{"a": "1"}})
	two := repo.Commit(t, forgetest.Change{Files: map[string]string{"b": "1"}})
	side := repo.Commit(t, forgetest.Change{Ref: "refs/heads/feature/x", From: one, Files: map[string]string{"c": "1"}, Message: "Add c"})
	repo.Set(t, "refs/tags/v1", two)
	repo.Git(t, "tag", "-a", "-m", "annotated", "v2", two)
	s := source(t, repo.Dir)
	zero := strings.Repeat("0", 40)
	for _, c := range []struct {
		trigger            Trigger
		typ, action        string
		target, from       string
		name, sha, base    string
		changed            []string
		payload, wantValue string // a path with dots, and what is there
	}{
		{Trigger{Event: "push"}, "push", "", "main", "", "refs/heads/main", two, one, []string{"b"}, "after", two},
		{Trigger{Event: "push", Ref: "main"}, "push", "", "main", "", "refs/heads/main", two, one, []string{"b"}, "ref", "refs/heads/main"},
		{Trigger{Event: "push", Ref: "refs/heads/feature/x", SHA: side, Before: two}, "push", "", "feature/x", "", "refs/heads/feature/x", side, two, []string{"b", "c"}, "before", two},
		{Trigger{Event: "push", SHA: one}, "push", "", "main", "", "refs/heads/main", one, zero, []string{"a"}, "before", zero},
		{Trigger{Event: "push", Ref: "v1"}, "tag", "", "v1", "", "refs/tags/v1", two, one, []string{"b"}, "ref", "refs/tags/v1"},
		{Trigger{Event: "tag", Ref: "v2"}, "tag", "", "v2", "", "refs/tags/v2", two, one, []string{"b"}, "after", two},
		{Trigger{Event: "pr:opened", Ref: "feature/x"}, "pull_request", "opened", "main", "feature/x", "refs/heads/feature/x", side, two, []string{"c"}, "pull_request.head.sha", side},
		{Trigger{Event: "pr:sync", Ref: "main", Target: "feature/x"}, "pull_request", "synchronize", "feature/x", "main", "refs/heads/main", two, side, []string{"b"}, "pull_request.base.ref", "feature/x"},
		{Trigger{Event: "dispatch:deploy"}, "dispatch", "deploy", "main", "", "refs/heads/main", two, one, []string{"b"}, "repository.full_name", "acme/web"},
		{Trigger{Event: "push", Payload: json.RawMessage(`{"ref":"refs/heads/main","repository":{"full_name":"a/b"}}`)}, "push", "", "main", "", "refs/heads/main", two, one, []string{"b"}, "after", two},
	} {
		e := trigger(t, p, s, c.trigger)
		if e.Type != c.typ || e.Action != c.action || e.TargetBranch != c.target || e.SourceBranch != c.from || e.Provider != "local" || e.SourceRepo != "acme/web" {
			t.Errorf("%+v: got %+v", c.trigger, e.Event)
		}
		if want := (engine.Ref{Repo: "acme/web", Name: c.name, SHA: c.sha}); e.Ref != want || e.Base.SHA != c.base || e.DefaultBranch != "main" {
			t.Errorf("%+v: got ref %v, base %v, default %s, want %v and %s", c.trigger, e.Ref, e.Base, e.DefaultBranch, want, c.base)
		}
		files, err := p.ChangedFiles(context.Background(), s, e)
		if err != nil || !slices.Equal(files, c.changed) {
			t.Errorf("%+v: changed %q, %v, want %q", c.trigger, files, err, c.changed)
		}
		if got := event.Text(e.Body(), strings.Split(c.payload, ".")...); got != c.wantValue {
			t.Errorf("%+v: %s is %q, want %q", c.trigger, c.payload, got, c.wantValue)
		}
	}
}

func TestWorkTree(t *testing.T) {
	t.Parallel()
	repo, p := forgetest.NewRepo(t), New(Options{})
	repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "committed"}})
	dir := filepath.Join(t.TempDir(), "work")
	repo.Git(t, "clone", "--quiet", repo.Dir, dir)
	if err := os.WriteFile(filepath.Join(dir, lockPath), []byte("edited"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := source(t, dir)
	e := trigger(t, p, s, Trigger{Event: "push"})
	if lock, err := p.Lockfile(context.Background(), s, e.Ref); err != nil || string(lock) != "committed" {
		t.Errorf("got %q, %v: the work tree is not asked", lock, err)
	}
	// Whatever the repository's configuration would start, it is not started.
	for _, c := range [][]string{{"core.fsmonitor", "touch pwned"}, {"diff.external", "touch pwned"}, {"log.showSignature", "true"}, {"gpg.program", "touch pwned"}} {
		cmd := exec.Command("git", "-C", dir, "config", c[0], c[1])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	if _, err := p.ChangedFiles(context.Background(), s, trigger(t, p, s, Trigger{Event: "push"})); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("the repository's configuration ran a program")
	}
}

func TestRepositoriesThatAreOdd(t *testing.T) {
	t.Parallel()
	ctx, p := context.Background(), New(Options{})
	empty := forgetest.NewRepo(t)
	if _, err := p.Trigger(ctx, source(t, empty.Dir), Trigger{Event: "push"}); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("empty: %v, want ErrNoCommit", err)
	}
	inside := filepath.Join(empty.Dir, "hooks")
	for name, dir := range map[string]string{"gone": filepath.Join(t.TempDir(), "gone"), "plain folder": t.TempDir(), "folder of a repository": inside} {
		if _, err := p.Trigger(ctx, source(t, dir), Trigger{Event: "push"}); !errors.Is(err, provider.ErrNoRepository) {
			t.Errorf("%s: %v, want ErrNoRepository", name, err)
		}
		if _, err := p.Lockfile(ctx, source(t, dir), engine.Ref{SHA: strings.Repeat("a", 40)}); !errors.Is(err, provider.ErrNoRepository) {
			t.Errorf("%s: %v, want ErrNoRepository", name, err)
		}
	}
	full := forgetest.NewRepo(t)
	folder := full.Commit(t, forgetest.Change{Files: map[string]string{lockPath + "/x": "a folder"}})
	huge := full.Commit(t, forgetest.Change{Files: map[string]string{lockPath: strings.Repeat("x", 17<<20)}})
	s := source(t, full.Dir)
	if _, err := p.Lockfile(ctx, s, engine.Ref{SHA: folder}); !errors.Is(err, provider.ErrNoLockfile) {
		t.Errorf("a folder: %v, want ErrNoLockfile", err)
	}
	if _, err := p.Lockfile(ctx, s, engine.Ref{SHA: huge}); !errors.Is(err, provider.ErrTooLarge) {
		t.Errorf("huge: %v, want ErrTooLarge", err)
	}
	blob := full.Git(t, "rev-parse", huge+":"+lockPath)
	if _, err := p.Lockfile(ctx, s, engine.Ref{SHA: blob}); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("a blob: %v, want ErrNoCommit", err)
	}
	shallow := filepath.Join(t.TempDir(), "shallow")
	full.Git(t, "clone", "--quiet", "--depth=1", "file://"+full.Dir, shallow)
	e := trigger(t, p, source(t, shallow), Trigger{Event: "push"})
	if files, err := p.ChangedFiles(ctx, source(t, shallow), e); err != nil || len(files) == 0 {
		t.Errorf("shallow: %q, %v", files, err)
	}
}

func TestTriggerRefuses(t *testing.T) {
	t.Parallel()
	repo, p := forgetest.NewRepo(t), New(Options{})
	repo.Commit(t, forgetest.Change{Files: map[string]string{"a": "1"}})
	s := source(t, repo.Dir)
	var unknown *event.UnknownError
	if _, err := p.Trigger(context.Background(), s, Trigger{Event: "psuh"}); !errors.As(err, &unknown) {
		t.Errorf("a mistyped event: %v", err)
	}
	for _, tr := range []Trigger{{Event: "push", Ref: "nope"}, {Event: "push", SHA: strings.Repeat("1", 40)}, {Event: "push", Ref: "--output=x"}, {Event: "pr:opened", Target: "nope"}} {
		if _, err := p.Trigger(context.Background(), s, tr); !errors.Is(err, provider.ErrNoCommit) {
			t.Errorf("%+v: %v, want ErrNoCommit", tr, err)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	plain, guarded := source(t, "/repo"), source(t, "/repo", "verificationMethod", "none")
	for name, c := range map[string]struct {
		source *engine.Source
		remote string
		header http.Header
		want   error
	}{
		"made here":        {plain, "", nil, nil},
		"from nowhere":     {plain, "", nil, provider.ErrForbidden},
		"this machine":     {plain, "127.0.0.1", nil, nil},
		"this machine, v6": {plain, "::1", nil, nil},
		"behind a proxy":   {plain, "127.0.0.1", http.Header{"X-Forwarded-For": {"10.0.0.1"}}, provider.ErrForbidden},
		"elsewhere":        {plain, "10.0.0.1", nil, provider.ErrForbidden},
		"as configured":    {guarded, "10.0.0.1", nil, nil},
	} {
		in := &provider.Inbound{Source: c.source, Header: c.header, Inside: name == "made here"}
		if c.remote != "" {
			in.Remote = netip.MustParseAddr(c.remote)
		}
		if err := p.Verify(context.Background(), in); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestClone(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	for want, s := range map[string]*engine.Source{
		"file:///srv/a%20b":                 source(t, "/srv/a b"),
		"https://git.internal/acme/web.git": source(t, "/srv/web", "cloneUrlBase", "https://git.internal/"),
	} {
		if got, err := p.Clone(context.Background(), s, engine.Ref{}); err != nil || got.URL != want || got.Auth.Kind != provider.AuthNone {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
	}
	if err := p.Validate([]byte(`{"path":"relative","repoFullName":"web","cloneUrlBase":"https://me:pw@host"}`)); err == nil || strings.Contains(err.Error(), "pw@") || strings.Count(err.Error(), ";") != 2 {
		t.Errorf("got %v, want three problems and no password", err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	repo := forgetest.NewRepo(t)
	sha := repo.Commit(t, forgetest.Change{Files: map[string]string{"a": "1"}})
	if _, err := New(Options{Timeout: time.Nanosecond}).Lockfile(context.Background(), source(t, repo.Dir), engine.Ref{SHA: sha}); !errors.Is(err, provider.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// BenchmarkEvent is what an event costs: lock file and changed files.
func BenchmarkEvent(b *testing.B) {
	repo, p := forgetest.NewRepo(b), New(Options{})
	repo.Commit(b, forgetest.Change{Files: map[string]string{"a": "1"}})
	repo.Commit(b, forgetest.Change{Files: map[string]string{lockPath: "{}"}})
	s := source(b, repo.Dir)
	e := trigger(b, p, s, Trigger{Event: "push"})
	for b.Loop() {
		if _, err := p.Lockfile(b.Context(), s, e.Ref); err != nil {
			b.Fatal(err)
		}
		if _, err := p.ChangedFiles(b.Context(), s, e); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	p, s := New(Options{}), source(f, "/repo")
	f.Add(`{"event":"push","ref":"refs/heads/main","sha":"` + strings.Repeat("a", 40) + `"}`)
	f.Add(`{"event":"pr:opened","sha":"` + strings.Repeat("a", 64) + `","payload":{"pull_request":[]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		events, err := p.Normalize(context.Background(), &provider.Inbound{Source: s, Header: http.Header{}, Body: []byte(body)})
		if err != nil && !errors.Is(err, provider.ErrMalformed) {
			t.Fatal(err)
		}
		for _, e := range events {
			if !json.Valid(e.Payload) {
				t.Fatalf("no JSON: %q", e.Payload)
			}
		}
	})
}

// One repository may hold several projects; a source may be one of them.
func TestProject(t *testing.T) {
	t.Parallel()
	repo, p := forgetest.NewRepo(t), New(Options{})
	sha := repo.Commit(t, forgetest.Change{Files: map[string]string{lockPath: "{}", "apps/shop/" + lockPath: `{"shop":1}`}})
	for project, want := range map[string]string{"": "{}", "apps/shop": `{"shop":1}`} {
		got, err := p.Lockfile(t.Context(), source(t, repo.Dir, "project", project), engine.Ref{SHA: sha})
		if err != nil || string(got) != want {
			t.Errorf("%q: %s, %v", project, got, err)
		}
	}
	if _, err := p.Lockfile(t.Context(), source(t, repo.Dir, "project", "apps/till"), engine.Ref{SHA: sha}); !errors.Is(err, provider.ErrNoLockfile) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"../up", "/abs", "a/../b", "a/", "a\nb"} {
		if err := p.Validate(source(t, repo.Dir, "project", bad).Config); err == nil || !strings.Contains(err.Error(), "project") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A base that git has thrown away is as good as none.
func TestBaseIsGone(t *testing.T) {
	t.Parallel()
	repo, p := forgetest.NewRepo(t), New(Options{})
	repo.Commit(t, forgetest.Change{Files: map[string]string{"a": "1"}})
	repo.Commit(t, forgetest.Change{Files: map[string]string{"b": "1"}})
	s := source(t, repo.Dir)
	e := trigger(t, p, s, Trigger{Event: "push", Before: strings.Repeat("1", 40)})
	if files, err := p.ChangedFiles(t.Context(), s, e); err != nil || fmt.Sprint(files) != "[b]" {
		t.Errorf("%q, %v", files, err)
	}
	e.Ref.SHA = strings.Repeat("2", 40)
	if _, err := p.ChangedFiles(t.Context(), s, e); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("%v", err)
	}
}
