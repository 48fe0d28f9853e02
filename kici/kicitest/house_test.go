package kicitest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

const shopFlow = `
import { workflow, job, step, push, kiciEvent } from '@kici-dev/sdk';
const test = job('test', { runsOn: 'linux', steps: [step('unit', async ({ $ }) => { await $` + "`npm test`" + `; return { n: 41 }; })] });
const deploy = job('deploy', {
	runsOn: 'linux', needs: [test],
	cleanup: async ({ $ }) => { await $` + "`./unlock.sh`" + `; },
	steps: [step('release', async ({ $, secrets, emit, inputs }) => {
		await secrets.expose('KEY');
		await $` + "`./deploy.sh`" + `;
		await emit('released', { n: inputs.test.n });
	})],
});
export const ci = workflow('ci', { on: push({ branches: 'main', paths: ['src/**'] }), jobs: [test, deploy] });
export const tell = workflow('tell', { on: kiciEvent({ name: 'released' }), jobs: [job('tell', { runsOn: 'linux', run: async ({ $, rawPayload }) => { await $` + "`./tell ${rawPayload.payload.n}`" + `; } })] });
`

func TestHouse(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]func(kicitest.T, map[string]string, func(*kicitest.House), ...kicitest.Option){
		"virtual": kicitest.InHouse,
		"real": func(t kicitest.T, files map[string]string, test func(*kicitest.House), o ...kicitest.Option) {
			test(kicitest.NewHouse(t, files, o...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, map[string]string{"ci.ts": shopFlow, "src/a.ts": "1"}, func(h *kicitest.House) {
				h.Command("npm test").Prints("41 passed")
				h.Command("./deploy.sh").Prints("used k3y-k3y-k3y")
				h.Command("./unlock.sh")
				h.CommandPrefix("./tell")
				begin := time.Now()
				run := h.Push("main", kicitest.File("src/a.ts", "2")).Wait()
				run.WantSuccess().WantRan("npm test", "./deploy.sh", "./unlock.sh").WantEmitted("released", map[string]int{"n": 41})
				run.Job("test").WantLog("41 passed").WantOutput("n", 41)
				run.Job("deploy").WantLog("used ***").WantNoLog("k3y").WantNeeds("test").WantSteps("release", "cleanup")
				h.T().Logf("%v\n%s", time.Since(begin), run.Tree())
				h.Push("main", kicitest.File("README.md", "x")).Wait().WantNotStarted("README.md")
			}, kicitest.Secret("KEY", "k3y-k3y-k3y"))
		})
	}
}

const slow = `
import { workflow, job, step, push } from '@kici-dev/sdk';
export default workflow('ci', { on: push(), jobs: [job('test', {
	runsOn: 'linux',
	onCancel: async ({ $ }) => { await $` + "`./undo.sh`" + `; },
	steps: [step('unit', async ({ $ }) => { await $` + "`npm test`" + `; })],
})] });
`

// A house with somebody who hangs.
func inSlow(t *testing.T, test func(*kicitest.House), options ...kicitest.Option) {
	t.Helper()
	kicitest.InHouse(t, map[string]string{"ci.ts": slow}, func(h *kicitest.House) {
		h.Command("npm test").Prints("41 passed").Takes(5 * time.Minute)
		h.Command("./undo.sh").Takes(2 * time.Second)
		test(h)
	}, options...)
}

func TestHouseTime(t *testing.T) {
	t.Parallel()
	inSlow(t, func(h *kicitest.House) {
		begin := time.Now()
		h.Push("main").Wait().WantSuccess().WantDuration(5 * time.Minute).Job("test").WantDuration(5 * time.Minute)
		if took := time.Since(begin); took != 5*time.Minute {
			h.T().Errorf("it took %v", took)
		}
	})
}

func TestHouseCancel(t *testing.T) {
	t.Parallel()
	inSlow(t, func(h *kicitest.House) {
		d := h.Push("main").UntilCommand("npm test")
		<-time.After(time.Minute)
		run := d.Cancel("enough").Wait().WantCancelled().WantRan("npm test", "./undo.sh")
		run.WantDuration(time.Minute + 2*time.Second).Job("test").WantCancelled()
		h.Push("main").UntilCommand("npm test").CancelNow("at once").Wait().WantCancelled().WantNotRan("./undo.sh").WantDuration(0)
	})
}

func TestHouseAgentComesBack(t *testing.T) {
	t.Parallel()
	inSlow(t, func(h *kicitest.House) {
		d := h.Push("main").UntilCommand("npm test")
		h.Agent("one").Disconnect()
		d.Until("test", kicitest.Recovering)
		<-time.After(time.Minute)
		h.Agent("one").Reconnect()
		d.Until("test", kicitest.Running).Wait().WantSuccess().WantDuration(5 * time.Minute).WantLog("41 passed")
	})
}

func TestHouseAgentIsLost(t *testing.T) {
	t.Parallel()
	inSlow(t, func(h *kicitest.House) {
		d := h.Push("main").UntilCommand("npm test")
		h.Agent("one").Kill()
		run := d.Wait().WantFailed().WantNotRan("./undo.sh")
		run.Job("test").WantFailed().WantReason("recovery window")
		if run.Duration < 2*time.Minute || run.Duration > 3*time.Minute {
			h.T().Errorf("it was given up after %v", run.Duration)
		}
		h.Agent("one").Reconnect()
		d.Rerun().Wait().WantSuccess()
	})
}

