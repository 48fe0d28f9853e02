//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// patient is a workflow whose step says that it waits, until a file is there.
func patient(t *testing.T) (workflow, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "go-on")
	return `
import { job, push, step, workflow } from '@kici-dev/sdk';
export default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', steps: [
  step('wait', async ({ $ }) => { await $` + "`echo waiting; until [ -e " + file + " ]; do sleep 0.05; done; echo through`" + `; }),
] })] });
`, file
}

func touch(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The orchestrator is killed in the middle of a run. The agent goes on, and the
// orchestrator that starts again hears what became of it.
func TestOrchestratorKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.agent("one")
	workflow, file := patient(t)
	w.local(workflow)
	run := w.trigger()
	w.says(run, "waiting")
	w.orch.kill()
	touch(t, file)
	w.boot()
	got, lines := w.finished(run)
	if got.Status != "success" || !slices.Contains(lines, "waiting") || !slices.Contains(lines, "through") || got.Jobs[0].Attempts != 1 {
		t.Errorf("%+v %q", got, lines)
	}
}

// An agent is killed while a step runs, and comes back: the job failed, by no
// fault of the workflow's.
func TestAgentKilledInAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	agent, _ := w.agent("one")
	workflow, _ := patient(t)
	w.local(workflow)
	run := w.trigger()
	w.says(run, "waiting")
	agent.kill()
	w.agent("one")
	got, _ := w.finished(run)
	if got.Status != "failed" || !strings.Contains(got.Jobs[0].Reason, "infrastructure") {
		t.Errorf("%+v", got)
	}
}

// An agent is killed before the first step of its job: another one gets the job.
func TestAgentKilledBeforeAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forge := forgetest.Start(t, forgetest.Options{})
	repo := forge.CreateRepo("local/app")
	workflow, file := patient(t)
	touch(t, file)
	repo.Commit(t, forgetest.Change{Files: files(t, workflow)})
	// Agents clone through a gate that holds the first one up.
	behind, err := url.Parse(forge.URL)
	if err != nil {
		t.Fatal(err)
	}
	asked, open := make(chan struct{}), make(chan struct{})
	ask := sync.OnceFunc(func() { close(asked) })
	proxy := httputil.NewSingleHostReverseProxy(behind)
	gate := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ask()
		select {
		case <-open:
			proxy.ServeHTTP(rw, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(gate.Close)
	w.kiciAdmin(nil, "source", "add", "local", "--name", "here", "--path", repo.Dir, "--clone-url-base", gate.URL)
	first, _ := w.agent("one")
	run := w.trigger()
	<-asked
	first.kill()
	close(open)
	w.agent("two")
	got, _ := w.finished(run)
	if got.Status != "success" || got.Jobs[0].Attempts != 2 || got.Jobs[0].AgentID != "two" {
		t.Errorf("%+v", got)
	}
}

// Tokens that are wrong or revoked end the agent with advice.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.agentWith("kat_" + strings.Repeat("0", 64))
	p.line("the token is not known here")
	if code := p.end(); code != 1 {
		t.Errorf("exit %d", code)
	}
	p, token := w.agent("one")
	w.kiciAdmin(nil, "agent", "revoke", token.ID)
	p.line("the token has been revoked")
	if p.line("hint:"); p.end() != 1 {
		t.Errorf("exit %d", p.code)
	}
	p = w.agentWith(token.Token)
	p.line("the token has been revoked")
	p.end()
	p = w.agentWith("")
	if p.line("comes first"); p.end() != 1 {
		t.Errorf("exit %d", p.code)
	}
	var all []adminclient.Agent
	w.kiciAdmin(&all, "agent", "list")
	if len(all) != 1 || all[0].ID != "one" || all[0].Connected {
		t.Errorf("%+v", all)
	}
}

// SIGUSR1 lets an agent end what it has; SIGTERM cancels it. Both end well.
func TestAgentStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	workflow, file := patient(t)
	w.local(workflow)
	agent, _ := w.agent("one")
	health := "http://" + field(t, agent.line(`"starting"`), "health")
	run := w.trigger()
	w.says(run, "waiting")
	if code, text := get(t, health+"/health"); code != 200 || !strings.Contains(text, `"activeJobs":1`) || !strings.Contains(text, `"connected":true`) {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := get(t, health+"/ready"); code != 200 {
		t.Errorf("ready is %d", code)
	}
	agent.signal(syscall.SIGUSR1)
	agent.line("draining")
	touch(t, file)
	if got, _ := w.finished(run); got.Status != "success" {
		t.Errorf("%+v", got)
	}
	if code := agent.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	agent, _ = w.agent("two")
	run = w.trigger()
	w.says(run, "waiting")
	agent.signal(syscall.SIGTERM)
	if code := agent.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if got, _ := w.finished(run); got.Status == "success" {
		t.Errorf("%+v", got)
	}
}

