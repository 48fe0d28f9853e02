package kicitest_test

import (
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
