package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// relays is a relay with its operator.
type relays struct {
	t     *testing.T
	vars  []string
	p     *process
	port  string
	url   string
	dir   string
	admin *adminclient.Client
}

func newRelay(t *testing.T, vars ...string) *relays {
	t.Helper()
	r := &relays{t: t, port: "0", dir: t.TempDir()}
	r.vars = append([]string{"KICI_DATA_DIR=" + r.dir, "KICI_BOOTSTRAP_ADMIN_TOKEN=" + adminToken}, vars...)
	r.boot()
	return r
}

// boot starts the relay, the second time at the port of the first.
func (r *relays) boot() {
	r.t.Helper()
	r.p = start(r.t, "kici-relay", append(r.vars, "KICI_PORT="+r.port)...)
	at := field(r.t, r.p.line(`"listening"`), "address")
	r.port, r.url = at[strings.LastIndex(at, ":")+1:], "http://"+at
	r.p.line(`"ready"`)
	r.admin = adminclient.New(r.url, adminToken)
}

// kiciAdmin is the operator of the relay.
func (r *relays) kiciAdmin(into any, args ...string) {
	r.t.Helper()
	(&world{t: r.t, url: r.url}).kiciAdmin(into, args...)
}

// behind starts an orchestrator that only the relay reaches.
func (r *relays) behind(vars ...string) *world {
	r.t.Helper()
	var key adminclient.OrchestratorKey
	r.kiciAdmin(&key, "orchestrator-key", "create", "--name", "test")
	w := newWorld(r.t, append([]string{"KICI_PLATFORM_URL=ws://127.0.0.1:" + r.port, "KICI_PLATFORM_TOKEN=" + key.Key, "KICI_CLUSTER_NAME=shop"}, vars...)...)
	w.orch.line(`"connected to the relay"`)
	return w
}

// webhook is the address of a source, once the relay knows it.
func (r *relays) webhook(w *world, name string) string {
	r.t.Helper()
	var at string
	w.until("the relay knows the source", func() bool {
		all, err := r.admin.RelayedSources(r.t.Context(), "default")
		if err != nil {
			r.t.Fatal(err)
		}
		for _, s := range all {
			if s.Name == name && s.Connected > 0 {
				at = s.WebhookURL
			}
		}
		return at != ""
	})
	return at
}

// A push goes from the forge to the relay, over the orchestrator's own connection
// to it, and comes out green: the four programs, and nothing but what a sender and
// two operators do. The relay's store holds neither payload nor secrets, the
// orchestrator that is killed when it has answered goes on when it comes again, and
// so does the link when the relay does.
func TestRelay(t *testing.T) {
	t.Parallel()
	const secret = "a secret of the forge"
	r := newRelay(t)
	var orgs []adminclient.Org
	r.kiciAdmin(&orgs, "org", "list")
	if len(orgs) != 1 || orgs[0].Name != "default" || !strings.HasPrefix(orgs[0].ID, "org_") {
		t.Fatalf("%+v", orgs)
	}
	w := r.behind()
	agent, _ := w.agent("one", "KICI_LABELS=default")
	forge := forgetest.Start(t, forgetest.Options{})
	forge.CreateRepo("me/app")
	var source adminclient.Source
	w.kiciAdmin(&source, "source", "add", "generic", "--name", "forge", "--preset", "forgejo", "--secret", secret, "--git-url-template", forge.Template())
	at := r.webhook(w, "forge")
	if source.WebhookURL != at || !strings.HasPrefix(at, r.url+"/webhook/"+orgs[0].ID+"/generic/") {
		t.Fatalf("the orchestrator says %s, the relay %s", source.WebhookURL, at)
	}
	if code, _ := post(t, w.url+"/webhook/default/generic/forge", secret, "{}"); code != http.StatusForbidden {
		t.Errorf("mode platform answers a sender with %d", code)
	}
	forge.Hook(forgetest.Forgejo, at, secret)
	sha, answers := forge.Push("me/app", forgetest.Change{Files: files(t, twoWorkflows), Message: "needle-of-the-payload"})
	if len(answers) != 1 || answers[0].Status != http.StatusOK {
		t.Fatalf("%+v", answers)
	}
	// It was answered, so it is durable, whatever happens to the orchestrator now.
	w.orch.kill()
	w.boot()
	run := w.only(sha)
	got, lines := w.finished(run)
	if got.Status != "success" || got.SHA != sha || !slices.Contains(lines, "hello") {
		t.Errorf("%+v %q", got, lines)
	}
	if code, _ := post(t, at, "not the secret", "{}"); code != http.StatusUnauthorized {
		t.Errorf("a wrong signature: %d", code)
	}
	if code, _ := post(t, strings.Replace(at, "/forge", "/nobody", 1), secret, "{}"); code != http.StatusNotFound {
		t.Errorf("an unknown source: %d", code)
	}
	r.p.signal(syscall.SIGTERM)
	if code := r.p.end(); code != 0 {
		t.Errorf("the relay ended with %d", code)
	}
	for _, name := range []string{"kici.db", "kici.db-wal"} {
		content, err := os.ReadFile(filepath.Join(r.dir, name))
		if os.IsNotExist(err) && name != "kici.db" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, needle := range []string{secret, "needle-of-the-payload", adminToken} {
			if strings.Contains(string(content), needle) {
				t.Errorf("%s holds %q", name, needle)
			}
		}
	}
	r.boot()
	r.webhook(w, "forge")
	if _, answers = forge.Push("me/app", forgetest.Change{Files: map[string]string{"a": "b"}}); answers[0].Status != http.StatusOK {
		t.Fatalf("%+v", answers)
	}
	for p, secrets := range map[*process][]string{r.p: {secret, adminToken, "needle-of-the-payload"}, w.orch: {secret, "kici_ok_"}, agent: {secret}} {
		for _, s := range secrets {
			if strings.Contains(p.said(), s) {
				t.Errorf("%s says %q", p.name, s)
			}
		}
	}
}

// only waits for the run of a commit.
func (w *world) only(sha string) (id string) {
	w.t.Helper()
	w.until("a run of the commit is there", func() bool {
		var all []adminclient.Run
		w.kiciAdmin(&all, "runs", "list")
		for _, r := range all {
			if r.SHA == sha {
				id = r.ID
			}
		}
		return id != ""
	})
	return id
}
