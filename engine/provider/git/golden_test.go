package git

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile"
)

var update = flag.Bool("update", false, "rewrite testdata/*/*.golden")

// sample reads a recorded delivery and signs it as its forge would.
func sample(t testing.TB, file string) *provider.Inbound {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	preset := filepath.Base(filepath.Dir(file))
	head, body, ok := strings.Cut(string(data), "\n\n")
	if !ok {
		t.Fatalf("%s has no body", file)
	}
	in := &provider.Inbound{Source: source(t, preset, "https://forge.example/{owner}/{name}.git", nil), Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		in.Header.Set(name, value)
	}
	sum := verification.Sign(in.Body, secret)
	switch preset {
	case GitLab:
		in.Header.Set("X-Gitlab-Token", secret)
	case GitHub:
		in.Header.Set("X-Hub-Signature-256", "sha256="+sum)
	case Gogs:
		in.Header.Set("X-Gogs-Signature", sum)
	default:
		in.Header.Set("X-Gitea-Signature", sum)
	}
	return in
}

// outcome is an event as a golden file shows it: of the payload only what is
// not as it was sent.
type outcome struct {
	Envelope      map[string]any `json:"envelope"`
	PayloadAdds   map[string]any `json:"payloadAdds,omitempty"`
	PayloadLoses  []string       `json:"payloadLoses,omitempty"`
	Ref           engine.Ref     `json:"ref"`
	Base          engine.Ref     `json:"base"`
	Key           string         `json:"key"`
	Name          string         `json:"name"`
	Deleted       bool           `json:"deleted"`
	DefaultBranch string         `json:"defaultBranch"`
	RepoURL       string         `json:"repoUrl"`
	Files         []string       `json:"listedFiles"`
}

func show(t *testing.T, in *provider.Inbound, e *provider.Event) outcome {
	t.Helper()
	o := outcome{Ref: e.Ref, Base: e.Base, Key: e.Key, Name: e.Name, Deleted: e.Deleted, DefaultBranch: e.DefaultBranch, RepoURL: e.RepoURL}
	data, err := json.Marshal(e.Event)
	if err != nil {
		t.Fatal(err)
	}
	var sent, got map[string]any
	for raw, to := range map[string]*map[string]any{string(data): &o.Envelope, string(in.Body): &sent, string(e.Payload): &got} {
		if err := json.Unmarshal([]byte(raw), to); err != nil {
			t.Fatal(err)
		}
	}
	delete(o.Envelope, "payload")
	o.PayloadAdds = map[string]any{}
	for name, v := range got {
		if !reflect.DeepEqual(v, sent[name]) {
			o.PayloadAdds[name] = v
		}
	}
	for name := range sent {
		if _, ok := got[name]; !ok {
			o.PayloadLoses = append(o.PayloadLoses, name)
		}
	}
	c, err := ParseConfig(in.Source.Config)
	if err != nil {
		t.Fatal(err)
	}
	if e.Type == "push" || e.Type == "tag" {
		o.Files, _ = c.listed(e)
	}
	return o
}

func samples(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.http")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	return files
}

func TestGolden(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	for _, file := range samples(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			in := sample(t, file)
			shown := []outcome{}
			for _, e := range events(t, p, in) {
				shown = append(shown, show(t, in, &e))
			}
			var got bytes.Buffer
			encoder := json.NewEncoder(&got)
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(shown); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".http") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(want, got.Bytes()) {
				t.Errorf("%v\ngot:\n%s\nwant:\n%s", err, got.Bytes(), want)
			}
			in.Body = append(in.Body, ' ')
			if err := p.Verify(context.Background(), in); err == nil && filepath.Base(filepath.Dir(file)) != GitLab {
				t.Error("a changed body is still signed")
			}
		})
	}
}

