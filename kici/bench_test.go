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
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/standard"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// tiers is an orchestrator behind a port and an agent that dials it.
type tiers struct {
	orch *kici.Orchestrator
	url  string
	ctx  context.Context
	head string
}

// start brings the tiers up on a store, "sqlite" or "postgres" with fsync.
func startTiers(b testing.TB, workflow, on string, slots int) *tiers {
	b.Helper()
	dir := b.TempDir()
	head, err := makeRepository(dir, workflow)
	check(b, err)
	t := bringUp(b, kici.SourceConfig{Name: "shop", Kind: "local", Config: json.RawMessage(fmt.Sprintf(`{"path":%q,"rateLimitRpm":0}`, dir))}, on, slots)
	t.head = head
	return t
}

func bringUp(b testing.TB, source kici.SourceConfig, on string, slots int) *tiers {
	b.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log, env := kici.WithLogger(slog.New(slog.DiscardHandler)), kici.WithEnviron(os.Environ())
	opts := []kici.OrchestratorOption{log, env}
	if on == "postgres" {
		server, err := storetest.Postgres(ctx, true)
		check(b, err)
		b.Cleanup(func() { check(b, server.Stop()) })
		s, err := postgres.Open(ctx, postgres.Config{URL: server.URL})
		check(b, err)
		b.Cleanup(func() { check(b, s.Close()) })
		opts = append(opts, kici.WithStore(s))
	}
	forges, err := standard.OrchestratorOptions(standard.Orchestrator{DataDir: b.TempDir(), Environ: os.Environ()})
	check(b, err)
	opts = append(forges, opts...) // a store that was given before takes its place
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	orch, err := kici.NewOrchestrator(kici.OrchestratorConfig{DataDir: b.TempDir(), AgentAuth: "none", MaxLogBytes: 1 << 30, PublicURL: server.URL, Sources: []kici.SourceConfig{source}}, opts...)
	check(b, err)
	handler = orch.Handler()
	agent, err := kici.NewAgent(kici.AgentConfig{Slots: slots, MaxLogBytes: 1 << 30, URL: strings.Replace(server.URL, "http", "ws", 1) + "/ws", DataDir: b.TempDir()}, log, env)
	check(b, err)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return orch.Run(gctx) })
	<-orch.Ready()
	g.Go(func() error { return agent.Run(gctx) })
	<-agent.Ready()
	b.Cleanup(func() {
		stop()
		check(b, g.Wait())
		server.Close()
	})
	return &tiers{orch: orch, url: server.URL, ctx: gctx}
}

