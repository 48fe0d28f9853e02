package forgetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/engine/provider/git"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestHooks lets the forge post to a server that knows the real providers: what
// it sends is what they take.
func TestHooks(t *testing.T) {
	t.Parallel()
	forge := forgetest.Start(t, forgetest.Options{})
	p := git.New(git.Options{CacheDir: t.TempDir()})
	for _, flavor := range forgetest.Flavors() {
		s := &engine.Source{ID: engine.SourceID(flavor), Name: flavor, Config: fmt.Appendf(nil,
			`{"preset":%q,"gitUrlTemplate":%q,"verificationConfig":{"secret":"s-%s"}}`, flavor, forge.Template(), flavor)}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			in := &provider.Inbound{Source: s, Header: r.Header, Body: body}
			if err == nil {
				err = p.Verify(r.Context(), in)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
			events, err := p.Normalize(r.Context(), in)
			if err != nil || len(events) == 0 {
				http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
				return
			}
			e := events[0]
			files, err := p.ChangedFiles(r.Context(), s, &e)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(w).Encode([]any{e.Type, e.Action, e.TargetBranch, e.Ref.Repo, e.IsForkPR, files})
		}))
		t.Cleanup(server.Close)
		forge.Hook(flavor, server.URL, "s-"+flavor)
	}
	repo := forge.CreateRepo("acme/web")
	all := func(answers []forgetest.Answer, want string) {
		t.Helper()
		if len(answers) != len(forgetest.Flavors()) {
			t.Errorf("%d answers", len(answers))
		}
		for i, a := range answers {
			if a.Status != 200 || a.Body != want || a.ID == "" {
				t.Errorf("%s: got %d %s, want %s", forgetest.Flavors()[i], a.Status, a.Body, want)
			}
		}
	}
	_, answers := forge.Push("acme/web", forgetest.Change{Files: map[string]string{"a": "1", "b": "1"}})
	all(answers, `["push","","main","acme/web",false,["a","b"]]`)
	_, answers = forge.Push("acme/web", forgetest.Change{Files: map[string]string{"a": "2", "c": "1"}, Delete: []string{"b"}})
	all(answers, `["push","","main","acme/web",false,["a","b","c"]]`)
	main := repo.Tip(t, "main")
	head := repo.Commit(t, forgetest.Change{Ref: "refs/heads/topic", From: "main", Files: map[string]string{"d": "1"}})
	for _, action := range []string{"opened", "synchronize", "closed", "reopened"} {
		h := forgetest.Happening{Kind: forgetest.PullRequest, Repo: "acme/web", Action: action, Number: 4, Head: "topic", HeadSHA: head, HeadRepo: "stranger/web", BaseSHA: main}
		all(forge.Announce(h), `["pull_request","`+action+`","main","acme/web",true,["d"]]`)
	}
}

func TestDoor(t *testing.T) {
	t.Parallel()
	forge := forgetest.Start(t, forgetest.Options{User: "bot", Password: "right"})
	sha := forge.CreateRepo("acme/web").Commit(t, forgetest.Change{Files: map[string]string{".kici/kici.lock.json": "{}"}})
	for password, opens := range map[string]bool{"right": true, "wrong": false} {
		s := &engine.Source{ID: "s", Name: "s", Config: fmt.Appendf(nil, `{"preset":"gitea","verificationMethod":"none","gitUrlTemplate":%q,"credentialType":"pat","credentialUser":"bot","credential":%q}`,
			forge.Template(), password)}
		lock, err := git.New(git.Options{CacheDir: t.TempDir()}).Lockfile(context.Background(), s, engine.Ref{Repo: "acme/web", SHA: sha})
		if (err == nil) != opens {
			t.Errorf("%s: got %q, %v", password, lock, err)
		}
	}
}
