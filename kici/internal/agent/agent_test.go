package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
	"github.com/kici-dev/kici-go/kici/internal/link/sealed"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("echo", "await $`echo hello; pwd; git rev-parse HEAD; cat .kici/workflows/ci.ts | wc -l`; return { answer: 42 };")))
	b := start(t, nil)
	s := b.offer(r.assignment("echo"))
	res := s.wait(t)
	if res.Status != jobspec.Success || string(res.Outputs) != `{"answer":42}` {
		t.Fatalf("result %+v\n%v", res, s.logs)
	}
	want := []string{"accepted", "started", "context bare-metal embedded", "step 0 do running", "log 0", "step 0 do success", "finished success"}
	if got := s.told(); !slices.Equal(got, want) {
		t.Errorf("told %q\nwant %q", got, want)
	}
	if log := s.logs[0]; log[0] != "hello" || !strings.HasPrefix(log[1], b.data) || log[2] != r.SHA || log[3] != "2" {
		t.Errorf("log %q", log)
	}
	if prepare := strings.Join(s.logs[executor.PrepareRow], "\n"); !strings.Contains(prepare, r.SHA) {
		t.Errorf("prepare bucket %q", prepare)
	}
	if last := s.steps[len(s.steps)-1]; last.Bytes == 0 || last.Duration <= 0 {
		t.Errorf("step %+v", last)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("env", "await $`env | sort; tr '\\\\0' '\\\\n' < /proc/$PPID/environ || true`;")))
	a := r.assignment("env")
	a.Input.Variables = map[string]string{"COLOR": "green"}
	s := start(t, nil).offer(a)
	if res := s.wait(t); res.Status != jobspec.Success {
		t.Fatalf("%+v", res)
	}
	text := strings.Join(s.logs[0], "\n")
	for _, want := range []string{"KICI_RUN_ID=run-1", "KICI_JOB_NAME=env", "KICI_WORKFLOW_NAME=ci", "COLOR=green", "FORCE_COLOR=1", "PATH="} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "kat_") {
		t.Error("a step can read the agent's token")
	}
}

func TestMasking(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery"
	r := newRepository(t, agenttest.Flow(agenttest.Job("leak", "const s = await ctx.secrets.get('PASS'); await $`echo ${s}`; await ctx.emit?.('x', { s }); ctx.setSecretOutput('OUT', s + '!'); if (ctx.env.FAIL) throw new Error('bad ' + s); return { s };")))
	b := start(t, nil)
	for _, fail := range []bool{false, true} {
		private, public, err := sealed.Key()
		if err != nil {
			t.Fatal(err)
		}
		a := r.assignment("leak")
		a.RunPublicKey = public
		a.Secrets = []jobspec.Secret{{Key: "PASS", Value: secret}}
		if fail {
			a.Input.Variables = map[string]string{"FAIL": "1"}
		}
		s := b.offer(a)
		res := s.wait(t)
		raw, err := json.Marshal([]any{s.steps, s.logs, s.finished, s.emitted})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), secret) || !strings.Contains(string(raw), "***") {
			t.Errorf("not masked: %s", raw)
		}
		if fail {
			if res.Status != jobspec.Failed || res.FailedStep != "do" || res.Infrastructure || !strings.Contains(string(res.Failure), "bad ***") {
				t.Errorf("%+v", res)
			}
			continue
		}
		if v, err := sealed.Open(private, "OUT", s.finished.Secrets["OUT"]); err != nil || v != secret+"!" {
			t.Errorf("secret output %q, %v", v, err)
		}
		if !slices.Equal(res.SecretsRead, []string{"PASS"}) || string(res.Outputs) != `{"s":"***"}` {
			t.Errorf("%+v", res)
		}
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	files := agenttest.Flow(agenttest.Job("echo", "await $`echo hello`;"))
	files["config.json"] = "{}"
	files[".kici/workflows/ci.ts"] = strings.Replace(files[".kici/workflows/ci.ts"], "on: push()", "on: push(), hashFiles: ['config.json']", 1)
	r := newRepository(t, files)
	b := start(t, nil)
	if res := b.offer(r.assignment("echo")).wait(t); res.Status != jobspec.Success {
		t.Fatalf("a fresh lock: %+v", res)
	}
	for name, text := range map[string]string{"config.json": "{ }", ".kici/workflows/ci.ts": files[".kici/workflows/ci.ts"] + "// changed\n"} {
		r.Write(map[string]string{name: text})
		r.Commit()
		s := b.offer(r.assignment("echo"))
		res := s.wait(t)
		if res.Status != jobspec.Failed || res.Infrastructure || !strings.Contains(res.Reason, "lock file is out of date") || len(s.steps) > 0 {
			t.Errorf("%s: %+v, %d steps", name, res, len(s.steps))
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow("job('slow', { runsOn: 'default', gracePeriod: 1, onCancel: async ({ $ }) => { await $`echo hook ran`; }, steps: [step('do', async ({ $ }) => { await $`echo begun; sleep 300`; })] })"))
	b := start(t, nil)
	for _, force := range []bool{false, true} {
		a := r.assignment("slow")
		s := b.offer(a)
		s.await(t, "begun")
		if !b.Cancel(a.Ref, "somebody said so", force) {
			t.Fatal("the job is not here")
		}
		res := s.wait(t)
		if res.Status != jobspec.Cancelled {
			t.Errorf("force %v: %+v", force, res)
		}
		hook := strings.Contains(fmt.Sprint(s.logs), "hook ran")
		if hook == force {
			t.Errorf("force %v: hook ran: %v\n%v", force, hook, s.told())
		}
	}
	if b.Cancel(Ref{Job: "unknown"}, "", false) {
		t.Error("a job that is not here was cancelled")
	}
}

