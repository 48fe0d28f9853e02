package kicitest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/kicitest"
)

const mixed = `export default workflow('ci', { on: push(), jobs: [
  job('good', { runsOn: 'x', rules: [rule('yes', () => true)], steps: [step('s', ({ log, emit }) => { log.info('hello'); log.info('bye'); return emit('e', { n: 1 }).then(() => ({ v: { w: 2 } })); })] }),
  job('bad', { runsOn: 'x', steps: [step('t', async ({ $ }) => { await $` + "`x`" + `; })] }),
] });`

// Every question that is answered wrong fails the test, and says what there is
// instead.
func TestWantsThatAreNotMet(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		ask  func(*kicitest.Run)
		want string
	}{
		{"status", func(r *kicitest.Run) { r.WantSuccess() }, `the run: it is "failed" (x: exit code 3), want "success"`},
		{"workflow", func(r *kicitest.Run) { r.Workflow("ci").WantSkipped() }, `workflow ci: it is "failed"`},
		{"job", func(r *kicitest.Run) { r.Job("good").WantFailed() }, `job good: it is "success", want "failed"`},
		{"step", func(r *kicitest.Run) { r.Job("bad").Step("t").WantCancelled() }, `step t of job bad: it is "failed" (x: exit code 3), want "cancelled"`},
		{"no such workflow", func(r *kicitest.Run) { r.Workflow("cd") }, `FATAL kicitest: workflow "cd" did not run, ran: ci`},
		{"no such job", func(r *kicitest.Run) { r.Job("god") }, `FATAL kicitest: there is no job "god", there are: good, bad`},
		{"no such step", func(r *kicitest.Run) { r.Job("good").Step("x") }, `FATAL kicitest: job good has run no step "x", there are: s`},
		{"jobs", func(r *kicitest.Run) { r.WantJobs(map[string]kicitest.Status{"good": kicitest.Succeeded}) }, `the jobs are {"bad":"failed","good":"success"}`},
		{"log", func(r *kicitest.Run) { r.Job("good").WantLog("hello", "farewell") }, "lacks \"farewell\":\n    hello\n    bye"},
		{"order of the log", func(r *kicitest.Run) { r.Job("good").WantLog("bye", "hello") }, `has "hello" only before`},
		{"no log", func(r *kicitest.Run) { r.Job("good").WantNoLog("hello") }, `the output has "hello"`},
		{"output", func(r *kicitest.Run) { r.Job("good").WantOutput("v.w", 3) }, `output "v.w" is 2, want 3`},
		{"missing output", func(r *kicitest.Run) { r.Job("good").WantOutput("v.x", 3) }, `no output "v.x", only {"v":{"w":2}}`},
		{"no outputs", func(r *kicitest.Run) { r.Job("bad").WantOutput("v", 3) }, `no output "v", only null`},
		{"rule", func(r *kicitest.Run) { r.Job("good").WantRule("yes", false) }, `rule "yes" said true, want false`},
		{"no such rule", func(r *kicitest.Run) { r.Job("good").WantRule("no", false) }, `no rule "no" was asked`},
		{"failure", func(r *kicitest.Run) { r.Job("bad").WantFailure("exit code 4") }, `does not say "exit code 4"`},
		{"no failure", func(r *kicitest.Run) { r.Job("good").WantFailure("x") }, `nothing failed, want a failure that says "x"`},
		{"place", func(r *kicitest.Run) { r.Job("bad").WantAt("ci.ts:9") }, `its failure is at ".kici/workflows/ci.ts:4", want ci.ts:9`},
		{"file of the place", func(r *kicitest.Run) { r.Job("bad").WantAt("i.ts") }, "want i.ts"},
		{"no place", func(r *kicitest.Run) { r.Job("good").WantAt("ci.ts") }, "its failure is at no place"},
		{"reason", func(r *kicitest.Run) { r.Workflow("ci").WantReason("weather") }, `which lacks "weather"`},
		{"ran", func(r *kicitest.Run) { r.WantRan("y") }, `the command "y" did not run (in the order ["y"]); ran: ["x"]`},
		{"not ran", func(r *kicitest.Run) { r.WantNotRan("x") }, `the command "x" ran`},
		{"emitted", func(r *kicitest.Run) { r.WantEmitted("e", map[string]int{"n": 2}) }, `event "e" was not emitted with {"n":2}, but: [{"Workflow":"ci","Job":"good","Name":"e","Payload":{"n":1}}]`},
		{"duration", func(r *kicitest.Run) { r.WantDuration(time.Second) }, "it took 1m0s, want 1s"},
		{"duration of a job", func(r *kicitest.Run) { r.Job("bad").WantDuration(time.Second) }, "it took 1m0s, want 1s"},
		{"needs", func(r *kicitest.Run) { r.Job("bad").WantNeeds("good") }, `it waits for [], want ["good"]`},
		{"steps", func(r *kicitest.Run) { r.Job("bad").WantSteps("a") }, `its steps are ["t"], want ["a"]`},
		{"not started", func(r *kicitest.Run) { r.WantNotStarted("branches") }, `no reason says "branches"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := failures(t, func(t kicitest.T) {
				c.ask(flow(t, mixed, kicitest.Command("x").Complains("it broke").Takes(time.Minute).Exits(3)).Push("main"))
			})
			wantText(t, got, c.want)
			if !strings.Contains(c.want, "FATAL") {
				wantText(t, got, "push main: failed", "✗ t  1m0s  ci.ts:4  x: exit code 3", "output of bad:\n    it broke")
			}
		})
	}
}

// The same questions, answered right, are silent; so is a comparison of data.
func TestWantsThatAreMet(t *testing.T) {
	t.Parallel()
	run := flow(t, mixed, kicitest.Command("x").Exits(3)).Push("main").WantFailed().WantRan("x").WantNotRan("y").WantEmitted("e", map[string]int{"n": 1})
	run.WantJobs(map[string]kicitest.Status{"good": kicitest.Succeeded, "bad": kicitest.Failed})
	run.Workflow("ci").WantFailed().WantReason("bad").WantAt("ci.ts:4").Job("good").WantSuccess().WantNeeds().WantSteps("s").
		WantRule("yes", true).WantOutput("v", map[string]int{"w": 2}).WantOutput("v.w", 2).WantLog("hello", "bye").WantNoLog("x")
	run.Job("bad").Step("t").WantFailure("exit code 3").WantAt("workflows/ci.ts:4").WantAt("ci.ts")
	want := kicitest.StepResult{Name: "s", Kind: "step", Status: kicitest.Succeeded, Outputs: map[string]any{"v": map[string]any{"w": 2.0}}, Log: "hello\nbye\n", File: ".kici/workflows/ci.ts", Line: 3}
	if diff := cmp.Diff(want, run.Job("good").Step("s").StepResult); diff != "" {
		t.Errorf("step (-want +got):\n%s", diff)
	}
}

func TestWorkflowsThatDoNotCompile(t *testing.T) {
	t.Parallel()
	got := failures(t, func(t kicitest.T) {
		flow(t, `export default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'x', needs: ['b'], run: () => {} })] });`)
	})
	wantText(t, got, "FATAL kicitest: the workflows do not compile:", "E101", "ci.ts:2")
	got = failures(t, func(t kicitest.T) { kicitest.Load(t, "testdata/nothing/.kici") })
	wantText(t, got, "FATAL kicitest: ")
	got = failures(t, func(t kicitest.T) { kicitest.Source(t, map[string]string{"../x": ""}) })
	wantText(t, got, `"../x" is no path of a file in a repository`)
	list := kicitest.Diagnose(t, map[string]string{"ci.ts": "export default 1"})
	if len(list) == 0 || list[0].Severity != author.SeverityError {
		t.Errorf("diagnostics %v", list)
	}
}

func TestFreshLock(t *testing.T) {
	t.Parallel()
	stale := flow(t, one(""))
	wf := kicitest.Source(t, map[string]string{"ci.ts": ci, ".kici/kici.lock.json": string(stale.Lock())})
	got := failures(t, func(t kicitest.T) { wf.With(t).WantFreshLock() })
	wantText(t, got, "the lock file is stale, run `kici compile`")
	kicitest.Source(t, map[string]string{"ci.ts": ci, ".kici/kici.lock.json": string(wf.Lock())}).WantFreshLock()
	if diff := cmp.Diff([]string{"ci"}, wf.Workflows()); diff != "" {
		t.Errorf("workflows: %s", diff)
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := kicitest.Outside(&out)
	var order []int
	p.Cleanup(func() { order = append(order, 1) })
	p.Cleanup(func() { order = append(order, 2) })
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, kicitest.ErrFatal) {
				t.Errorf("recovered %v", err)
			}
		}()
		flow(p, one("")).Push("main").Job("nowhere")
	}()
	p.Close()
	p.Close()
	if diff := cmp.Diff([]int{2, 1}, order); diff != "" || !p.Failed() {
		t.Errorf("failed %t, order: %s", p.Failed(), diff)
	}
	wantText(t, out.String(), `there is no job "nowhere"`)
}
