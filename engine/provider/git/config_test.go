package git

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
)

func TestValidateListsEverything(t *testing.T) {
	t.Parallel()
	for config, want := range map[string][]string{
		`{}`:                  {"preset", "verificationConfig.secret"},
		`{"preset":"forgjo"}`: {"gitUrlTemplate", "preset", "verificationConfig.secret"},
		`{"preset":"custom","verificationMethod":"none","gitUrlTemplate":"https://h/{owner}/{name}.git"}`: {"eventMapping", "payloadPaths.repoIdentifier"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"https://me:secret@h/{owner}/{name}","payloadPaths":{"ref":"$["},"eventMapping":{"push":"x"}}`: {
			"eventMapping.push", "gitUrlTemplate", "payloadPaths.ref"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"ftp://h/{owner}/{name}"}`:                                                                       {"gitUrlTemplate"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"https://h/{owner}/{repo}.git"}`:                                                                 {"gitUrlTemplate"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"https://h/{owner}/{name}.git","credentialType":"ssh"}`:                                          {"credentialRef", "credentialType"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"ssh://git@h/{owner}/{name}.git","credentialType":"pat","credential":"x"}`:                       {"credentialType"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"https://h/{owner}/{name}.git","credentialType":"basic","credential":"x"}`:                       {"credentialUser"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"https://h/{owner}/{name}.git","credential":"x"}`:                                                {"credentialType"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"git@h:{owner}/{name}.git","credentialType":"ssh","credential":"x","sshHostKeyPolicy":"pinned"}`: {"sshKnownHostsPem"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"git@h:{owner}/{name}.git","credentialType":"ssh","credential":"x","sshHostKeyPolicy":"any"}`:    {"sshHostKeyPolicy"},
		`{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":"git@h:{owner}/{name}.git","credentialType":"ssh","credential":"x"}`:                             nil,
		`{"preset":"github-repo","verificationConfig":{"secret":"x"}}`:                                                                                                   nil,
	} {
		err := New(Options{}).Validate([]byte(config))
		var problems *provider.ConfigError
		if err != nil && (!errors.As(err, &problems) || !errors.Is(err, provider.ErrMisconfigured)) {
			t.Fatalf("%s: %v", config, err)
		}
		var got []string
		if problems != nil {
			for _, p := range problems.Problems {
				got = append(got, p.Path)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot %q, want %q: %v", config, got, want, err)
		}
		if err != nil && strings.Contains(err.Error(), "me:secret") {
			t.Errorf("a secret shows: %v", err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, repo, want, scheme string }{
		{"https://h/{owner}/{name}.git", "acme/web", "https://h/acme/web.git", "https"},
		{"https://h/git/{owner}/{name}", "group/sub/web", "https://h/git/group/sub/web", "https"},
		{"ssh://git@h:22/{owner}/{name}.git", "acme/web", "ssh://git@h:22/acme/web.git", "ssh"},
		{"git@h:{owner}/{name}.git", "acme/web", "git@h:acme/web.git", "ssh"},
		{"file:///srv/{owner}/{name}.git", "acme/web", "file:///srv/acme/web.git", "file"},
		{"https://h/one.git", "acme/web", "https://h/one.git", "https"},
	} {
		config := &Config{Preset: Gitea, GitURLTemplate: c.template}
		if got, err := config.place(c.repo); err != nil || got.url != c.want || got.scheme != c.scheme {
			t.Errorf("%s: got %+v, %v, want %s", c.template, got, err, c.want)
		}
	}
}

// TestCustom describes a forge that nobody knows.
func TestCustom(t *testing.T) {
	t.Parallel()
	s := source(t, Custom, "https://h/{owner}/{name}.git", fields{
		"eventTypeHeader": "X-My-Kind", "allowedEvents": []string{"code.changed", "review.wanted", "else"},
		"payloadPaths": fields{"repoIdentifier": "$.project.path", "ref": "$.change.ref", "sha": "$.change.new", "before": "$.change.old", "defaultBranch": "$.project.trunk", "changedFiles": []string{"$.change.files[*].name"}},
		"eventMapping": fields{"push": []string{"code.changed"}, "pullRequest": []string{"review.wanted"}},
	})
	const sha, old = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	deliver := func(kind, body string) []provider.Event {
		in := &provider.Inbound{Source: s, Body: []byte(body), Header: http.Header{"X-My-Kind": {kind}, "X-Signature-256": {verification.Sign([]byte(body), secret)}, "X-Request-Id": {"r1"}}}
		return events(t, New(Options{}), in)
	}
	project := `"project":{"path":"acme/web","trunk":"trunk"}`
	got := deliver("code.changed", `{`+project+`,"change":{"ref":"refs/heads/x","new":"`+sha+`","old":"`+old+`","files":[{"name":"b"},{"name":"a"}]},"commits":[{"id":"`+sha+`"}]}`)
	if len(got) != 1 || got[0].Type != "push" || got[0].TargetBranch != "x" || got[0].Ref != (engine.Ref{Repo: "acme/web", Name: "refs/heads/x", SHA: sha}) ||
		got[0].Base.SHA != old || got[0].DefaultBranch != "trunk" || got[0].Key != "r1" || got[0].Provider != "universal-git" {
		t.Errorf("a push: %+v", got)
	}
	if files, err := New(Options{}).ChangedFiles(context.Background(), s, &got[0]); err != nil || !slices.Equal(files, []string{"a", "b"}) {
		t.Errorf("its files: %q, %v", files, err)
	}
	got = deliver("review.wanted", `{`+project+`,"action":"opened","pull_request":{"head":{"ref":"x","sha":"`+sha+`"}}}`)
	if len(got) != 1 || got[0].Type != "pull_request" || got[0].Action != "opened" || got[0].TargetBranch != "trunk" || got[0].Ref.Name != "refs/heads/x" {
		t.Errorf("a pull request: %+v", got)
	}
	if got := deliver("code.changed", `{`+project+`,"change":{"ref":"refs/heads/x","new":"`+strings.Repeat("0", 40)+`"}}`); len(got) != 1 || got[0].Type != "delete" || !got[0].Deleted {
		t.Errorf("a deletion: %+v", got)
	}
	if got := deliver("else", `{`+project+`}`); len(got) != 1 || got[0].Type != "else" {
		t.Errorf("something else: %+v", got)
	}
	if got := deliver("not allowed", `{`+project+`}`); len(got) != 0 {
		t.Errorf("not allowed: %+v", got)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	in := sample(t, "testdata/github-repo/star.http")
	want := events(t, New(Options{}), in)
	form := "payload=" + strings.NewReplacer("%", "%25", "+", "%2B", "&", "%26", ";", "%3B").Replace(strings.TrimSpace(string(in.Body)))
	in.Body = []byte(form)
	in.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	in.Header.Set("X-Hub-Signature-256", "sha256="+verification.Sign(in.Body, secret))
	got := events(t, New(Options{}), in)
	if len(got) != 1 || string(got[0].Payload) != string(want[0].Payload) {
		t.Errorf("a form is read as its payload: %+v", got)
	}
	in.Body = []byte("other=1")
	if _, err := New(Options{}).Normalize(context.Background(), in); !errors.Is(err, provider.ErrMalformed) {
		t.Errorf("without a payload: %v", err)
	}
}

func TestGitLabKeys(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	in := sample(t, "testdata/gitlab-repo/push.http") // an older one, without Idempotency-Key
	one := p.Key(in)
	in.Body = append(in.Body, ' ')
	if two := p.Key(in); one == "" || one == two {
		t.Errorf("deliveries of one event chain share a key: %q and %q", one, two)
	}
	in.Header.Set("Idempotency-Key", "k")
	if got := p.Key(in); got != "k" {
		t.Errorf("got %q", got)
	}
	in.Header = http.Header{}
	if got := p.Key(in); got != "" {
		t.Errorf("without headers: %q", got)
	}
}

func FuzzNormalize(f *testing.F) {
	for _, file := range samples(f) {
		in := sample(f, file)
		if len(in.Body) < 8<<10 {
			f.Add(string(in.Body), uint8(0))
		}
	}
	names := []string{"push", "pull_request", "issue_comment", "pull_request_approved", "release", "status", "create", "Push Hook", "Merge Request Hook", "Note Hook", "Release Hook", "x"}
	sources := map[string]*engine.Source{}
	for _, preset := range Presets() {
		sources[preset] = source(f, preset, "https://h/{owner}/{name}.git", fields{"verificationMethod": "none",
			"payloadPaths": fields{"repoIdentifier": "$.repository.full_name"}, "eventMapping": fields{"push": []string{"push", "Push Hook"}}})
	}
	p := New(Options{})
	f.Fuzz(func(t *testing.T, body string, pick uint8) {
		name := names[int(pick)%len(names)]
		for preset, s := range sources {
			in := &provider.Inbound{Source: s, Body: []byte(body), Header: http.Header{}}
			in.Header.Set(presetOf(preset).event[0], name)
			evs, err := p.Normalize(context.Background(), in)
			if err != nil && !errors.Is(err, provider.ErrMalformed) {
				t.Fatal(err)
			}
			c, err := ParseConfig(s.Config)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range evs {
				if !json.Valid(e.Payload) || e.Ref.SHA != "" && !shaOnly(e.Ref.SHA) {
					t.Fatalf("%s: %+v", preset, e)
				}
				if _, err := c.place(e.Ref.Repo); err != nil {
					t.Fatalf("%s: repository %q: %v", preset, e.Ref.Repo, err)
				}
				c.listed(&e)
			}
		}
	})
}

func shaOnly(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" && len(s) >= 40 }