// An agent without its orchestrator is alive and not ready.
func TestAgentAlone(t *testing.T) {
	t.Parallel()
	p := start(t, "kici-agent", "KICI_ORCHESTRATOR_URL=ws://127.0.0.1:1", "KICI_AGENT_TOKEN=kat_x", "KICI_PORT=0", "KICI_DATA_DIR="+t.TempDir())
	health := "http://" + field(t, p.line(`"starting"`), "health")
	p.line("not connected")
	if code, _ := get(t, health+"/health"); code != 200 {
		t.Errorf("health is %d", code)
	}
	if code, _ := get(t, health+"/ready"); code != 503 {
		t.Errorf("ready is %d", code)
	}
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// A token that runs out ends its connection, too.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var token adminclient.AgentToken
	w.kiciAdmin(&token, "agent", "register", "--expires", "2s")
	p := w.agentWith(token.Token)
	p.line(`"ready"`)
	p.line("the token has expired")
	if code := p.end(); code != 1 {
		t.Errorf("exit %d", code)
	}
}

// Where no tokens are asked for, anybody may come, and the log says so.
func TestOpenHouse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "KICI_AGENT_AUTH=none")
	w.orch.line("agents need no token")
	w.agentWith("").line(`"ready"`)
}

// An agent is killed while a step runs, and nobody comes in its place: the run ends
// when the window for its return is over.
func TestAgentNeverReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "KICI_AGENT_MAX_RECONNECT_DELAY_MS=8000")
	agent, _ := w.agent("one")
	workflow, _ := patient(t)
	w.local(workflow)
	run := w.trigger()
	w.says(run, "waiting")
	agent.kill()
	got, lines := w.finished(run)
	want := "infrastructure: agent one did not come back within the recovery window of 16s"
	if got.Status != "failed" || got.Jobs[0].Reason != want || got.Jobs[0].Attempts != 1 || !slices.Contains(lines, "waiting") {
		t.Errorf("%+v %q", got, lines)
	}
}

// An agent that may drop log lines does not hold a job up while its orchestrator is
// away. The log says how many are missing, and nothing else is.
func TestLogLinesDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	agent, _ := w.agent("one", "KICI_BACKPRESSURE_MODE=drop", "KICI_MAX_LOG_SIZE_BYTES=100000000")
	file := filepath.Join(t.TempDir(), "go-on")
	w.local(`
import { job, push, step, workflow } from '@kici-dev/sdk';
const a = job('a', { runsOn: 'default', steps: [
  step('wait', async ({ $ }) => { await $` + "`echo waiting; until [ -e " + file + " ]; do sleep 0.05; done`" + `; }),
  step('flood', async ({ $ }) => { await $` + "`seq -f ${'xxx %.0f ' + 'x'.repeat(990)} 40000`" + `; return { lines: 40000 }; }),
] });
export default workflow('ci', { on: push(), jobs: [a, job('b', { runsOn: 'default', needs: [a], run: async ({ log, inputs }) => log.info(JSON.stringify(inputs)) })] });
`)
	run := w.trigger()
	w.says(run, "waiting")
	w.orch.kill()
	touch(t, file)
	agent.line(`"agent: job ended"`)
	w.boot()
	got, lines := w.finished(run)
	if got.Status != "success" || !slices.Contains(lines, `{"a":{"flood":{"lines":40000}}}`) {
		t.Errorf("%+v", got)
	}
	kept, lost := 0, 0
	for _, line := range lines {
		var gap int
		if _, err := fmt.Sscanf(line, "[%d lines dropped due to backpressure]", &gap); err == nil {
			lost += gap
		} else if strings.HasPrefix(line, "xxx") {
			kept++
		}
	}
	if lost == 0 || kept == 0 || kept+lost != 40000 {
		t.Errorf("%d lines came and %d are said to be lost", kept, lost)
	}
}

// SIGHUP has the file read again, whatever is in it, and ends nothing.
func TestReloadsSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "kici.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("server:\n  logLevel: info\n")
	w := newWorld(t, "KICI_CONFIG="+file)
	write("server:\n  logLevel: debug\nqueue:\n  timeoutMs: 5\n")
	w.orch.signal(syscall.SIGHUP)
	if line := w.orch.line("take effect when the service is started again"); !strings.Contains(line, "KICI_QUEUE_TIMEOUT_MS") {
		t.Error(line)
	}
	if !strings.Contains(w.orch.said(), `"logLevel":"DEBUG"`) {
		t.Error(w.orch.said())
	}
	write("server: 7\n")
	w.orch.signal(syscall.SIGHUP)
	w.orch.line("nothing was changed")
	if code, _ := get(t, w.url+"/ready"); code != 200 {
		t.Errorf("ready is %d", code)
	}
}