func check(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// push posts a delivery and waits for its run. It returns how long the answer
// took, and the end.
func (t *tiers) push(b testing.TB) (answered, finished time.Duration) {
	b.Helper()
	body := fmt.Sprintf(`{"event":"push","ref":"refs/heads/main","sha":%q}`, t.head)
	begin := time.Now()
	r, err := http.Post(t.url+"/webhook/default/local/shop", "application/json", bytes.NewReader([]byte(body)))
	check(b, err)
	var receipt struct{ DeliveryID kici.DeliveryID }
	check(b, json.NewDecoder(r.Body).Decode(&receipt))
	check(b, r.Body.Close())
	answered = time.Since(begin)
	t.wait(b, receipt.DeliveryID)
	return answered, time.Since(begin)
}

// wait follows the one run of a delivery to its good end.
func (t *tiers) wait(b testing.TB, delivery kici.DeliveryID) {
	b.Helper()
	runs, err := t.orch.Runs(t.ctx, delivery)
	check(b, err)
	if len(runs) != 1 {
		b.Fatalf("%d runs", len(runs))
	}
	run, err := t.orch.Wait(t.ctx, runs[0].ID)
	check(b, err)
	if run.Status != status.RunSuccess {
		b.Fatalf("%s: %s", run.Status, run.Reason)
	}
}

func echoJob(name string, needs ...string) string {
	n := ""
	if len(needs) > 0 {
		n = "needs: [" + strings.Join(needs, ", ") + "], "
	}
	return fmt.Sprintf("const %s = job('%s', { runsOn: 'default', %ssteps: [step('echo', async ({ $ }) => { await $`echo hello`; })] });\n", name, name, n)
}

func workflowOf(jobs string, names ...string) string {
	return "import { job, push, step, workflow } from '@kici-dev/sdk';\n" + jobs +
		"export default workflow('ci', { on: push({ branches: 'main' }), jobs: [" + strings.Join(names, ", ") + "] });\n"
}

// BenchmarkPush is a push from the delivery's first byte to the end of its run,
// everything on one machine, the agent on a socket and its objects cached.
func BenchmarkPush(b *testing.B) {
	fan, names := "", []string(nil)
	for i := range 10 {
		n := fmt.Sprint("j", i)
		fan, names = fan+echoJob(n), append(names, n)
	}
	steps := "const a = job('a', { runsOn: 'default', steps: [" + strings.Repeat("step(async ({ $ }) => { await $`echo hello`; }), ", 200) + "] });\n"
	for _, c := range []struct{ name, workflow string }{
		{"echo", workflowOf(echoJob("a"), "a")},
		{"chain3", workflowOf(echoJob("a")+echoJob("b", "a")+echoJob("c", "b"), "a", "b", "c")},
		{"fan10", workflowOf(fan, names...)},
		{"steps200", workflowOf(steps, "a")},
	} {
		for _, on := range []string{"sqlite", "postgres"} {
			b.Run(c.name+"/"+on, func(b *testing.B) {
				t := startTiers(b, c.workflow, on, 4)
				t.push(b) // objects and programs are cached from here on
				var answers, ends []time.Duration
				b.ResetTimer()
				for range b.N {
					a, f := t.push(b)
					answers, ends = append(answers, a), append(ends, f)
				}
				b.StopTimer()
				for name, ds := range map[string][]time.Duration{"answer": answers, "finish": ends} {
					slices.Sort(ds)
					b.ReportMetric(float64(ds[len(ds)/2].Microseconds())/1000, name+"-p50-ms")
					b.ReportMetric(float64(ds[len(ds)*99/100].Microseconds())/1000, name+"-p99-ms")
				}
			})
		}
	}
}

// BenchmarkPushFresh is a push of a commit that nobody has seen: the lock file is
// read and the work tree fetched, from a repository on this disk or from a forge by
// git over HTTP.
func BenchmarkPushFresh(b *testing.B) {
	for _, from := range []string{"local", "http"} {
		for _, on := range []string{"sqlite", "postgres"} {
			b.Run(from+"/"+on, func(b *testing.B) {
				f := newFresh(b, from, on)
				f.push(b) // the repository is cloned, the program cached
				var ends []time.Duration
				b.ResetTimer()
				for range b.N {
					ends = append(ends, f.push(b))
				}
				b.StopTimer()
				slices.Sort(ends)
				b.ReportMetric(float64(ends[len(ends)/2].Microseconds())/1000, "finish-p50-ms")
				b.ReportMetric(float64(ends[len(ends)*99/100].Microseconds())/1000, "finish-p99-ms")
			})
		}
	}
}

// fresh is a repository that gets commits.
type fresh struct {
	*tiers
	forge *forgetest.Forge // nil for one on the disk
	repo  *forgetest.Repo
	n     int
}

func newFresh(b *testing.B, from, on string) *fresh {
	b.Helper()
	const secret = "a secret of the forge"
	f := &fresh{repo: forgetest.NewRepo(b)}
	source := kici.SourceConfig{Name: "shop", Kind: "local", Config: json.RawMessage(fmt.Sprintf(`{"path":%q,"rateLimitRpm":0}`, f.repo.Dir))}
	if from == "http" {
		f.forge = forgetest.Start(b, forgetest.Options{})
		f.repo = f.forge.CreateRepo("me/app")
		source = kici.SourceConfig{Name: "shop", Kind: "gitea", Config: json.RawMessage(fmt.Sprintf(
			`{"preset":"gitea","verificationConfig":{"secret":%q},"gitUrlTemplate":%q,"rateLimitRpm":0}`, secret, f.forge.Template()))}
	}
	f.tiers = bringUp(b, source, on, 1)
	if f.forge != nil {
		f.forge.Hook(forgetest.Gitea, f.url+"/webhook/default/generic/shop", secret)
	}
	dir := b.TempDir()
	_, err := makeRepository(dir, workflowOf(echoJob("a"), "a"))
	check(b, err)
	files := map[string]string{}
	for _, name := range []string{".kici/workflows/ci.ts", ".kici/kici.lock.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		check(b, err)
		files[name] = string(text)
	}
	f.repo.Commit(b, forgetest.Change{Files: files})
	return f
}

// push makes a commit, tells the orchestrator, and says how long that took to its
// run's end.
func (f *fresh) push(b *testing.B) time.Duration {
	b.Helper()
	f.n++
	before := f.repo.Tip(b, "refs/heads/main")
	f.head = f.repo.Commit(b, forgetest.Change{Files: map[string]string{"n": fmt.Sprint(f.n)}})
	if f.forge == nil {
		_, finished := f.tiers.push(b)
		return finished
	}
	begin := time.Now()
	answers := f.forge.Announce(forgetest.Happening{Kind: forgetest.Push, Repo: "me/app", Ref: "refs/heads/main", Before: before, After: f.head})
	var receipt struct{ DeliveryID kici.DeliveryID }
	check(b, json.Unmarshal([]byte(answers[0].Body), &receipt))
	f.wait(b, receipt.DeliveryID)
	return time.Since(begin)
}

// BenchmarkJobs is how many jobs a second go through both tiers, each in a child
// process of its own, with a work tree and one step that does nothing. An op is a
// run of twenty.
func BenchmarkJobs(b *testing.B) {
	const n = 20
	jobs, names := "", []string(nil)
	for i := range n {
		name := fmt.Sprint("j", i)
		jobs, names = jobs+fmt.Sprintf("const %s = job('%s', { runsOn: 'default', run: async () => {} });\n", name, name), append(names, name)
	}
	for _, on := range []string{"sqlite", "postgres"} {
		b.Run(on, func(b *testing.B) {
			t := startTiers(b, workflowOf(jobs, names...), on, 4)
			t.push(b)
			b.ResetTimer()
			for range b.N {
				t.push(b)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}

// logMegabytes is what the step of BenchmarkLog prints.
const logMegabytes = 100

// BenchmarkLog is a step that prints 100 MB in lines of 80, from the process to
// the store, nothing lost: MB/s over the whole run.
func BenchmarkLog(b *testing.B) {
	line := strings.Repeat("0123456789", 7) + "012345678"
	flood := "const a = job('a', { runsOn: 'default', steps: [step('flood', async ({ $ }) => { await $`set +o pipefail; yes " + line +
		" | head -c 100000000`; })] });\n"
	for _, on := range []string{"sqlite", "postgres"} {
		b.Run(on, func(b *testing.B) {
			t := startTiers(b, workflowOf(flood, "a"), on, 1)
			b.ResetTimer()
			for range b.N {
				t.push(b)
			}
			b.ReportMetric(float64(b.N)*logMegabytes/b.Elapsed().Seconds(), "MB/s")
		})
	}
}
