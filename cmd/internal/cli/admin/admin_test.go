package admin

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// terminal is a command line before an orchestrator that answers what the test
// says and keeps what it was asked.
type terminal struct {
	t        *testing.T
	state    *cli.State
	out, err bytes.Buffer
	answers  map[string]string // "GET /sources" → JSON
	asked    []string
}

func setup(t *testing.T) *terminal {
	t.Helper()
	c := &terminal{t: t, answers: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		path := strings.TrimPrefix(r.URL.RequestURI(), "/api/v1/admin")
		c.asked = append(c.asked, strings.TrimSpace(r.Method+" "+path+" "+string(body)))
		if r.Header.Get("Authorization") != "Bearer tok" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"the admin token is missing or wrong","hint":"look for it"}`)
			return
		}
		answer, ok := c.answers[r.Method+" "+strings.Split(path, "?")[0]]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"error":"there is no such thing"}`
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	c.state = (&cli.State{
		Env:   map[string]string{"KICI_ADMIN_URL": server.URL, "KICI_ADMIN_TOKEN": "tok", "SECRET": "from-env"},
		Stdin: strings.NewReader("from-stdin\n"), Stdout: &c.out, Stderr: &c.err,
		Signals: func() (<-chan os.Signal, func()) { return nil, func() {} },
	}).At(t.TempDir())
	return c
}

func (c *terminal) run(code int, args ...string) string {
	c.t.Helper()
	c.out.Reset()
	c.err.Reset()
	c.state.Args = args
	if got := Main(c.state); got != code {
		c.t.Fatalf("kici-admin %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, &c.out, &c.err)
	}
	return c.out.String() + c.err.String()
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in:\n%s", w, text)
		}
	}
}

