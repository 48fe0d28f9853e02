package author

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// scripted is an orchestrator that answers what the test says.
type scripted struct {
	*httptest.Server
	answers map[string]string // "GET /auth" → JSON
	asked   []string
}

func script(t *testing.T) *scripted {
	t.Helper()
	s := &scripted{answers: map[string]string{"GET /auth": `{"label":"alice","org":"default","keyPrefix":"kici_sk_right"}`}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		path := strings.TrimPrefix(r.URL.RequestURI(), "/api/v1")
		s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+path+" "+string(body)))
		answer, ok := s.answers[r.Method+" "+strings.Split(path, "?")[0]]
		switch {
		case r.URL.Path == "/drain":
			fmt.Fprint(w, "{}")
		case r.Header.Get("Authorization") != "Bearer kici_sk_right":
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"the API key is wrong","hint":"make one"}`)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error":"there is no such run"}`)
		default:
			fmt.Fprint(w, answer)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (c *terminal) config() string {
	c.t.Helper()
	path := filepath.Join(c.state.Env["HOME"], ".kici", "config")
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		c.t.Errorf("%v %v", info.Mode(), err)
	}
	return string(text)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	term, s := setup(t), script(t)
	term.run(cli.ExitUsage, "login")
	contains(t, term.stderr.String(), "identity provider", "kici login --token KEY --endpoint URL")
	term.run(cli.ExitUsage, "login", "--device")
	term.run(cli.ExitUsage, "login", "--token", "kici_sk_right", "--endpoint", "localhost:4000")
	contains(t, term.stderr.String(), "begins with http://")
	term.run(cli.ExitFailed, "login", "--token", "kici_sk_wrong", "--endpoint", s.URL)
	contains(t, term.stderr.String(), "the API key is wrong", "make one")
	if _, err := os.Stat(filepath.Join(term.state.Env["HOME"], ".kici", "config")); err == nil {
		t.Error("a wrong key was stored")
	}
	contains(t, term.run(cli.ExitOK, "login", "--token", "kici_sk_right", "--endpoint", s.URL+"/", "--routing-key", "github:42"), "Logged in with kici_sk_right… at "+s.URL, "Organization: default")
	if got := term.config(); got != "activeOrgId=default\nconnectionMode=direct\nendpoint="+s.URL+"\nroutingKey=github:42\ntoken=kici_sk_right\n" {
		t.Error(got)
	}

	// From standard input, as the documentation has it.
	term.state.Stdin = strings.NewReader("kici_sk_right\n")
	term.run(cli.ExitOK, "login", "--token")
	term.state.Stdin = strings.NewReader("\n")
	term.run(cli.ExitUsage, "login", "--token")
	contains(t, term.stderr.String(), "not an API key")

	// Where the orchestrator is stays known; who one was does not.
	contains(t, term.run(cli.ExitOK, "logout"), "Logged out")
	if got := term.config(); got != "connectionMode=direct\nendpoint="+s.URL+"\nroutingKey=github:42\n" {
		t.Error(got)
	}
	contains(t, term.run(cli.ExitOK, "logout"), "not logged in")
	term.run(cli.ExitFailed, "status", "r1")
	contains(t, term.stderr.String(), "you are not logged in", "kici login")

	// A server that is away keeps nobody from logging in.
	term.run(cli.ExitOK, "login", "--token", "kici_sk_other", "--endpoint", "http://127.0.0.1:1")
	contains(t, term.stderr.String(), "was not checked")
	contains(t, term.config(), "token=kici_sk_other")
	term.run(cli.ExitOK, "login", "--token", "kici_pat_1", "--platform-endpoint", "https://relay.example")
	contains(t, term.config(), "pat=kici_pat_1\n", "connectionMode=platform", "platformEndpoint=https://relay.example")
}

const failedRun = `{"id":"r1","workflow":"ci","status":"failed","reason":"job build failed","repo":"o/n","ref":"refs/heads/main","createdAt":"2026-01-02T03:04:05Z",
	"startedAt":"2026-01-02T03:04:06Z","finishedAt":"2026-01-02T03:04:09Z",
	"jobs":[{"name":"build","status":"failed","reason":"step make failed","steps":[{"index":0,"name":"make","status":"failed","error":"exit code 2"}]}]}`

