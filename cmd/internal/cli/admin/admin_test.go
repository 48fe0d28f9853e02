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
		if answer == "" {
			w.WriteHeader(http.StatusNoContent)
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

// What takes things away asks, and the documented words are understood.
func TestOperators(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.answers = map[string]string{
		"GET /sources":                   `[{"name":"a","kind":"forgejo","id":"1","enabled":true},{"name":"b","kind":"local","id":"2","deletedAt":"2026-01-02T03:04:05Z"}]`,
		"GET /sources/a":                 `{"name":"a","config":{"verificationMethod":"bearer_token","verificationConfig":{"headerName":"x","token":"***"}}}`,
		"PATCH /sources/a":               `{"name":"a"}`,
		"POST /sources/b/enable":         `{"name":"b","enabled":true}`,
		"DELETE /sources/a":              ``,
		"POST /source-purge":             `[{"name":"b","kind":"local","deletedAt":"2026-01-02T03:04:05Z"}]`,
		"GET /agents":                    `[{"id":"one","connected":true,"slots":2,"activeJobs":1,"drainingSince":"2026-01-02T03:04:05Z"},{"id":"two","type":"ephemeral"}]`,
		"GET /agent-tokens":              `[{"id":"t1","name":"new"},{"id":"t2","usedAt":"2026-01-02T03:04:05Z"},{"id":"t3","revokedAt":"2026-01-02T03:04:05Z"}]`,
		"POST /agents/two/drain":         ``,
		"DELETE /agents/one/drain":       ``,
		"GET /event-dlq":                 `[{"id":7,"kind":"job.finished","reason":"no source","createdAt":"2026-01-02T03:04:05Z"}]`,
		"GET /event-dlq-count":           `{"count":3}`,
		"POST /event-dlq/7/retry":        ``,
		"DELETE /event-dlq/7":            ``,
		"POST /api-keys":                 `{"id":"k1","key":"kici_sk_1","prefix":"kici_sk_1"}`,
		"GET /api-keys":                  `[{"id":"k1","label":"alice","prefix":"kici_sk_1","revokedAt":"2026-01-02T03:04:05Z"}]`,
		"POST /api-keys/k1/routing-keys": `{"id":"k1","routingKeys":["a","b"]}`,
		"DELETE /api-keys/k1":            ``,
		"GET /cluster-name":              `{"name":"frankfurt"}`,
		"PUT /cluster-name":              ``,
	}
	last := func() string { return c.asked[len(c.asked)-1] }
	contains(t, c.run(0, "source", "list", "--include-deleted"), "enabled", "removed 2026")
	if out := c.run(0, "source", "list", "--local"); strings.Contains(out, "forgejo") || !strings.Contains(out, "b ") {
		t.Error(out)
	}
	if out := c.run(0, "source", "list", "--generic"); strings.Contains(out, "local") {
		t.Error(out)
	}
	c.run(0, "source", "update", "a", "--name", "c", "--webhook-secret", "env:SECRET")
	if got := last(); got != `PATCH /sources/a {"name":"c","verificationConfig":{"headerName":"x","token":"from-env"}}` {
		t.Error(got)
	}
	contains(t, c.run(cli.ExitUsage, "source", "update", "a"), "nothing to change")
	contains(t, c.run(0, "source", "enable", "b"), "enabled")
	contains(t, c.run(0, "source", "remove", "a", "--yes"), "brings it back")
	if c.run(0, "source", "remove", "a", "--hard", "--yes"); last() != "DELETE /sources/a?hard=true" {
		t.Error(last())
	}
	contains(t, c.run(cli.ExitUsage, "source", "purge-stale"), "--confirm")
	contains(t, c.run(0, "source", "purge-stale", "--dry-run"), "removed 2026")
	if got := last(); got != `POST /source-purge {"dryRun":true}` {
		t.Error(got)
	}

	contains(t, c.run(0, "agent", "list", "--include-pending"), "draining since", "1 of 2", "never came", "new")
	if out := c.run(0, "agent", "list", "--type", "ephemeral", "--include-pending"); strings.Contains(out, "one") || strings.Contains(out, "new") {
		t.Error(out)
	}
	contains(t, c.run(cli.ExitUsage, "agent", "list", "--type", "x"), "neither static nor ephemeral")
	contains(t, c.run(0, "agent", "drain", "two", "--wait"), "no job left")
	contains(t, c.run(0, "agent", "drain", "one", "--undo"), "gets jobs again")
	c.answers["POST /agents/one/drain"] = ""
	contains(t, c.run(1, "agent", "drain", "one", "--wait", "--timeout", "1ms"), "still has jobs")

	contains(t, c.run(0, "event-dlq", "list", "--before", "9"), "7", "no source")
	if out := c.run(0, "event-dlq", "count"); out != "3\n" {
		t.Error(out)
	}
	contains(t, c.run(0, "event-dlq", "retry", "7"), "tried again")
	contains(t, c.run(0, "event-dlq", "discard", "7", "--json"), `"discard"`)
	contains(t, c.run(cli.ExitUsage, "event-dlq", "retry", "x"), "not the id")

	contains(t, c.run(0, "api-key", "create", "--label", "alice", "--expires", "1h", "--routing-keys", "github:*"), "kici_sk_1", "not shown again", "kici login")
	if got := last(); got != `POST /api-keys {"label":"alice","routingKeys":["github:*"],"expiresInMs":3600000}` {
		t.Error(got)
	}
	contains(t, c.run(0, "api-key", "list"), "alice", "revoked", "everything")
	contains(t, c.run(0, "api-key", "add-routing-key", "k1", "b"), "a, b")
	contains(t, c.run(cli.ExitUsage, "api-key", "add-routing-key", "k1"), "a key id and a pattern")
	contains(t, c.run(0, "api-key", "revoke", "k1"), "is revoked")

	if out := c.run(0, "cluster-name", "get"); out != "frankfurt\n" {
		t.Error(out)
	}
	contains(t, c.run(0, "cluster", "get", "--format", "json"), `"name": "frankfurt"`)
	c.run(0, "cluster-name", "set", "paris")
	if got := last(); got != `PUT /cluster-name {"name":"paris"}` {
		t.Error(got)
	}
}

// A terminal is asked.
func TestConfirm(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.state.StdinTTY, c.state.StdoutTTY = true, true
	c.answers["DELETE /sources/a"] = ""
	c.state.Stdin = strings.NewReader("n\n")
	contains(t, c.run(1, "source", "remove", "a"), "Really remove source a?", "nothing was changed")
	c.state.Stdin = strings.NewReader("y\n")
	contains(t, c.run(0, "source", "remove", "a"), "is removed")
	if len(c.asked) != 1 {
		t.Error(c.asked)
	}
}

// The database is migrated without an orchestrator.
func TestMigrate(t *testing.T) {
	t.Parallel()
	c := setup(t)
	delete(c.state.Env, "KICI_ADMIN_TOKEN")
	contains(t, c.run(cli.ExitUsage, "migrate"), "no database named")
	contains(t, c.run(cli.ExitUsage, "migrate", "--database-url", "mysql://h"), "begins with")
	url := "sqlite:" + t.TempDir()
	contains(t, c.run(1, "migrate", "--status", "--database-url", url), "version 0", "0001_intake")
	contains(t, c.run(0, "db", "migrate", "--database-url", url), "0001_intake")
	c.state.Env["KICI_DATA_DIR"] = strings.TrimPrefix(url, "sqlite:")
	contains(t, c.run(0, "migrate", "--status"), "up to date")
	contains(t, c.run(0, "migrate", "--status", "--json"), `"missing": []`)
	c.state.Env["KICI_DATA_DIR"] = t.TempDir()
	contains(t, c.run(1, "migrate", "--status"), "no database in")
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
	all.WriteString("\n" + c.run(0, "--help") + "\n" + c.run(0, "source", "add", "generic", "--help"))
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