func TestSlotsDrainAndSupersede(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("wait", "await $`echo begun; while [ ! -e ${ctx.env.GATE} ]; do sleep 0.02; done`;")))
	b := start(t, func(c *Config) { c.Slots = 2 })
	gate := filepath.Join(t.TempDir(), "gate")
	offer := func(name string, fence int64) (Assignment, *scribe, error) {
		a := r.assignment("wait")
		a.Job, a.Fence, a.Input.Variables = name, fence, map[string]string{"GATE": gate}
		s := newScribe()
		return a, s, b.Offer(a, s)
	}
	first, s1, err := offer("one", 1)
	if err != nil {
		t.Fatal(err)
	}
	_, s2, err := offer("two", 1)
	if err != nil {
		t.Fatal(err)
	}
	s1.await(t, "begun")
	s2.await(t, "begun")
	if _, _, err := offer("three", 1); !errors.Is(err, ErrBusy) {
		t.Errorf("a third job of two slots: %v", err)
	}
	if err := b.Offer(first, newScribe()); err != nil || b.Active() != 2 {
		t.Errorf("the same attempt again: %v", err)
	}
	if _, _, err := offer("one", 2); !errors.Is(err, ErrBusy) {
		t.Errorf("a newer attempt while all slots are taken: %v", err)
	}
	if res := s1.wait(t); res.Status != jobspec.Cancelled {
		t.Errorf("the older attempt: %+v", res)
	}
	if n := len(b.InFlight()); n < 1 || n > 2 {
		t.Errorf("%d in flight", n)
	}
	b.Drain()
	if _, _, err := offer("four", 1); !errors.Is(err, ErrDraining) {
		t.Errorf("while draining: %v", err)
	}
	select {
	case <-b.Drained():
		t.Error("drained while a job runs")
	default:
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if res := s2.wait(t); res.Status != jobspec.Success {
		t.Errorf("%+v", res)
	}
	<-b.Drained()
	b.stop()
}

func TestStop(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("stubborn", "await $`trap '' TERM; echo begun; while true; do sleep 0.05; done`;")))
	b := start(t, func(c *Config) { c.Grace = 200 * time.Millisecond })
	s := b.offer(r.assignment("stubborn"))
	s.await(t, "begun")
	began := time.Now()
	b.stop()
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
	if res := s.wait(t); res.Status != jobspec.Cancelled {
		t.Errorf("%+v", res)
	}
}

func TestMatrixBundlesOnce(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow("job('m', { runsOn: 'default', matrix: ['a', 'b', 'c', 'd', 'e', 'f'], steps: [step('do', async (ctx) => { await ctx.$`echo ${JSON.stringify(ctx.matrix)}`; })] })"))
	b := start(t, func(c *Config) { c.Slots = 3 })
	var all []*scribe
	for _, v := range []string{"a", "b", "c", "d", "e", "f"} {
		a := r.assignment("m (" + v + ")")
		s := newScribe()
		for errors.Is(b.Offer(a, s), ErrBusy) {
			all[0].wait(t)
			all = all[1:]
		}
		all = append(all, s)
	}
	for _, s := range all {
		if res := s.wait(t); res.Status != jobspec.Success {
			t.Errorf("%+v", res)
		}
	}
	b.programs.mu.Lock()
	defer b.programs.mu.Unlock()
	if len(b.programs.kept) != 1 {
		t.Errorf("%d bundles", len(b.programs.kept))
	}
}

