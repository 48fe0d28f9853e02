package kici_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/engine/provider/git"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/lockfile/status"
)

const (
	relayAdmin  = "an-admin-token-of-tests"
	forgeSecret = "a secret of the forge that no relay knows"
)

// threeTiers is a relay behind a port, an orchestrator and an agent that reach each
// other through memory, and a forge.
type threeTiers struct {
	relay   *kici.Relay
	url     string
	orch    *kici.Orchestrator
	admin   *adminclient.Client
	org     adminclient.Org
	key     string
	forge   *forgetest.Forge
	ctx     context.Context
	dataDir string     // of the relay
	store   kici.Store // of the orchestrator
}

func startThreeTiers(b testing.TB, mode string, opts ...kici.OrchestratorOption) *threeTiers {
	b.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log, env := kici.WithLogger(slog.New(slog.DiscardHandler)), kici.WithEnviron(os.Environ())
	t := &threeTiers{ctx: ctx, forge: forgetest.Start(b, forgetest.Options{}), dataDir: b.TempDir()}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	var err error
	t.url = server.URL
	t.relay, err = kici.NewRelay(kici.RelayConfig{DataDir: t.dataDir, PublicURL: server.URL, AdminToken: relayAdmin}, log)
	check(b, err)
	handler = t.relay.Handler()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return t.relay.Run(gctx) })
	<-t.relay.Ready()
	t.admin = adminclient.New(server.URL, relayAdmin)
	orgs, err := t.admin.Orgs(ctx)
	check(b, err)
	if len(orgs) != 1 {
		b.Fatalf("a fresh relay has %d organisations", len(orgs))
	}
	t.org = orgs[0]
	key, err := t.admin.CreateOrchestratorKey(ctx, adminclient.NewOrchestratorKey{Name: "test"})
	check(b, err)

	t.key = key.Key
	config := fmt.Sprintf(`{"preset":"forgejo","verificationConfig":{"secret":%q},"gitUrlTemplate":%q,"rateLimitRpm":0}`, forgeSecret, t.forge.Template())
	t.store, err = sqlite.Open(ctx, b.TempDir())
	check(b, err)
	all := append([]kici.OrchestratorOption{
		log, env, kici.WithStore(t.store), kici.WithProvider("forgejo", git.New(git.Options{CacheDir: b.TempDir(), Environ: os.Environ()})), kici.WithRelayDialer(t.relay.Dialer()),
	}, opts...)
	t.orch, err = kici.NewOrchestrator(kici.OrchestratorConfig{
		DataDir: b.TempDir(), Mode: mode, RelayKey: key.Key, Instance: "orch", Cluster: "shop",
		Sources: []kici.SourceConfig{{Name: "forge", Kind: "forgejo", Config: json.RawMessage(config)}},
	}, all...)
	check(b, err)
	agent, err := kici.NewAgent(kici.AgentConfig{Slots: 4, DataDir: b.TempDir()}, log, env, kici.WithDialer(t.orch.Dialer()))
	check(b, err)
	g.Go(func() error { return t.orch.Run(gctx) })
	<-t.orch.Ready()
	g.Go(func() error { return agent.Run(gctx) })
	<-agent.Ready()
	b.Cleanup(func() {
		stop()
		check(b, g.Wait())
		server.Close()
		check(b, t.store.Close())
	})
	t.until(b, "the source is registered", func() bool {
		all, err := t.admin.RelayedSources(ctx, t.org.ID)
		check(b, err)
		return len(all) == 1 && all[0].Connected == 1
	})
	t.forge.CreateRepo("me/app")
	t.forge.Hook(forgetest.Forgejo, t.org.WebhookURL+"/generic/forge", forgeSecret)
	return t
}

func (t *threeTiers) until(b testing.TB, what string, ok func() bool) {
	b.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	limit := time.After(time.Minute)
	for !ok() {
		select {
		case <-look.C:
		case <-limit:
			b.Fatalf("waited in vain: %s", what)
		}
	}
}

// started waits for the newest run to come.
func (t *threeTiers) started(b testing.TB) *kici.Run {
	b.Helper()
	var all []kici.Run
	t.until(b, "the delivery has started a run", func() bool {
		check(b, t.store.View(t.ctx, func(tx store.Tx) (err error) { all, err = tx.Runs().Recent(t.ctx, time.Time{}, 1); return err }))
		return len(all) > 0
	})
	return &all[0]
}

// finished waits for it to end.
func (t *threeTiers) finished(b testing.TB) *kici.Run {
	b.Helper()
	run, err := t.orch.Wait(t.ctx, t.started(b).ID)
	check(b, err)
	return run
}

// project is a repository's files.
func project(b testing.TB, workflow string) map[string]string {
	b.Helper()
	dir := b.TempDir()
	_, err := makeRepository(dir, workflow)
	check(b, err)
	lock, err := os.ReadFile(filepath.Join(dir, ".kici", "kici.lock.json"))
	check(b, err)
	return map[string]string{".kici/workflows/ci.ts": workflow, ".kici/kici.lock.json": string(lock)}
}