func TestHouseAgents(t *testing.T) {
	t.Parallel()
	inSlow(t, func(h *kicitest.House) {
		a, b := h.Push("main").UntilCommand("npm test"), h.Push("main")
		a.Wait().WantDuration(5 * time.Minute)
		b.Wait().WantSuccess().WantDuration(10 * time.Minute)
		h.Agent("mac").Stop()
		h.Agent("linux").Stop().Reconnect()
		h.Push("main").Wait().Require(kicitest.Succeeded)
	}, kicitest.AgentNamed("linux", 1, "linux"), kicitest.AgentNamed("mac", 1, "mac"))
}

func BenchmarkHousePush(b *testing.B) {
	h := kicitest.NewHouse(b, map[string]string{"ci.ts": slow})
	h.Command("npm test")
	h.Push("main").Wait().WantSuccess()
	for b.Loop() {
		h.Push("main").Wait().WantSuccess()
	}
}

const everyEvent = `
import { workflow, job, push, pr, tag, dispatch, kiciEvent, schedule } from '@kici-dev/sdk';
const say = (name) => job(name, { runsOn: 'linux', run: async ({ $ }) => { await $` + "`say ${name}`" + `; } });
export const a = workflow('pushed', { on: push({ branches: 'main' }), jobs: [say('pushed'), say('also')] });
export const b = workflow('asked', { on: pr({ target: 'main' }), jobs: [say('asked')] });
export const c = workflow('tagged', { on: tag({ patterns: 'v*' }), jobs: [say('tagged')] });
export const d = workflow('by-hand', { on: dispatch(), jobs: [say('by-hand')] });
export const e = workflow('told', { on: kiciEvent({ name: 'news' }), jobs: [say('told')] });
export const f = workflow('nightly', { on: schedule({ cron: '0 3 * * *' }), jobs: [say('nightly')] });
`

func TestHouseEvents(t *testing.T) {
	t.Parallel()
	h := kicitest.NewHouse(t, map[string]string{"ci.ts": everyEvent})
	h.CommandPrefix("say")
	for want, d := range map[string]*kicitest.Delivery{
		"pushed": h.Push("main"), "asked": h.PullRequest("main", kicitest.From("feature"), kicitest.File("x", "1")), "tagged": h.Tag("v1"),
		"by-hand": h.Dispatch("", nil), "told": h.Custom("news", map[string]int{"n": 1}), "nightly": h.Event("schedule:0 3 * * *"),
	} {
		d.Wait().WantSuccess().WantRan("say " + want).Workflow(want).WantSuccess()
	}
	h.Command("say also").Exits(1).Then()
	d := h.Push("main")
	d.Wait().WantFailed().WantJobs(map[string]kicitest.Status{"pushed": kicitest.Succeeded, "also": kicitest.Failed})
	d.RerunFailed().Wait().WantSuccess().WantRan("say also").WantNotRan("say pushed")
}

// A lock file of other sources is found out by the agent.
func TestHouseDrift(t *testing.T) {
	t.Parallel()
	old := kicitest.Source(t, map[string]string{"ci.ts": slow})
	h := kicitest.NewHouse(t, map[string]string{"ci.ts": slow})
	run := h.Push("main", kicitest.File("ci.ts", slow+"\n// changed"), kicitest.File(".kici/kici.lock.json", string(old.Lock()))).Wait()
	run.WantFailed().Job("test").WantReason("lock file is out of date")
	h.Command("npm test")
	h.Push("main", kicitest.File("ci.ts", slow)).Wait().WantSuccess()
}

// What a house complains about.
func TestHouseComplains(t *testing.T) {
	t.Parallel()
	files := map[string]string{"ci.ts": slow}
	for want, test := range map[string]func(t kicitest.T){
		`no script for the command "npm test" (job test, step unit)`:     func(t kicitest.T) { kicitest.NewHouse(t, files).Push("main").Wait() },
		`there is no agent "two", there are: one`:                        func(t kicitest.T) { kicitest.NewHouse(t, files).Agent("two") },
		`the option FailFast means nothing in a house`:                   func(t kicitest.T) { kicitest.NewHouse(t, files, kicitest.FailFast()) },
		`are options of a house`:                                         func(t kicitest.T) { kicitest.NewHouse(t, files).Push("main", kicitest.Tree(".")) },
		`the workflows do not compile`:                                   func(t kicitest.T) { kicitest.NewHouse(t, map[string]string{"ci.ts": "export default 1"}) },
		`job test is not "recovering": kicitest: missed: it is "failed"`: func(t kicitest.T) { kicitest.NewHouse(t, files).Push("main").Until("test", kicitest.Recovering) },
		`the run: it is "failed"`:                                        func(t kicitest.T) { kicitest.NewHouse(t, files).Push("main").Wait().Require(kicitest.Succeeded) },
		`the command "never" has not begun: everything is over`: func(t kicitest.T) {
			kicitest.InHouse(t, files, func(h *kicitest.House) { h.Push("main").UntilCommand("never") }, kicitest.Command("npm test"))
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := failures(t, test); !strings.Contains(got, want) {
				t.Errorf("it says %q", got)
			}
		})
	}
}