func TestPrepareAndFinally(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{".kici/workflows/ci.ts": "import { workflow, push, job, step, rule } from '@kici-dev/sdk';\nconsole.log('top level');\n" +
		"export default workflow('ci', { on: push(), rules: [rule('always', () => true)], onSuccess: async ({ $ }) => { await $`echo well done`; }, jobs: [job('a', { runsOn: 'default', matrix: () => ['x', 'y'], steps: [step('do', async () => {})] })] });\n"})
	b := start(t, nil)
	w := &r.Lock.Workflows[0]
	s := b.offer(r.of(jobspec.Spec{Kind: jobspec.KindPrepare, Workflow: w.Name, Source: w.Source, ContentHash: w.ContentHash, Name: "__prepare__", Base: "__prepare__", Prepare: jobspec.PrepareFor(w)}))
	res := s.wait(t)
	if res.Status != jobspec.Success || res.Prepared == nil || string(res.Prepared.Matrices[0]) != `["x","y"]` || len(res.Rules) != 1 {
		t.Errorf("%+v", res)
	}
	if !strings.Contains(strings.Join(s.logs[0], "\n"), "top level") || len(s.logs[executor.PrepareRow]) > 0 || len(s.steps) != 2 {
		t.Errorf("logs %v, steps %+v", s.logs, s.steps)
	}
	s = b.offer(r.of(jobspec.Spec{Kind: jobspec.KindFinally, Workflow: w.Name, Source: w.Source, ContentHash: w.ContentHash, Name: "__finally__ci", Base: "__finally__ci", Outcome: &jobspec.Outcome{Status: jobspec.Success}}))
	if res := s.wait(t); res.Status != jobspec.Success || !slices.Contains(s.logs[0], "well done") {
		t.Errorf("%+v %v", res, s.logs)
	}
}

func TestNoCheckout(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow("job('bare', { runsOn: 'default', checkout: false, steps: [step('do', async ({ $ }) => { await $`ls -A | wc -l`; })] })"))
	s := start(t, nil).offer(r.assignment("bare"))
	if res := s.wait(t); res.Status != jobspec.Success || s.logs[0][0] != "0" {
		t.Errorf("%+v %v", res, s.logs)
	}
}

func TestWhatCannotStart(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("echo", "await $`echo hello`;")))
	b := start(t, nil)
	for name, c := range map[string]struct {
		change func(*Assignment)
		reason string
		infra  bool
	}{
		"no such commit":    {func(a *Assignment) { a.Source.SHA = strings.Repeat("0", 40) }, "does not have the commit", true},
		"repository gone":   {func(a *Assignment) { a.Source.URL += "-gone" }, "does not exist", true},
		"a path as attempt": {func(a *Assignment) { a.Attempt = "../../up" }, "cannot be the name of a folder", true},
		"a file elsewhere":  {func(a *Assignment) { a.Spec.Source.File = "../x.ts" }, "in no .kici/workflows", false},
		"resources": {func(a *Assignment) {
			lock := *a.Spec.Lock
			a.Spec.Lock = &lock
			lock.Resources = json.RawMessage(`{"cpus":"many"}`)
		}, "resources", false},
		"no content hash": {func(a *Assignment) { a.Spec.ContentHash = "" }, "", false},
	} {
		a := r.assignment("echo")
		c.change(&a)
		res := b.offer(a).wait(t)
		if c.reason == "" {
			if res.Status != jobspec.Success {
				t.Errorf("%s: %+v", name, res)
			}
			continue
		}
		if res.Status != jobspec.Failed || res.Infrastructure != c.infra || !strings.Contains(res.Reason, c.reason) {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

// TestChildIsKilled: a step that ends the process it runs in loses its own job
// only.
func TestChildIsKilled(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("kill", "await $`(sleep 300 & echo $! > ${ctx.env.PIDS}); kill -9 $PPID`;"), agenttest.Job("echo", "await $`echo hello`;")))
	b := start(t, nil)
	a := r.assignment("kill")
	pids := filepath.Join(t.TempDir(), "pid")
	a.Input.Variables = map[string]string{"PIDS": pids}
	if res := b.offer(a).wait(t); res.Status != jobspec.Failed || !res.Infrastructure {
		t.Errorf("%+v", res)
	}
	if res := b.offer(r.assignment("echo")).wait(t); res.Status != jobspec.Success {
		t.Errorf("%+v", res)
	}
	pid, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		if state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat"); err == nil && !strings.Contains(string(state), ") Z ") {
			t.Errorf("a process of the job is left: %s", state)
		}
	}
}

