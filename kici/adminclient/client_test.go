package adminclient_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/kici/standard"
)

func TestMain(m *testing.M) {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const token = "a-token-of-tests"

// open is a client of an orchestrator, with an agent beside it if that is wanted.
func open(t *testing.T, agents bool) *adminclient.Client {
	t.Helper()
	dir, quiet := t.TempDir(), slog.New(slog.DiscardHandler)
	options, err := standard.OrchestratorOptions(standard.Orchestrator{DataDir: dir, DatabaseURL: "sqlite::memory:", Environ: os.Environ(), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	o, err := kici.NewOrchestrator(kici.OrchestratorConfig{DataDir: dir, AdminToken: token, Version: "1.2.3", BasePath: "/ci"}, options...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return o.Run(ctx) })
	if agents {
		a, err := kici.NewAgent(kici.AgentConfig{ID: "one"}, kici.WithDialer(o.Dialer()), kici.WithEnviron(os.Environ()), kici.WithLogger(quiet))
		if err != nil {
			t.Fatal(err)
		}
		g.Go(func() error { return a.Run(ctx) })
	}
	server := httptest.NewServer(o.Handler())
	t.Cleanup(func() {
		stop()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	<-o.Ready()
	return adminclient.New(server.URL+"/ci/", token)
}

// refused wants an answer of a status that holds a text.
func refused(t *testing.T, what string, err error, status int, text string) {
	t.Helper()
	if !errors.Is(err, &adminclient.Error{Status: status}) || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: got %v, want %d with %q", what, err, status, text)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	made, err := c.AddSource(ctx, adminclient.SourceInput{Name: "forge", Config: map[string]any{
		"preset": "forgejo", "gitUrlTemplate": "https://g.example/{owner}/{name}.git", "verificationConfig": map[string]any{"secret": "s1"},
		"credentialType": "pat", "credential": "pat-1",
	}})
	if err != nil {
		t.Fatal(err)
	}
	detail, _ := made.Config["verificationConfig"].(map[string]any)
	if made.Kind != "forgejo" || !made.Enabled || detail["secret"] != "***" || made.Config["credential"] != "***" {
		t.Errorf("%+v", made)
	}
	if secret, err := c.WebhookSecret(ctx, made.RoutingKey); secret != "s1" || err != nil {
		t.Errorf("%q %v", secret, err)
	}
	// What was read may be sent back: secrets stay what they are.
	detail["headerName"] = "x-hub-signature-256"
	off := false
	changed, err := c.UpdateSource(ctx, "forge", adminclient.SourceInput{Enabled: &off, Config: map[string]any{"verificationConfig": detail, "rateLimitRpm": 5}})
	if err != nil || changed.Enabled || changed.Config["gitUrlTemplate"] == nil {
		t.Errorf("%+v %v", changed, err)
	}
	if secret, err := c.WebhookSecret(ctx, made.ID); secret != "s1" || err != nil {
		t.Errorf("%q %v", secret, err)
	}
	plain, err := c.UpdateSource(ctx, "forge", adminclient.SourceInput{Config: map[string]any{
		"preset": nil, "gitUrlTemplate": nil, "credentialType": nil, "credential": nil,
	}})
	if err != nil || plain.Kind != "generic" || len(plain.Config) != 2 {
		t.Errorf("%+v %v", plain, err)
	}

	_, err = c.AddSource(ctx, adminclient.SourceInput{Name: "forge", Config: map[string]any{"verificationMethod": "none"}})
	refused(t, "a name that is taken", err, http.StatusConflict, "taken")
	_, err = c.AddSource(ctx, adminclient.SourceInput{Name: "a/b"})
	refused(t, "a name with a slash", err, http.StatusBadRequest, "part of its webhook's address")
	_, err = c.AddSource(ctx, adminclient.SourceInput{Name: "x", Kind: "svn"})
	refused(t, "an unknown kind", err, http.StatusBadRequest, "forgejo")
	_, err = c.AddSource(ctx, adminclient.SourceInput{Name: "x", Config: map[string]any{"rateLimit": 1}})
	refused(t, "two mistakes", err, http.StatusBadRequest, "verificationConfig.secret: is needed")
	refused(t, "two mistakes", err, http.StatusBadRequest, `did you mean "rateLimitRpm"?`)
	_, err = c.TriggerLocal(ctx, "forge", adminclient.LocalTrigger{})
	refused(t, "a disabled source", err, http.StatusConflict, "disabled")
	removals(t, c)
	if presets, err := c.Presets(ctx); !slices.Contains(presets, "gitea") || err != nil {
		t.Errorf("%v %v", presets, err)
	}
}

// The documented way to change what kici-admin has no option for.
func TestDocumentedPatch(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	made, err := c.AddSource(ctx, adminclient.SourceInput{Name: "gh", Config: map[string]any{"verificationConfig": map[string]any{"secret": "s"}}})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{
		`{"verificationConfig":{"secret":"s","headerName":"x-hub-signature-256"}}`: 200,
		`{"verificationConfg":{}}`: 400, `[]`: 400, `{"enabled":"yes"}`: 400, `{`: 400, `{"name":7}`: 400,
		`{"name":"` + strings.Repeat("x", 9<<20) + `"}`: 400,
	} {
		req, err := http.NewRequestWithContext(ctx, "PATCH", c.Base+"/api/v1/admin/generic-sources/"+made.ID, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%.60s: %d %s", body, res.StatusCode, text)
		}
	}
}

func TestTokensAreShownOnce(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	made, err := c.RegisterAgent(ctx, adminclient.NewAgentToken{Name: "n", Labels: []string{"linux"}, ExpiresInMS: 60_000})
	if err != nil || !strings.HasPrefix(made.Token, "kat_") || len(made.Token) != 4+64 {
		t.Fatalf("%+v %v", made, err)
	}
	all, err := c.AgentTokens(ctx)
	if err != nil || len(all) != 1 || all[0].Token != "" || all[0].ID != made.ID || !slices.Equal(all[0].Labels, []string{"linux"}) || all[0].ExpiresAt == nil {
		t.Errorf("%+v %v", all, err)
	}
	if err := c.RevokeAgent(ctx, made.ID); err != nil {
		t.Error(err)
	}
	if all, _ = c.AgentTokens(ctx); all[0].RevokedAt == nil {
		t.Errorf("%+v", all)
	}
	refused(t, "an unknown token", c.RevokeAgent(ctx, "x"), http.StatusNotFound, "no token x")
	_, err = c.RegisterAgent(ctx, adminclient.NewAgentToken{Labels: []string{"kici:os:linux"}})
	refused(t, "a label of ours", err, http.StatusBadRequest, "kici:")
}

func TestRuns(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, true), t.Context()
	repo := forgetest.NewRepo(t)
	repo.Commit(t, forgetest.Change{Files: map[string]string{"README.md": "x", ".kici/kici.lock.json": "{"}})
	if _, err := c.AddSource(ctx, adminclient.SourceInput{Name: "here", Kind: "local", Config: map[string]any{"path": repo.Dir}}); err != nil {
		t.Fatal(err)
	}
	done, err := c.TriggerLocal(ctx, "here", adminclient.LocalTrigger{Event: "push"})
	if err != nil {
		t.Fatal(err)
	}
	var d adminclient.Delivery
	for d.Status == "" || d.Status == "received" {
		if d, err = c.Delivery(ctx, done.DeliveryID, true); err != nil {
			t.Fatal(err)
		}
	}
	if d.Status != "lockfile_corrupt" || !strings.Contains(d.Payload, `"event":"push"`) || len(d.Runs) != 1 {
		t.Fatalf("%+v", d)
	}
	id := d.Runs[0].ID
	found, err := c.Runs(ctx, adminclient.RunFilter{Status: []string{"failed"}, Repo: d.Repo, Since: time.Now().Add(-time.Hour)})
	if err != nil || len(found) != 1 || found[0].ID != id {
		t.Errorf("%+v %v", found, err)
	}
	for _, f := range []adminclient.RunFilter{{Status: []string{"success"}}, {Workflow: "x"}, {Repo: "x"}, {Since: time.Now().Add(time.Hour)}, {Offset: 1}} {
		if found, err := c.Runs(ctx, f); err != nil || len(found) != 0 {
			t.Errorf("%+v: %+v %v", f, found, err)
		}
	}
	if listed, err := c.Deliveries(ctx, adminclient.DeliveryFilter{Status: "lockfile_corrupt", Event: "push", From: time.Now().Add(-time.Hour)}); err != nil || len(listed) != 1 {
		t.Errorf("%+v %v", listed, err)
	}
	for l, err := range c.Logs(ctx, id, adminclient.LogFilter{Follow: true}) {
		t.Errorf("%+v %v", l, err)
	}
	_, err = c.CancelRun(ctx, id, adminclient.Cancel{})
	refused(t, "a finished run", err, http.StatusConflict, "has finished")
	_, err = c.Run(ctx, "none")
	refused(t, "no run", err, http.StatusNotFound, "no run none")
	for _, err := range c.Logs(ctx, "none", adminclient.LogFilter{}) {
		refused(t, "no run", err, http.StatusNotFound, "no run none")
	}
	_, err = c.RerunRun(ctx, "none", true)
	refused(t, "no run", err, http.StatusNotFound, "no run none")
	_, err = c.TriggerLocal(ctx, "here", adminclient.LocalTrigger{Event: "psh"})
	refused(t, "a mistyped event", err, http.StatusBadRequest, "push")
	_, err = c.TriggerLocal(ctx, "here", adminclient.LocalTrigger{Ref: "nowhere"})
	refused(t, "no such ref", err, http.StatusUnprocessableEntity, "nowhere")
}

func TestSystem(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, false), t.Context()
	if v, err := c.Version(ctx); v.Version != "1.2.3" || v.Protocol != 1 || err != nil {
		t.Errorf("%+v %v", v, err)
	}
	d, err := c.Diagnose(ctx)
	if err != nil || d.Status != adminclient.Warn || len(d.Checks) != 5 { // no agent, no source
		t.Errorf("%+v %v", d, err)
	}
	lost := adminclient.New(c.Base+"/x", token)
	_, err = lost.Version(ctx)
	if !errors.Is(err, &adminclient.Error{Status: http.StatusNotFound}) {
		t.Error(err)
	}
}