// What options become is what the API is documented to take, and secrets come
// from wherever they are said to be.
func TestAddGeneric(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.answers["POST /sources"] = `{"id":"1","name":"n","webhookUrl":"http://h/webhook/default/generic/n"}`
	if err := c.state.Disk.Write("key.pem", "from-file\n", 0o600); err != nil {
		t.Fatal(err)
	}
	contains(t, c.run(0, "source", "add", "generic", "--org", "o", "--name", "n", "--secret", "-", "--preset", "forgejo", "--git-url-template", "ssh://g/{owner}/{name}",
		"--credential-type", "ssh", "--credential", "@key.pem", "--ssh-known-hosts-pem", "env:SECRET", "--dedup-window", "0", "--allowed-events", "push,pull_request",
		"--payload-paths", `{"ref":"$.ref"}`), "http://h/webhook/default/generic/n")
	want := `POST /sources {"allowedEvents":["push","pull_request"],"credential":"from-file","credentialType":"ssh","dedupWindowSeconds":0,` +
		`"gitUrlTemplate":"ssh://g/{owner}/{name}","name":"n","payloadPaths":{"ref":"$.ref"},"preset":"forgejo","sshKnownHostsPem":"from-env",` +
		`"verificationConfig":{"secret":"from-stdin"}}`
	if c.asked[0] != want {
		t.Errorf("asked\n%s, want\n%s", c.asked[0], want)
	}
	c.run(cli.ExitUsage, "source", "add", "generic", "--name", "n", "--secret", "@nowhere")
	c.run(cli.ExitUsage, "source", "add", "generic", "--name", "n", "--secret", "env:NOWHERE")
	c.run(cli.ExitUsage, "source", "add", "generic", "--name", "n", "--event-mapping", "{")
	c.answers["PATCH /sources/n"] = `{}`
	c.run(0, "source", "update-generic", "n", "--clear-git-config", "--verification", "bearer_token", "--secret", "x")
	if got := c.asked[len(c.asked)-1]; !strings.Contains(got, `"preset":null`) || !strings.Contains(got, `"verificationConfig":{"token":"x"}`) || strings.Contains(got, `"name"`) {
		t.Error(got)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.answers = map[string]string{
		"GET /runs":                     `[{"id":"r1","workflow":"ci","status":"failed","repo":"o/n","ref":"refs/heads/main","sha":"0123456789","createdAt":"2026-01-02T03:04:05Z"}]`,
		"GET /runs/r1":                  `{"id":"r1","workflow":"ci","status":"failed","jobs":[{"name":"a","status":"failed","reason":"why","steps":[{"index":0,"name":"s","status":"failed","error":"exit 1"}]}]}`,
		"GET /runs/r1/logs":             "{\"job\":\"a\",\"text\":\"one\"}\n{\"job\":\"b\",\"text\":\"two\"}\n{\"end\":true}\n",
		"GET /runs/cut/logs":            "{\"job\":\"a\",\"text\":\"one\"}\n",
		"GET /runs/r1/explain":          `{"event":"push","status":"processed","trace":[{"repo":"o/n","sha":"0123456789","decisions":[{"workflowName":"ci","summary":"no","checks":[{"check":"branches","pattern":"main","value":"dev"}]}]}]}`,
		"POST /runs/r1/cancel":          `{"jobs":2}`,
		"POST /runs/r1/rerun":           `{"runId":"r2"}`,
		"GET /agents":                   `[]`,
		"POST /agent-tokens":            `{"id":"t1","token":"kat_1"}`,
		"GET /event-log":                `[]`,
		"GET /sources/n/webhook-secret": `{"secret":"s"}`,
		"POST /sources/n/trigger":       `{"deliveryId":"d1"}`,
	}
	contains(t, c.run(0, "runs", "list", "--status", "failed,success", "--limit", "5"), "r1", "main@01234567", "failed")
	if got := c.asked[0]; got != "GET /runs?limit=5&status=failed%2Csuccess" {
		t.Error(got)
	}
	contains(t, c.run(0, "runs", "show", "r1"), "why", "exit 1")
	if out := c.run(0, "runs", "logs", "r1"); out != "[a] one\n[b] two\n" {
		t.Error(out)
	}
	contains(t, c.run(1, "runs", "logs", "cut"), "[a] one", "cut off")
	contains(t, c.run(0, "runs", "logs", "r1", "--json", "--job", "a", "--step", "0"), `"text":"one"`)
	contains(t, c.run(0, "runs", "explain", "r1"), "ci skipped, no", `branches - main vs "dev"`)
	contains(t, c.run(0, "runs", "cancel", "r1", "--force", "--reason", "x"), "2 jobs")
	if got := c.asked[len(c.asked)-1]; got != `POST /runs/r1/cancel {"reason":"x","force":true}` {
		t.Error(got)
	}
	if out := c.run(0, "runs", "rerun", "r1", "--failed"); out != "r2\n" || !strings.Contains(c.asked[len(c.asked)-1], `{"failedOnly":true}`) {
		t.Error(out, c.asked)
	}
	contains(t, c.run(0, "agent", "register", "--labels", "a,b", "--expires", "1h"), "kat_1", "not shown again")
	if got := c.asked[len(c.asked)-1]; got != `POST /agent-tokens {"labels":["a","b"],"expiresInMs":3600000}` {
		t.Error(got)
	}
	contains(t, c.run(0, "agent", "list"), "none")
	if out := c.run(0, "agent", "list", "--json"); out != "[]\n" {
		t.Error(out)
	}
	contains(t, c.run(0, "event-log", "list", "--from", "1h"), "none")
	contains(t, c.run(0, "source", "get-webhook-secret", "n"), "s\n")
	contains(t, c.run(0, "source", "trigger-local", "n", "--ref", "main"), "d1")
}

func TestDiagnose(t *testing.T) {
	t.Parallel()
	c := setup(t)
	for status, code := range map[string]int{"ok": 0, "warn": 1, "fail": 2} {
		c.answers["GET /diagnose"] = `{"status":"` + status + `","checks":[{"name":"disk","status":"` + status + `","message":"m"}]}`
		if out := c.run(code, "diagnose"); !strings.Contains(out, "disk") || strings.Contains(out, "error:") {
			t.Error(out)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	c := setup(t)
	contains(t, c.run(cli.ExitUsage, "surce"), "did you mean 'source'?")
	contains(t, c.run(cli.ExitUsage, "runs", "lst"), "did you mean 'list'?")
	contains(t, c.run(cli.ExitUsage, "runs", "list", "--stats", "x"), "--status")
	contains(t, c.run(cli.ExitUsage, "runs", "show"), "needs one run id")
	contains(t, c.run(cli.ExitUsage, "runs", "list", "--since", "yesterday"), "neither a time nor a duration")
	contains(t, c.run(cli.ExitUsage, "source", "remove", "n"), "--yes")
	contains(t, c.run(1, "runs", "show", "none"), "there is no such thing")
	contains(t, c.run(1, "agent", "list", "--token", "wrong"), "missing or wrong", "look for it")
	contains(t, c.run(1, "agent", "list", "--url", "http://127.0.0.1:1"), "KICI_ADMIN_URL")
	contains(t, c.run(cli.ExitUsage, "agent", "list", "--url", "localhost"), "begins with http://")
	delete(c.state.Env, "KICI_ADMIN_TOKEN")
	contains(t, c.run(cli.ExitUsage, "agent", "list"), "KICI_ADMIN_TOKEN")
	contains(t, c.run(0, "-V"), cli.ThisBuild().Version)
}

// Every command teaches: it has a summary and an example.
func TestHelp(t *testing.T) {
	t.Parallel()
	c := setup(t)
	a := &app{State: c.state}
	var all strings.Builder
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s teaches nothing", cmd.CommandPath())
		}
		fmt.Fprintf(&all, "%s: %s\n", cmd.CommandPath(), cmd.Short)
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(a.root())
	all.WriteString("\n" + c.run(0, "source", "add", "generic", "--help"))
	path := filepath.Join("testdata", "help.golden")
	if *update {
		if err := os.WriteFile(path, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if all.String() != string(want) {
		t.Errorf("%s differs:\n%s", path, &all)
	}
}
