package kici_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
)

const observedWorkflow = `
import { job, push, step, workflow } from '@kici-dev/sdk';
const a = job('a', { runsOn: 'default', steps: [step('greet', async ({ log }) => { log.info('hello'); })] });
const b = job('b', { runsOn: 'default', needs: [a], steps: [step('fall', async () => { throw new Error('down'); })] });
export default workflow('ci', { on: push({ branches: 'main' }), jobs: [a, b] });
`

// observed runs a workflow that fails, with metrics and spans, and gives what the
// two registries serve, and know.
func observed(t *testing.T) (names []string, spans tracetest.SpanStubs, pages []string) {
	t.Helper()
	repo, dir := forgetest.NewRepo(t), t.TempDir()
	file := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(observedWorkflow), 0o644); err != nil {
		t.Fatal(err)
	}
	if res, err := author.Compile(t.Context(), author.CompileOptions{Dir: dir}); err != nil || res.Failed() {
		t.Fatal(res, err)
	}
	lock, err := os.ReadFile(filepath.Join(dir, ".kici", "kici.lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	repo.Commit(t, forgetest.Change{Files: map[string]string{".kici/workflows/ci.ts": observedWorkflow, ".kici/kici.lock.json": string(lock)}})

	orchestrator, agent := prometheus.NewRegistry(), prometheus.NewRegistry()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	o, err := kici.NewOrchestrator(kici.OrchestratorConfig{Sources: []kici.SourceConfig{kici.LocalSource("here", repo.Dir)}, Version: "1.2.3"},
		kici.WithLogger(slog.New(slog.DiscardHandler)), kici.WithEnviron(os.Environ()), kici.WithMetrics(orchestrator), kici.WithTracerProvider(provider))
	if err != nil {
		t.Fatal(err)
	}
	a, err := kici.NewAgent(kici.AgentConfig{ID: "one", Labels: []string{"default"}}, kici.WithDialer(o.Dialer()), kici.WithLogger(slog.New(slog.DiscardHandler)), kici.WithEnviron(os.Environ()), kici.WithMetrics(agent))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return o.Run(ctx) })
	g.Go(func() error { return a.Run(ctx) })
	defer func() {
		stop()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	id, err := o.Trigger(ctx, "here", "push", "")
	if err != nil {
		t.Fatal(err)
	}
	started, err := o.Runs(ctx, id)
	if err != nil || len(started) != 1 {
		t.Fatal(started, err)
	}
	if run, err := o.Wait(ctx, started[0].ID); err != nil || run.Status != "failed" {
		t.Fatalf("%+v %v", run, err)
	}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	counted := func(h http.Handler, last ...string) string { // a moment after the commit that Wait heard of
		for {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
			body, _ := io.ReadAll(w.Body)
			if !slices.ContainsFunc(last, func(line string) bool { return !strings.Contains(string(body), line) }) {
				return string(body)
			}
			select {
			case <-ctx.Done():
				t.Fatalf("%q is not counted:\n%s", last, body)
			case <-look.C:
			}
		}
	}
	pages = []string{
		counted(o.Handler(), `kici_runs_finished_total{status="failed"} 1`, `kici_jobs_finished_total{status="failed"} 1`, "kici_job_duration_seconds_count 2", "kici_run_duration_seconds_count 1"),
		counted(a.Handler(), `kici_agent_jobs_total{status="failed"} 1`),
	}
	for _, reg := range []*prometheus.Registry{orchestrator, agent} {
		if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
			t.Errorf("lint: %+v %v", problems, err)
		}
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			names = append(names, f.GetName())
		}
	}
	for len(exporter.GetSpans()) < 6 { // delivery, run, two jobs, two steps: they are made after the run was over
		select {
		case <-ctx.Done():
			t.Fatal("the spans do not come")
		case <-look.C:
		}
	}
	return names, exporter.GetSpans(), pages
}

func TestObserved(t *testing.T) {
	t.Parallel()
	_, spans, pages := observed(t)
	for page, wants := range map[int][]string{
		0: {`kici_webhooks_received_total{event="`, `kici_webhooks_processed_total{result="matched"} 1`, "kici_jobs_dispatched_total 2", `kici_jobs_finished_total{status="failed"} 1`,
			`kici_jobs_finished_total{status="success"} 1`, `kici_runs_finished_total{status="failed"} 1`, "kici_run_duration_seconds_count 1", "kici_job_queue_wait_seconds_count 2", "kici_job_duration_seconds_count 2",
			"kici_agents_active 1", "kici_dispatch_queue_depth 0", "kici_store_up 1", "kici_orch_event_dlq_depth 0", `kici_build_info{version="1.2.3"} 1`, "kici_trigger_match_duration_seconds_count 1",
			`kici_agent_connection_status{agent_id="one"} 1`, `kici_agent_clone_duration_seconds_count{agent_id="one"} 0`},
		1: {`kici_agent_jobs_total{status="failed"} 1`, `kici_agent_jobs_total{status="success"} 1`, "kici_agent_connection_status 1", "kici_agent_clone_duration_seconds_count 2", "kici_agent_log_bytes_total"},
	} {
		for _, w := range wants {
			if !strings.Contains(pages[page], w) {
				t.Errorf("page %d does not say %q:\n%s", page, w, pages[page])
			}
		}
	}

	// One trace; every span lies in the one above it, in time too.
	byName := map[string]tracetest.SpanStub{}
	for _, s := range spans {
		byName[s.Name] = s
		if s.SpanContext.TraceID() != spans[0].SpanContext.TraceID() {
			t.Errorf("%s is of another trace", s.Name)
		}
	}
	for child, parent := range map[string]string{"run ci": "delivery push", "job a": "run ci", "job b": "run ci", "step greet": "job a", "step fall": "job b"} {
		c, p := byName[child], byName[parent]
		if c.Parent.SpanID() != p.SpanContext.SpanID() || !c.SpanContext.IsValid() {
			t.Errorf("%s is not below %s: %+v", child, parent, byName)
		}
		if c.EndTime.Before(c.StartTime) || parent != "delivery push" && (c.StartTime.Before(p.StartTime) || c.EndTime.After(p.EndTime)) {
			t.Errorf("%s %s to %s, %s %s to %s", child, c.StartTime, c.EndTime, parent, p.StartTime, p.EndTime)
		}
	}
	if s := byName["step fall"].Status; !strings.Contains(s.Description, "down") {
		t.Errorf("%+v", s)
	}
}

// The dashboard shows metrics that exist, and the documentation lists all of them.
func TestDashboard(t *testing.T) {
	t.Parallel()
	names, _, _ := observed(t)
	text, err := os.ReadFile(filepath.Join("..", "docs", "grafana-dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	// Vectors that nothing was counted in are not there yet.
	quietOnes := []string{"kici_orch_dispatch_queue_depth", "kici_platform_connection_status"}
	seen := 0
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			for _, name := range regexp.MustCompile(`kici_[a-z_]+`).FindAllString(target.Expr, -1) {
				seen++
				base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
				if !slices.Contains(names, name) && !slices.Contains(names, base) && !slices.Contains(quietOnes, name) {
					t.Errorf("the dashboard shows %s, which is no metric", name)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("the dashboard shows only %d metrics", seen)
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range append(names, quietOnes...) {
		if !strings.Contains(string(page), "`"+n) {
			t.Errorf("docs/monitoring.md does not explain %s", n)
		}
	}
}
