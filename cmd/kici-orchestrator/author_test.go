package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/kici/adminclient"
)

// An author follows and cancels runs of a real orchestrator with the real command
// and a key that an operator made.
func TestAuthorAtATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.local(twoWorkflows)
	var key adminclient.APIKey
	w.kiciAdmin(&key, "api-key", "create", "--label", "alice")
	home := t.TempDir()
	kici := func(code int, stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command(binary(t, "kici"), args...)
		cmd.Dir, cmd.Env, cmd.Stdin = t.TempDir(), []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}, strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Fatalf("kici %s: exit %d, want %d (%v)\n%s", strings.Join(args, " "), got, code, err, out)
		}
		return string(out)
	}
	kici(1, "", "login", "--token", "kici_sk_wrong", "--endpoint", w.url)
	kici(0, key.Key+"\n", "login", "--token", "--endpoint", w.url)
	run := w.trigger() // no agent: it waits
	if out := kici(0, "", "status", run); !strings.Contains(out, "Logged in with "+key.Prefix) || !strings.Contains(out, run) {
		t.Error(out)
	}
	if out := kici(0, "", "workflows", "list", "--trigger-type", "push"); !strings.Contains(out, "push") {
		t.Error(out)
	}
	if out := kici(0, "", "cancel", "--branch", "main"); !strings.Contains(out, run) {
		t.Error(out)
	}
	w.agent("one")
	run = w.trigger()
	if r, _ := w.finished(run); r.Status != "success" {
		t.Fatalf("%+v", r)
	}
	var report struct{ Run adminclient.Run }
	if err := json.Unmarshal([]byte(kici(0, "", "status", run, "--json")), &report); err != nil || report.Run.Status != "success" {
		t.Errorf("%+v %v", report, err)
	}
	if out := kici(0, "", "status", run, "--logs"); !strings.Contains(out, "[") {
		t.Error(out)
	}
	w.kiciAdmin(nil, "api-key", "revoke", key.ID)
	if out := kici(1, "", "cancel", run); !strings.Contains(out, "expired or revoked") {
		t.Error(out)
	}
	kici(0, "", "logout")
	if out := kici(1, "", "workflows", "list"); !strings.Contains(out, "not logged in") {
		t.Error(out)
	}
}