// A signed delivery goes through the relay to the orchestrator, and an agent makes
// a green run of it; the relay knows its hash, and neither payload nor secret.
func TestThreeTiers(t *testing.T) {
	t.Parallel()
	w := startThreeTiers(t, "")
	files := project(t, exampleWorkflow)
	files["needle.txt"] = "x"
	sha, answers := w.forge.Push("me/app", forgetest.Change{Files: files, Message: "a-needle-in-the-payload"})
	if len(answers) != 1 || answers[0].Status != http.StatusOK || !strings.Contains(answers[0].Body, "requestId") {
		t.Fatalf("%+v", answers)
	}
	run := w.finished(t)
	if run.Status != status.RunSuccess || run.Ref.SHA != sha {
		t.Fatalf("%+v", run)
	}
	logged, err := w.admin.RelayedDeliveries(w.ctx, w.org.ID)
	check(t, err)
	if len(logged) != 1 || logged[0].Result != "accepted" || logged[0].Status != 200 || logged[0].Size == 0 || len(logged[0].Hash) != 64 || logged[0].SenderID != answers[0].ID {
		t.Fatalf("%+v", logged)
	}
	for _, name := range []string{"kici.db", "kici.db-wal"} {
		content, err := os.ReadFile(filepath.Join(w.dataDir, name))
		check(t, err)
		for _, secret := range []string{"needle", forgeSecret, w.key, w.key[len("kici_ok_")+8:]} {
			if strings.Contains(string(content), secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
}

// In mode hybrid deliveries come both ways, and one that comes both ways counts
// once; in mode platform a sender is sent to the relay; in mode independent nobody
// is connected.
func TestModes(t *testing.T) {
	t.Parallel()
	w := startThreeTiers(t, "hybrid")
	direct := httptest.NewServer(w.orch.Handler())
	t.Cleanup(direct.Close)
	w.forge.Hook(forgetest.Forgejo, direct.URL+"/webhook/default/generic/forge", forgeSecret)
	_, answers := w.forge.Push("me/app", forgetest.Change{Files: project(t, exampleWorkflow)})
	if len(answers) != 2 || answers[0].Status != http.StatusOK || answers[1].Status != http.StatusAccepted {
		t.Fatalf("%+v", answers)
	}
	w.finished(t)
	d := forgetest.NewDelivery(forgetest.Forgejo, forgeSecret, forgetest.Happening{Kind: forgetest.Push, Repo: "me/app", Ref: "refs/heads/main", After: strings.Repeat("1", 40)})
	for i, to := range []string{w.org.WebhookURL + "/generic/forge", direct.URL + "/webhook/default/generic/forge"} {
		req, err := http.NewRequest("POST", to, bytes.NewReader(d.Body))
		check(t, err)
		req.Header = d.Header.Clone()
		res, err := http.DefaultClient.Do(req)
		check(t, err)
		var told struct{ Duplicate bool }
		check(t, json.NewDecoder(res.Body).Decode(&told))
		check(t, res.Body.Close())
		if told.Duplicate != (i == 1) {
			t.Errorf("delivery %d: duplicate is %t", i, told.Duplicate)
		}
	}
	for _, c := range []kici.OrchestratorConfig{{Mode: "platform"}, {Mode: "hybrid", RelayURL: "http://relay"}, {Mode: "sometimes"}, {RelayURL: "relay", RelayKey: "k"}, {RelayURL: "ftp://relay", RelayKey: "k"}} {
		if _, err := kici.NewOrchestrator(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, err := kici.NewRelay(kici.RelayConfig{PublicURL: "relay", AdvertisedURL: "http://r", SecretKey: []byte("x"), OfferTimeout: -1}); err == nil ||
		strings.Count(err.Error(), "kici: ") != 3 {
		t.Errorf("not all is complained about: %v", err)
	}
}

// BenchmarkRelayedPush is a push from the delivery's first byte to the end of its run,
// through the relay and, to compare, to the same orchestrator directly: three tiers
// and a forge that serves the repository, all on one machine. The agent and the
// orchestrator have fetched the commit before.
func BenchmarkRelayedPush(b *testing.B) {
	w := startThreeTiers(b, "hybrid")
	direct := httptest.NewServer(w.orch.Handler())
	b.Cleanup(direct.Close)
	sha, _ := w.forge.Push("me/app", forgetest.Change{Files: project(b, exampleWorkflow)})
	w.finished(b)
	for _, c := range []struct {
		name, url string
		want      int
	}{{"relayed", w.org.WebhookURL + "/generic/forge", http.StatusOK}, {"direct", direct.URL + "/webhook/default/generic/forge", http.StatusAccepted}} {
		b.Run(c.name, func(b *testing.B) {
			var answers, ends []time.Duration
			last := w.started(b).ID
			for range b.N {
				d := forgetest.NewDelivery(forgetest.Forgejo, forgeSecret, forgetest.Happening{Kind: forgetest.Push, Repo: "me/app", Ref: "refs/heads/main", After: sha})
				req, err := http.NewRequest("POST", c.url, bytes.NewReader(d.Body))
				check(b, err)
				req.Header = d.Header
				begin := time.Now()
				res, err := http.DefaultClient.Do(req)
				check(b, err)
				answered := time.Since(begin)
				check(b, res.Body.Close())
				if res.StatusCode != c.want {
					b.Fatal(res.Status)
				}
				last = w.after(b, last)
				ended, err := w.orch.Wait(w.ctx, last)
				check(b, err)
				if ended.Status != status.RunSuccess {
					b.Fatalf("%+v", ended)
				}
				answers, ends = append(answers, answered), append(ends, time.Since(begin))
			}
			for name, ds := range map[string][]time.Duration{"answer": answers, "finish": ends} {
				slices.Sort(ds)
				b.ReportMetric(float64(ds[len(ds)/2].Microseconds())/1000, name+"-p50-ms")
				b.ReportMetric(float64(ds[len(ds)*99/100].Microseconds())/1000, name+"-p99-ms")
			}
		})
	}
}

// after waits for the run that comes after another one.
func (t *threeTiers) after(b testing.TB, id kici.RunID) kici.RunID {
	b.Helper()
	l := t.store.Listen(store.TopicRuns)
	defer l.Close()
	for {
		if next := t.started(b).ID; next != id {
			return next
		}
		_, err := l.Wait(t.ctx)
		check(b, err)
	}
}