func TestStatus(t *testing.T) {
	t.Parallel()
	term, s := setup(t), script(t)
	s.answers["GET /test/runs/r1"] = failedRun
	s.answers["GET /test/runs/r1/logs"] = "{\"job\":\"build\",\"text\":\"one\"}\n{\"end\":true}\n"
	end := time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	s.answers["GET /auth"] = `{"org":"default","expiresAt":"` + end + `"}`
	contains(t, term.run(cli.ExitOK, "login", "--token", "kici_sk_right", "--endpoint", s.URL), "Expires: ", "days left", "within 7 days")

	contains(t, term.run(cli.ExitOK, "status", "r1"), "Auth\n  Logged in", "warning:", "Reason: job build failed", "step make failed", "exit code 2", "Took: 3s")
	contains(t, term.run(cli.ExitOK, "status", "r1", "--logs"), "[build] one\n")
	if got := s.asked[len(s.asked)-1]; got != "GET /test/runs/r1/logs" {
		t.Error(got) // it has finished: there is nothing to follow
	}
	if out := term.run(cli.ExitOK, "status", "r1", "--logs", "--job", "build"); !strings.HasSuffix(out, "\none\n") {
		t.Error(out)
	}
	var report struct {
		Auth   struct{ LoggedIn, ExpiresSoon bool }
		Source string
		Run    struct{ Status string }
		Logs   []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(term.run(cli.ExitOK, "status", "r1", "--json", "--logs")), &report); err != nil || !report.Auth.LoggedIn || !report.Auth.ExpiresSoon ||
		report.Source != "orchestrator" || report.Run.Status != "failed" || len(report.Logs) != 1 {
		t.Errorf("%+v %v", report, err)
	}
	s.answers["GET /test/runs/r2"] = strings.NewReplacer(`"finishedAt":"2026-01-02T03:04:09Z",`, "", `"id":"r1"`, `"id":"r2"`).Replace(failedRun)
	s.answers["GET /test/runs/r2/logs"] = "{\"end\":true}\n"
	term.run(cli.ExitOK, "status", "r2", "--logs")
	if got := s.asked[len(s.asked)-1]; got != "GET /test/runs/r2/logs?follow=true" {
		t.Error(got)
	}
	term.run(cli.ExitFailed, "status", "none")
	contains(t, term.stderr.String(), "there is no such run")

	// What was asked about once is known when the orchestrator is away.
	s.Close()
	contains(t, term.run(cli.ExitOK, "status", "r1"), "Reason: job build failed")
	contains(t, term.stderr.String(), "this is what was known last")
	contains(t, term.run(cli.ExitOK, "status", "r1", "--json"), `"source": "history"`)
	term.run(cli.ExitFailed, "status", "r1", "--logs")
	term.run(cli.ExitFailed, "status", "r9")
	contains(t, term.stderr.String(), "is the orchestrator running")

	// A key that is over is said to be.
	path := filepath.Join(term.state.Env["HOME"], ".kici", "config")
	if err := os.WriteFile(path, []byte("# mine\ntoken=kici_sk_right\nendpoint="+s.URL+"\npatExpiresAt=2026-01-01T00:00:00Z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	contains(t, term.run(cli.ExitOK, "status", "r1"), "the key has expired")
}

func TestCancelAndWorkflows(t *testing.T) {
	t.Parallel()
	term, s := setup(t), script(t)
	s.answers["POST /test/cancel"] = `{"cancelled":["r1","r2"]}`
	s.answers["GET /workflows"] = `[{"workflowName":"old","repo":"o/n","triggers":["push","schedule"],"ref":"refs/heads/main","sha":"0123456789","updatedAt":"2026-01-02T03:04:05Z"},
		{"workflowName":"new","repo":"o/n","triggers":["pr"],"updatedAt":"` + time.Now().Format(time.RFC3339) + `"}]`
	term.run(cli.ExitOK, "login", "--token", "kici_sk_right", "--endpoint", s.URL)
	last := func() string { return s.asked[len(s.asked)-1] }
	contains(t, term.run(cli.ExitOK, "cancel", "r1", "--force"), "Run r1 is being cancelled", "r2")
	if got := last(); got != `POST /test/cancel {"runId":"r1","force":true}` {
		t.Error(got)
	}
	for _, origin := range []string{"git@git.example.org:o/n.git", "https://git.example.org/o/n", "ssh://git@git.example.org:2222/o/n.git/"} {
		term.git["git config --get remote.origin.url"] = origin
		if term.run(cli.ExitOK, "cancel", "--branch", "feature/wip"); last() != `POST /test/cancel {"branch":"feature/wip","repo":"o/n"}` {
			t.Error(origin, last())
		}
	}
	delete(term.git, "git config --get remote.origin.url")
	s.answers["POST /test/cancel"] = `{"cancelled":[]}`
	contains(t, term.run(cli.ExitOK, "cancel", "--branch", "b"), "Nothing runs on branch b.")
	term.run(cli.ExitUsage, "cancel")
	term.run(cli.ExitUsage, "cancel", "r1", "--branch", "b")

	contains(t, term.run(cli.ExitOK, "workflows", "list"), "old", "push,schedule", "main", "01234567", "new")
	if out := term.run(cli.ExitOK, "workflows", "list", "--stale", "30d", "--trigger-type", "push", "--repo", "o/n"); strings.Contains(out, "new") || !strings.Contains(out, "old") {
		t.Error(out)
	}
	if got := last(); got != "GET /workflows?repo=o%2Fn&triggerType=push" {
		t.Error(got)
	}
	var all []struct{ WorkflowName string }
	if err := json.Unmarshal([]byte(term.run(cli.ExitOK, "workflows", "list", "--json")), &all); err != nil || len(all) != 2 {
		t.Error(all, err)
	}
	term.run(cli.ExitUsage, "workflows", "list", "--stale", "soon")
	s.answers["GET /workflows"] = `[]`
	contains(t, term.run(cli.ExitOK, "workflows", "list"), "No workflow is registered")

	contains(t, term.run(cli.ExitOK, "admin", "drain-worker", "--url", s.URL), "takes no more jobs")
	if got := last(); got != "POST /drain" {
		t.Error(got)
	}
	term.run(cli.ExitUsage, "admin", "drain-worker")
	term.run(cli.ExitFailed, "admin", "drain-worker", "--url", s.URL+"/nowhere")
	term.run(cli.ExitFailed, "admin", "drain-worker", "--url", "http://127.0.0.1:1")
}
