package kici_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/kici"
)

// call asks the relay's API, and gives the status and the body.
func (t *threeTiers) call(b testing.TB, method, path, body string) (int, string) {
	b.Helper()
	res := t.open(b, method, path, body)
	defer func() { check(b, res.Body.Close()) }()
	text, err := io.ReadAll(res.Body)
	check(b, err)
	return res.StatusCode, string(text)
}

func (t *threeTiers) open(b testing.TB, method, path, body string) *http.Response {
	b.Helper()
	req, err := http.NewRequestWithContext(t.ctx, method, t.url+"/api/v1/orgs/"+t.org.ID+path, bytes.NewReader([]byte(body)))
	check(b, err)
	req.Header.Set("Authorization", "Bearer "+relayAdmin)
	res, err := http.DefaultClient.Do(req)
	check(b, err)
	return res
}

const waiting = `
import { job, push, step, workflow } from '@kici-dev/sdk';
const wait = job('wait', { runsOn: 'default', steps: [step('hang', async ({ $ }) => { await $` + "`while true; do echo a-line-of-the-log; sleep 0.1; done`" + `; })] });
export default workflow('ci', { on: push({ branches: 'main' }), jobs: [wait] });
`

// What runs do is seen at the relay as it happens, and what is asked there is done:
// follow, cancel, run again, look at what came in.
func TestRequestsThroughRelay(t *testing.T) {
	t.Parallel()
	w := startThreeTiers(t, "platform")
	if _, answers := w.forge.Push("me/app", forgetest.Change{Files: project(t, waiting)}); answers[0].Status != http.StatusOK {
		t.Fatalf("%+v", answers)
	}
	run := w.started(t)
	var shown map[string]json.RawMessage
	w.until(t, "the relay shows a running step", func() bool {
		_, text := w.call(t, "GET", "/runs/"+string(run.ID), "")
		shown = nil
		check(t, json.Unmarshal([]byte(text), &shown))
		return strings.Contains(text, `"hang"`)
	})
	if !strings.Contains(string(shown["run"]), `"workflowName":"ci"`) || !strings.Contains(string(shown["run"]), `"repoIdentifier":"me/app"`) {
		t.Errorf("%s", shown["run"])
	}
	stream := w.open(t, "GET", "/runs/"+string(run.ID)+"/stream", "")
	defer func() { check(t, stream.Body.Close()) }()
	code, text := w.call(t, "POST", "/runs/"+string(run.ID)+"/cancel", `{"force":true}`)
	if code != http.StatusOK || !strings.Contains(text, `"cancelledJobs":1`) {
		t.Fatal(code, text)
	}
	ended, err := w.orch.Wait(w.ctx, run.ID)
	check(t, err)
	if ended.Status != "cancelled" || ended.CancelledBy != "admin" {
		t.Errorf("%+v", ended)
	}
	var types []string
	for s := bufio.NewScanner(stream.Body); s.Scan(); { // it ends with the run
		var m struct{ Type string }
		check(t, json.Unmarshal(s.Bytes(), &m))
		types = append(types, m.Type)
	}
	for _, want := range []string{"execution.status", "job.status.forward", "execution.event"} {
		if !strings.Contains(strings.Join(types, " "), want) {
			t.Errorf("%s was not streamed: %v", want, types)
		}
	}
	w.until(t, "the relay shows the end", func() bool {
		_, text := w.call(t, "GET", "/runs", "")
		return strings.Contains(text, `"status":"cancelled"`)
	})

	code, text = w.call(t, "POST", "/runs/"+string(run.ID)+"/rerun", "")
	var again struct{ NewRunID kici.RunID }
	check(t, json.Unmarshal([]byte(text), &again))
	if code != http.StatusOK || again.NewRunID == "" {
		t.Fatal(code, text)
	}
	second, _, err := w.orch.Lookup(w.ctx, again.NewRunID)
	check(t, err)
	if second.Parent != run.ID || second.TriggeredBy != "admin" {
		t.Errorf("%+v", second)
	}
	log := w.open(t, "GET", "/runs/"+string(again.NewRunID)+"/stream", "")
	defer func() { check(t, log.Body.Close()) }()
	lines := bufio.NewReader(log.Body)
	w.until(t, "the log of the run comes by", func() bool {
		line, err := lines.ReadString('\n')
		check(t, err)
		return strings.Contains(line, "a-line-of-the-log")
	})
	if code, text := w.call(t, "POST", "/runs/"+string(again.NewRunID)+"/rerun", ""); code != http.StatusConflict {
		t.Errorf("running one again that runs: %d %s", code, text)
	}
	if code, text := w.call(t, "POST", "/runs/none/cancel", ""); code != http.StatusNotFound {
		t.Errorf("cancelling nothing: %d %s", code, text)
	}
	if code, text := w.call(t, "POST", "/dashboard/run.get", `{"runId":"`+string(run.ID)+`"}`); code != http.StatusOK || !strings.Contains(text, `"status":"cancelled"`) {
		t.Errorf("dashboard.run.get: %d %s", code, text)
	}
	if code, text := w.call(t, "POST", "/dashboard/runs.list", `{"limit":1}`); code != http.StatusOK || strings.Count(text, `"workflow`) != 1 {
		t.Errorf("dashboard.runs.list: %d %s", code, text)
	}
	code, text = w.call(t, "POST", "/dashboard/payload", `{"deliveryId":"`+string(run.Delivery)+`"}`)
	if code != http.StatusOK || !strings.Contains(text, `"refs/heads/main"`) {
		t.Errorf("dashboard.payload: %d %.200s", code, text)
	}
	if code, text := w.call(t, "POST", "/dashboard/secrets.set", `{}`); code != http.StatusNotImplemented {
		t.Errorf("an unknown request: %d %s", code, text)
	}
	if code, _ := w.call(t, "POST", "/runs/"+string(again.NewRunID)+"/cancel", `{"force":true}`); code != http.StatusOK {
		t.Error(code)
	}
}
