package orchestrator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/kici/internal/link/agentend"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
)

func TestMain(m *testing.M) {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// house is both tiers, over a wire that the test chooses.
type house struct {
	t     *testing.T
	orch  *orchestrator.Orchestrator
	rooms *orchestrator.Rooms
	ctx   context.Context
	dir   string
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, workflow string, wire ...pipe.Option) *house {
	t.Helper()
	return startWith(t, workflow, nil, wire...)
}

func startWith(t *testing.T, workflow string, change []func(*orchestrator.Options), wire ...pipe.Option) *house {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	h := &house{t: t, dir: t.TempDir()}
	repository(t, h.dir, workflow)
	// The window is far below the frames that a wire lasts: a connection that ends
	// while it repeats what the one before had said gets nowhere.
	quick := session.Options{Resend: 30 * time.Millisecond, Window: 32}
	o := orchestrator.Options{
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Providers: map[string]provider.Provider{}, Wire: wire, Session: quick,
	}
	for _, c := range change {
		c(&o)
	}
	orchestrator.Defaults(&o, os.Environ(), nil)
	config, err := json.Marshal(map[string]string{"path": h.dir})
	must(t, err)
	h.orch, err = orchestrator.New(orchestrator.Config{Sources: []orchestrator.Source{{Name: "here", Kind: "local", Config: config}}}, o)
	must(t, err)
	a, err := agent.New(agent.Config{DataDir: t.TempDir(), Slots: 2, Environ: os.Environ()})
	must(t, err)
	link, err := agentend.New(agentend.Config{
		Dialer: h.orch.Dialer(), AgentID: "one", Session: quick, Backoff: transport.Backoff{First: 20 * time.Millisecond, Max: 50 * time.Millisecond},
	}, a)
	must(t, err)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.orch.Run(gctx) })
	g.Go(func() error { return link.Run(gctx) })
	t.Cleanup(func() {
		stop()
		must(t, g.Wait())
	})
	h.ctx = gctx
	h.rooms, err = h.orch.Rooms(gctx)
	must(t, err)
	return h
}

func repository(t *testing.T, dir, workflow string) {
	t.Helper()
	path := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(workflow), 0o644))
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	res, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir})
	if err != nil || res.Failed() {
		t.Fatal(res.Diagnostics, err)
	}
	git("add", ".")
	git("-c", "user.name=me", "-c", "user.email=me@localhost", "commit", "-qm", "start")
}

// push starts the run of a push and waits for its end.
func (h *house) push() (*engine.Run, []engine.Job) {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.ctx, 3*time.Minute)
	defer stop()
	id, err := h.rooms.Trigger(ctx, "here", local.Trigger{Event: "push"})
	must(h.t, err)
	started, err := h.rooms.Started(ctx, id)
	must(h.t, err)
	if len(started) != 1 {
		h.t.Fatalf("%d runs", len(started))
	}
	for _, err := range h.rooms.Runs.Watch(ctx, started[0].ID, 0) {
		must(h.t, err)
	}
	run, jobs, err := h.rooms.Lookup(ctx, started[0].ID)
	must(h.t, err)
	return run, jobs
}

// log reads what a job printed in a step.
func (h *house) log(j *engine.Job, step int) []string {
	h.t.Helper()
	var attempts []engine.Attempt
	must(h.t, h.rooms.Store.View(h.ctx, func(tx store.Tx) (err error) {
		attempts, err = tx.Queue().Attempts(h.ctx, j.ID)
		return err
	}))
	var out []string
	for line, err := range h.rooms.Logs.Read(h.ctx, logs.Query{Attempt: attempts[len(attempts)-1].ID, Steps: []int{step}}) {
		must(h.t, err)
		out = append(out, line.Text)
	}
	return out
}

// awful is a wire that does to frames whatever a wire can.
func awful() []pipe.Option {
	return []pipe.Option{pipe.Seed(7), pipe.Spare(4), pipe.Lossy(0.03), pipe.Reorder(4), pipe.Duplicate(0.1), pipe.Delay(0, time.Millisecond)}
}

// overWires runs a test over a good wire and over an awful one.
func overWires(t *testing.T, test func(t *testing.T, wire ...pipe.Option)) {
	t.Helper()
	for name, wire := range map[string][]pipe.Option{"good": nil, "awful": awful()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, wire...)
		})
	}
}

// busy is a workflow that reports much: outputs, steps, and two thousand lines.
const busy = `
import { job, push, step, workflow } from '@kici-dev/sdk';
const a = job('a', { runsOn: 'default', steps: [
  step('count', async ({ $ }) => { await $` + "`seq 2000`" + `; }),
  ...Array.from({ length: 30 }, (_, i) => step('s' + i, async () => ({ i }))),
] });
const b = job('b', { runsOn: 'default', needs: [a], run: async ({ inputs, log }) => { log.info(JSON.stringify(inputs)); } });
const c = job('c', { runsOn: 'default', needs: [a], run: async ({ $ }) => { await $` + "`false`" + `; } });
export default workflow('ci', { on: push(), jobs: [a, b, c] });
`

// Whatever a wire does to frames, a run ends as it should, with every line there
// once and in order.
func TestBadWires(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string][]pipe.Option{
		"good":       nil,
		"lossy":      {pipe.Seed(3), pipe.Spare(4), pipe.Lossy(0.05)},
		"reordering": {pipe.Seed(4), pipe.Spare(4), pipe.Reorder(6)},
		"doubling":   {pipe.Seed(5), pipe.Spare(4), pipe.Duplicate(0.2)},
		"slow":       {pipe.Seed(6), pipe.Delay(0, 3*time.Millisecond)},
		"all of it":  awful(),
		"cut":        {pipe.Seed(8), pipe.Spare(4), pipe.Cut(250)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, busy, wire...)
			run, jobs := h.push()
			if run.Status != status.RunFailed || !strings.Contains(run.Reason, "c") {
				t.Errorf("the run is %s: %s", run.Status, run.Reason)
			}
			got := map[string]status.Job{}
			for _, j := range jobs {
				got[j.Name] = j.Status
			}
			if fmt.Sprint(got) != "map[a:success b:success c:failed]" {
				t.Errorf("%v", got)
			}
			want := make([]string, 2000)
			for i := range want {
				want[i] = fmt.Sprint(i + 1)
			}
			if lines := h.log(&jobs[0], 0); !slices.Equal(lines, want) {
				t.Errorf("%d lines, from %q", len(lines), lines[:min(3, len(lines))])
			}
			h.once(run.ID)
		})
	}
}

// once: each end was announced once.
func (h *house) once(id engine.RunID) {
	h.t.Helper()
	seen := map[string]int{}
	for e, err := range h.rooms.Runs.Watch(h.ctx, id, 0) {
		must(h.t, err)
		if e.Kind == runs.KindJobFinished || e.Kind == runs.KindRunFinished {
			seen[e.Kind+" "+string(e.Job)]++
		}
	}
	for what, n := range seen {
		if n != 1 {
			h.t.Errorf("%s %d times", what, n)
		}
	}
}
