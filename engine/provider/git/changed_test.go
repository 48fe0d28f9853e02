package git

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/forgetest"
)

func changed(t *testing.T, p *Provider, s *engine.Source, ev *provider.Event) []string {
	t.Helper()
	files, err := p.ChangedFiles(context.Background(), s, ev)
	if err != nil {
		t.Error(err)
	}
	return files
}

func TestChangedByPush(t *testing.T) {
	t.Parallel()
	forge := guarded(t)
	repo := forge.CreateRepo("acme/web")
	root := repo.Commit(t, forgetest.Change{Files: map[string]string{"root": "1"}})
	one := repo.Commit(t, forgetest.Change{Files: map[string]string{"one": "1", "ünïcode \"q\".txt": "x"}})
	two := repo.Commit(t, forgetest.Change{Files: map[string]string{"two": "1"}, Delete: []string{"root"}})
	rewritten := repo.Commit(t, forgetest.Change{Ref: "refs/heads/r", From: root, Files: map[string]string{"other": "1"}})
	repo.Set(t, "refs/tags/v1", two)
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", forge.Template(), pat())
	for name, c := range map[string]struct {
		ref, before, after string
		commits            int // listed in the payload; 0 leaves the list out
		total              int
		want               []string
	}{
		"listed":                  {"refs/heads/main", one, two, 1, 1, []string{"listed"}},
		"listed in part":          {"refs/heads/main", root, two, 1, 2, []string{"one", "root", "two", "ünïcode \"q\".txt"}},
		"not listed":              {"refs/heads/main", one, two, 0, 0, []string{"root", "two"}},
		"from the root":           {"refs/heads/main", strings.Repeat("0", 40), root, 0, 0, []string{"root"}},
		"new branch, listed":      {"refs/heads/new", strings.Repeat("0", 40), two, 1, 1, []string{"listed"}},
		"new branch":              {"refs/heads/new", strings.Repeat("0", 40), two, 0, 0, []string{"root", "two"}},
		"new tag":                 {"refs/tags/v1", strings.Repeat("0", 40), two, 0, 0, []string{"root", "two"}},
		"rewritten":               {"refs/heads/r", two, rewritten, 0, 0, []string{"one", "other", "root", "two", "ünïcode \"q\".txt"}},
		"what was before is gone": {"refs/heads/main", strings.Repeat("d", 40), two, 0, 0, []string{"root", "two"}},
	} {
		body := map[string]any{"ref": c.ref, "before": c.before, "after": c.after, "repository": map[string]any{"full_name": "acme/web", "default_branch": "main"}}
		if c.commits > 0 {
			body["commits"] = []any{map[string]any{"id": c.after, "added": []string{}, "modified": []string{"listed", ""}, "removed": []string{}}}
			body["total_commits"] = c.total
		}
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in := &provider.Inbound{Source: s, Header: map[string][]string{"X-Gitea-Event": {"push"}}, Body: data}
		evs, err := p.Normalize(context.Background(), in)
		if err != nil || len(evs) != 1 {
			t.Fatalf("%s: %v, %v", name, evs, err)
		}
		if got := changed(t, p, s, &evs[0]); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestChangedByPullRequest(t *testing.T) {
	t.Parallel()
	forge := guarded(t)
	repo := forge.CreateRepo("acme/web")
	repo.Commit(t, forgetest.Change{Files: map[string]string{"base": "1"}})
	fork := repo.Tip(t, "main")
	for i := range 70 { // the target went on, further than the first steps look
		repo.Commit(t, forgetest.Change{Files: map[string]string{"target": fmt.Sprint(i)}})
	}
	target := repo.Tip(t, "main")
	repo.Commit(t, forgetest.Change{Ref: "refs/heads/feature", From: fork, Files: map[string]string{"a": "1"}})
	head := repo.Commit(t, forgetest.Change{Ref: "refs/heads/feature", Files: map[string]string{"b": "1"}})
	stranger := repo.Commit(t, forgetest.Change{Ref: "refs/heads/stranger", Orphan: true, Files: map[string]string{"base": "1"}})
	for _, flavor := range forgetest.Flavors() {
		p, s := New(Options{CacheDir: t.TempDir()}), source(t, flavor, forge.Template(), pat())
		h := forgetest.Happening{Kind: forgetest.PullRequest, Repo: "acme/web", Action: "opened", Number: 3, Head: "feature", HeadSHA: head, Base: "main", BaseSHA: target}
		forge.Announce(h)
		ev := events(t, p, inbound(s, forgetest.NewDelivery(flavor, secret, h)))[0]
		if got := changed(t, p, s, &ev); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%s: got %q", flavor, got)
		}
		if flavor == forgetest.Gogs { // whose payloads have no commit
			if ev.Ref.SHA != "" || ev.Ref.Name != "refs/pull/3/head" {
				t.Errorf("gogs: %+v", ev.Ref)
			}
			if got, err := p.Resolve(context.Background(), s, ev.Ref); err != nil || got.SHA != head {
				t.Errorf("gogs: %v, %v", got, err)
			}
		}
	}
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitea", forge.Template(), pat())
	ev := &provider.Event{Ref: engine.Ref{Repo: "acme/web", SHA: stranger}, Base: engine.Ref{Repo: "acme/web", SHA: target}}
	ev.Type, ev.Payload = "pull_request", json.RawMessage(`{}`)
	if got := changed(t, p, s, ev); !slices.Equal(got, []string{"target"}) {
		t.Errorf("without a common past: got %q", got)
	}
	ev.Ref.SHA, ev.Payload = head, json.RawMessage(`{"pull_request":{"merge_base":"`+fork+`"}}`)
	if got := changed(t, p, s, ev); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("from the commit that the forge names: got %q", got)
	}
	ev.Type = "comment"
	if got := changed(t, p, s, ev); got != nil {
		t.Errorf("a comment changed %q", got)
	}
	ev.Type, ev.Ref.SHA = "push", strings.Repeat("e", 40)
	if _, err := p.ChangedFiles(context.Background(), s, ev); !errors.Is(err, provider.ErrNoCommit) {
		t.Errorf("got %v, want ErrNoCommit", err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	forge := guarded(t)
	repo := forge.CreateRepo("group/sub/web")
	one := repo.Commit(t, forgetest.Change{Ref: "refs/heads/trunk", Files: map[string]string{"a": "1"}})
	two := repo.Commit(t, forgetest.Change{Ref: "refs/heads/x/refs/heads/trunk", Files: map[string]string{"a": "2"}}) // ends alike
	repo.Git(t, "symbolic-ref", "HEAD", "refs/heads/trunk")
	repo.Git(t, "tag", "-a", "-m", "annotated", "v1", two)
	p, s := New(Options{CacheDir: t.TempDir()}), source(t, "gitlab-repo", forge.Template(), pat())
	for name, want := range map[string]engine.Ref{
		"":                 {Repo: "group/sub/web", Name: "refs/heads/trunk", SHA: one},
		"refs/heads/trunk": {Repo: "group/sub/web", Name: "refs/heads/trunk", SHA: one},
		"refs/tags/v1":     {Repo: "group/sub/web", Name: "refs/tags/v1", SHA: two},
	} {
		if got, err := p.Resolve(context.Background(), s, engine.Ref{Repo: "group/sub/web", Name: name}); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestListed(t *testing.T) {
	t.Parallel()
	const head = `"id":"1111111111111111111111111111111111111111"`
	for name, c := range map[string]struct {
		preset, payload string
		want            []string
		ok              bool
	}{
		"all":                   {"gogs", `{"commits":[{` + head + `,"added":["b","a"],"modified":["a"],"removed":[]}]}`, []string{"a", "b"}, true},
		"empty commit":          {"gogs", `{"commits":[{` + head + `,"added":[],"modified":[],"removed":[]}]}`, []string{}, true},
		"without lists":         {"gogs", `{"commits":[{` + head + `,"added":null,"modified":[],"removed":[]}]}`, nil, false},
		"without the last":      {"gogs", `{"commits":[{"id":"x","added":[],"modified":[],"removed":[]}]}`, nil, false},
		"fewer than counted":    {"gitea", `{"total_commits":2,"commits":[{` + head + `,"added":[],"modified":[],"removed":[]}]}`, nil, false},
		"gitlab without count":  {"gitlab-repo", `{"commits":[{` + head + `,"added":[],"modified":[],"removed":[]}]}`, nil, false},
		"gitlab":                {"gitlab-repo", `{"total_commits_count":1,"commits":[{` + head + `,"added":["a"],"modified":[],"removed":[]}]}`, []string{"a"}, true},
		"forced":                {"github-repo", `{"forced":true,"commits":[{` + head + `,"added":["a"],"modified":[],"removed":[]}]}`, nil, false},
		"cut off":               {"github-repo", `{"commits":[{` + head + `,"added":[` + strings.TrimSuffix(strings.Repeat(`"a",`, 3000), ",") + `],"modified":[],"removed":[]}]}`, nil, false},
		"none":                  {"github-repo", `{"commits":[]}`, nil, false},
		"something else":        {"github-repo", `{"commits":{"a":1}}`, nil, false},
		"custom, without lists": {"custom", `{"commits":[{` + head + `}]}`, nil, false},
		"custom":                {"custom", `{"commits":[{` + head + `,"added":["a"]}]}`, []string{"a"}, true},
	} {
		config := &Config{Preset: c.preset, PayloadPaths: PayloadPaths{Repo: "$.repo"}}
		ev := &provider.Event{Ref: engine.Ref{SHA: strings.Repeat("1", 40)}}
		ev.Payload = json.RawMessage(c.payload)
		if got, ok := config.listed(ev); ok != c.ok || ok && !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q %v, want %q %v", name, got, ok, c.want, c.ok)
		}
	}
}
