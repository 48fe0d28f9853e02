package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

const twoWorkflows = `
import { genericWebhook, job, push, step, workflow } from '@kici-dev/sdk';
const a = job('a', { runsOn: 'default', steps: [step('greet', async ({ $ }) => { await $` + "`echo hello`" + `; return { v: 1 }; })] });
const b = job('b', { runsOn: 'default', needs: [a], run: async ({ log, inputs }) => { log.info(JSON.stringify(inputs)); } });
export const ci = workflow('ci', { on: push({ branches: 'main' }), jobs: [a, b] });
export const deploy = workflow('deploy', {
  on: genericWebhook({ source: 'deploys', events: ['deploy'] }),
  jobs: [job('d', { runsOn: 'default', run: async ({ log }) => { log.info('deploying'); } })],
});
`

// A push to a forge and a signed webhook become finished runs whose logs can be
// read, with a store of each kind, an agent over the network and nothing but the
// three programs.
func TestPush(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		testPush(t)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		server, err := storetest.Postgres(context.Background(), false)
		if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
		testPush(t, "KICI_DATABASE_URL="+server.URL, "KICI_DATABASE_SCHEMA=e2e")
	})
}

func testPush(t *testing.T, vars ...string) {
	const secret, password = "a secret of the forge", "a password of the forge"
	w := newWorld(t, vars...)
	agent, _ := w.agent("one", "KICI_SLOTS=2", "KICI_LABELS=default,fast")
	forge := forgetest.Start(t, forgetest.Options{User: "bot", Password: password})
	forge.CreateRepo("me/app")

	var source, deploys adminclient.Source
	w.kiciAdmin(&source, "source", "add", "generic", "--name", "forge", "--preset", "forgejo", "--secret", secret,
		"--git-url-template", forge.Template(), "--credential-type", "basic", "--credential-user", "bot", "--credential", password)
	w.kiciAdmin(&deploys, "source", "add", "generic", "--name", "deploys", "--secret", "another")
	if text := strings.Join([]string{source.WebhookURL, deploys.WebhookURL}, " "); !strings.Contains(text, w.url+"/webhook/") {
		t.Fatal(text)
	}
	forge.Hook(forgetest.Forgejo, source.WebhookURL, secret)
	sha, answers := forge.Push("me/app", forgetest.Change{Files: files(t, twoWorkflows)})
	if len(answers) != 1 || answers[0].Status != http.StatusAccepted {
		t.Fatalf("%+v", answers)
	}
	var recorded []adminclient.Delivery
	w.kiciAdmin(&recorded, "event-log", "list", "--delivery-id", answers[0].ID)
	run := w.started(recorded[0].ID)[0]
	got, lines := w.finished(run.ID)
	if got.Status != "success" || got.SHA != sha || len(got.Jobs) != 2 || got.Jobs[0].AgentID != "one" {
		t.Errorf("%+v", got)
	}
	if !slices.Contains(lines, "hello") || !slices.Contains(lines, `{"a":{"v":1}}`) {
		t.Errorf("the log is %q", lines)
	}
	explained := recorded[0]
	w.kiciAdmin(&explained, "runs", "explain", run.ID)
	if len(explained.Trace) != 1 || len(explained.Trace[0].Decisions) != 2 || explained.Trace[0].Decisions[1].Matched {
		t.Errorf("the explanation is %+v", explained.Trace)
	}

	code, delivery := post(t, deploys.WebhookURL, "another", `{"n":1}`, "X-Event-Type", "deploy")
	if code != http.StatusAccepted {
		t.Fatal(code)
	}
	if got, lines := w.finished(w.started(delivery)[0].ID); got.Status != "success" || !slices.Contains(lines, "deploying") {
		t.Errorf("%+v %q", got, lines)
	}
	var again struct{ RunID string }
	w.kiciAdmin(&again, "runs", "rerun", run.ID)
	if got, _ := w.finished(again.RunID); got.Status != "success" || got.ParentRunID != run.ID || got.SHA != sha {
		t.Errorf("repeated: %+v", got)
	}
	for p, messages := range map[*process][]string{
		w.orch: {"delivery accepted", "delivery decided", "job dispatched", "run finished"}, agent: {"agent: job started", "agent: job ended"},
	} {
		for _, m := range messages { // the push's, which was the first
			if got, want := field(t, p.line(`"`+m+`"`), "traceId"), strings.ReplaceAll(recorded[0].ID, "-", ""); got != want {
				t.Errorf("%q has the trace id %q, want %q", m, got, want)
			}
		}
	}
	if text := w.orch.said(); strings.Contains(text, secret) || strings.Contains(text, password) || strings.Contains(text, adminToken) {
		t.Error("a secret is in the log")
	}
	w.orch.signal(15)
	if code := w.orch.end(); code != 0 {
		t.Errorf("the orchestrator ended with %d", code)
	}
}

// post sends a signed delivery.
func post(t *testing.T, url, secret, body string, headers ...string) (code int, delivery string) {
	t.Helper()
	req, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		req.Header.Set("X-Signature-256", "sha256="+verification.Sign([]byte(body), secret))
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusAccepted {
		delivery = field(t, text.String(), "deliveryId")
	}
	return res.StatusCode, delivery
}