// TestTriggersMatch is what normalising is for: one trigger, every forge.
func TestTriggersMatch(t *testing.T) {
	t.Parallel()
	pr := lockfile.Trigger{Type: lockfile.TriggerPR, Events: []string{"opened", "synchronize", "reopened", "closed"}}
	plain := func(typ lockfile.TriggerType) lockfile.Trigger { return lockfile.Trigger{Type: typ} }
	comments := func(source string) lockfile.Trigger {
		return lockfile.Trigger{Type: lockfile.TriggerComment, Actions: []string{"created"}, Source: source}
	}
	for _, c := range []struct {
		file    string
		trigger lockfile.Trigger
		want    bool
	}{
		{"github-repo/pull_request_opened", pr, true},
		{"gitea/pull_request_opened", pr, true},
		{"forgejo/pull_request_sync", pr, true},
		{"gogs/pull_request_synchronized", pr, true},
		{"gitlab-repo/merge_request_open", pr, true},
		{"gitlab-repo/merge_request_update_commits", pr, true},
		{"gitlab-repo/merge_request_reopen", pr, true},
		{"gitlab-repo/merge_request_close", pr, true},
		{"gitlab-repo/merge_request_merge", pr, true},
		{"gitlab-repo/merge_request_update_title", pr, false},
		{"gitlab-repo/merge_request_approved", pr, false},
		{"github-repo/push", plain("push"), true},
		{"gitea/push_new_branch", plain("push"), true},
		{"gogs/push", plain("push"), true},
		{"gitlab-repo/push", plain("push"), true},
		{"gitlab-repo/push_tag", plain("push"), false},
		{"gitlab-repo/push_tag", plain("tag"), true},
		{"gitlab-repo/push_deleted", plain("push"), false},
		{"gitlab-repo/push_deleted", lockfile.Trigger{Type: "delete", RefTypes: []string{"branch"}}, true},
		{"gitlab-repo/push_new_branch", lockfile.Trigger{Type: "create", RefTypes: []string{"branch"}}, true},
		{"gitea/create", plain("create"), true},
		{"gogs/delete", lockfile.Trigger{Type: "delete", RefTypes: []string{"tag"}}, true},
		{"gitea/issue_comment", comments("issue"), true},
		{"gitea/issue_comment", comments("pr"), false},
		{"gitea/pull_request_comment", comments("pr"), true},
		{"gogs/issue_comment", comments("issue"), true},
		{"github-repo/issue_comment", comments("issue"), true},
		{"gitlab-repo/note_merge_request", comments("pr"), true},
		{"gitlab-repo/note_issue", comments("issue"), true},
		{"gitlab-repo/note_merge_request", comments("issue"), false},
		{"forgejo/review_approved", lockfile.Trigger{Type: "review", Actions: []string{"submitted"}, States: []string{"approved"}}, true},
		{"gitea/pull_request_review", lockfile.Trigger{Type: "review", Actions: []string{"submitted"}, States: []string{"commented"}}, true},
		{"gitlab-repo/release", lockfile.Trigger{Type: "release", Actions: []string{"published"}}, true},
		{"forgejo/release_updated", lockfile.Trigger{Type: "release", Actions: []string{"edited"}}, true},
		{"github-repo/repository_dispatch", lockfile.Trigger{Type: "dispatch", Types: []string{"on-demand-test"}}, true},
		{"github-repo/deployment", lockfile.Trigger{Type: "webhook", Events: []string{"deployment"}}, true},
		{"gitlab-repo/pipeline", lockfile.Trigger{Type: "webhook", Events: []string{"pipeline"}}, true},
	} {
		m := trigger.Compile(&lockfile.File{Workflows: []lockfile.Workflow{{Name: "w", Triggers: []lockfile.Trigger{c.trigger}}}})
		if err := m.Err(); err != nil {
			t.Fatal(err)
		}
		matched := false
		var trace []trigger.Decision
		for _, e := range events(t, New(Options{}), sample(t, "testdata/"+c.file+".http")) {
			trace = m.Match(&e.Event)
			matched = matched || len(trigger.Matched(trace)) > 0
		}
		if matched != c.want {
			t.Errorf("%s and %s: matched %v, want %v: %+v", c.file, c.trigger.Type, matched, c.want, trace)
		}
	}
}