// TestDependencies: what cannot be resolved from the clone fails with the name of
// the dependency, and untrusted runs leave no packages behind.
func TestDependencies(t *testing.T) {
	t.Parallel()
	files := agenttest.Flow(agenttest.Job("echo", "await $`echo hello`;"))
	r := newRepository(t, files)
	r.Write(map[string]string{".kici/package.json": `{"dependencies":{"shared":"workspace:*"}}`})
	r.Commit()
	b := start(t, nil)
	s := b.offer(r.assignment("echo"))
	res := s.wait(t)
	if res.Status != jobspec.Failed || res.Infrastructure || !strings.Contains(res.Reason, `"shared"`) || !strings.Contains(res.Reason, "workspace") || len(s.steps) > 0 {
		t.Errorf("%+v", res)
	}
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("npm is not installed: the install is not tested")
	}
	r = newRepository(t, files)
	files[".kici/workflows/ci.ts"] = "import { word } from 'lib';\n" + strings.Replace(files[".kici/workflows/ci.ts"], "echo hello", "echo ${word}", 1)
	r.Write(map[string]string{
		".kici/package.json": `{"dependencies":{"lib":"file:./lib"}}`, ".kici/lib/package.json": `{"name":"lib","version":"1.0.0","main":"i.js"}`,
		".kici/lib/i.js": "exports.word = 'from the package';\n", ".gitignore": "node_modules\n", ".kici/workflows/ci.ts": files[".kici/workflows/ci.ts"],
	})
	r.Commit()
	for _, scope := range []string{"fork", CacheTrusted} {
		a := r.assignment("echo")
		a.Spec.ContentHash, a.CacheScope = "", scope
		s := b.offer(a)
		if res := s.wait(t); res.Status != jobspec.Success || s.logs[0][0] != "from the package" {
			t.Errorf("%s: %+v %v", scope, res, s.logs)
		}
		if prepare := strings.Join(s.logs[executor.PrepareRow], "\n"); !strings.Contains(prepare, "dependencies installed") {
			t.Errorf("%s: prepare bucket %q", scope, prepare)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(b.data, "packages")); len(left) > 1 {
		t.Errorf("packages of %d scopes are kept", len(left))
	}
}

func TestOneFolderOneAgent(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	other, err := New(Config{DataDir: b.data})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Run(t.Context()); !errors.Is(err, ErrInUse) {
		t.Errorf("a second agent: %v", err)
	}
	for _, c := range []Config{{}, {DataDir: "relative"}, {DataDir: b.data, Slots: -1}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestLeftoversOfAKilledAgent(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	left := filepath.Join(data, "work", "att-1", "tree", "readonly")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "f"), nil, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(left, 0o500); err != nil {
		t.Fatal(err)
	}
	b := start(t, func(c *Config) { c.DataDir = data })
	if _, err := os.Stat(filepath.Join(data, "work", "att-1")); err == nil {
		t.Error("it is still there")
	}
	b.stop()
}

// What a job's child keeps in a temporary folder goes with the agent's data when
// both were killed.
func TestTemporaryFilesOfAKilledAgent(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("env", "await $`echo $KICI_ENV`; await $`echo \"[$TMPDIR]\"`;")))
	data := t.TempDir()
	old := filepath.Join(data, "tmp", "kici-job-1")
	if err := os.MkdirAll(old, 0o700); err != nil {
		t.Fatal(err)
	}
	b := start(t, func(c *Config) { c.DataDir, c.Environ = data, append(c.Environ, "TMPDIR=/the/machines") })
	if _, err := os.Stat(old); err == nil {
		t.Error("it is still there")
	}
	s := b.offer(r.assignment("env"))
	if res := s.wait(t); res.Status != jobspec.Success || !strings.HasPrefix(s.logs[0][0], filepath.Join(data, "tmp")) || s.logs[0][1] != "[/the/machines]" {
		t.Errorf("%+v %q", res, s.logs[0])
	}
	b.stop()
	if left, _ := os.ReadDir(filepath.Join(data, "tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
