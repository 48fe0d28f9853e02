package kicitest_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/kicitest"
)

// A whole house: an orchestrator, an agent and a repository, in virtual time. The
// agent is lost, nobody hears of it for two minutes, and the job fails as
// infrastructure. Another life of the agent does it again.
func ExampleInHouse() {
	t := kicitest.Outside(os.Stdout) // in a test: its *testing.T
	defer t.Close()

	kicitest.InHouse(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [
			job('test', { runsOn: 'linux', run: async ({ $ }) => { await $` + "`npm test`" + `; } }),
		] });
	`}, func(h *kicitest.House) {
		h.Command("npm test").Takes(10 * time.Minute)

		d := h.Push("main").UntilCommand("npm test")
		h.Agent("one").Kill()
		run := d.Wait().WantFailed()
		fmt.Println(run.Job("test").Reason)

		h.Agent("one").Reconnect()
		d.Rerun().Wait().Require(kicitest.Succeeded).WantDuration(10 * time.Minute)
	})
	// Output:
	// infrastructure: agent one did not come back within the recovery window of 2m0s
}

// By the clock on the wall. Commits are files; a change of a workflow is compiled
// with the commit.
func ExampleNewHouse() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	flow := func(branch string) string {
		return `
			import { workflow, job, push } from '@kici-dev/sdk';
			export default workflow('ci', { on: push({ branches: '` + branch + `' }), jobs: [
				job('test', { runsOn: 'linux', run: ({ log }) => { log.info('hello'); } }),
			] });`
	}
	h := kicitest.NewHouse(t, map[string]string{"ci.ts": flow("main"), "src/a.txt": "1"})
	fmt.Print(h.Push("main", kicitest.File("src/a.txt", "2")).Wait().WantSuccess().Log)
	h.Push("dev").Wait().WantNotStarted("branches")
	fmt.Print(h.Push("dev", kicitest.File(".kici/workflows/ci.ts", flow("dev"))).Wait().Tree())
	// Output:
	// hello
	// push dev: success
	// ✓ ci
	//   ✓ test
	//     ✓ step-1
}

// What an event of one workflow starts is another delivery; the command that it
// comes to can be waited for.
func ExampleHouse_UntilCommand() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	kicitest.InHouse(t, map[string]string{"ci.ts": `
		import { workflow, job, push, kiciEvent } from '@kici-dev/sdk';
		export const build = workflow('build', { on: push(), jobs: [job('image', {
			runsOn: 'linux', run: async ({ emit }) => { await emit('image-ready', { tag: 'v7' }); },
		})] });
		export const deploy = workflow('deploy', { on: kiciEvent({ name: 'image-ready' }), jobs: [job('roll-out', {
			runsOn: 'linux', run: async ({ $, rawPayload }) => { await $` + "`./deploy ${rawPayload.payload.tag}`" + `; },
		})] });
	`}, func(h *kicitest.House) {
		h.Command("./deploy v7").Takes(time.Minute)
		h.Push("main").Wait().WantSuccess().WantEmitted("image-ready", map[string]string{"tag": "v7"})
		h.UntilCommand("./deploy v7")
		fmt.Println("deploying")
	})
	// Output: deploying
}

// trust is a sandbox that believes in its jobs.
type trust struct{}

func (trust) Run(_ context.Context, t executor.Task) *executor.Result {
	return &executor.Result{Status: executor.Success, Reason: "I believe in " + t.Job.Name}
}

// An embedder's own sandbox in a house, and an orchestrator with other settings.
func ExampleSandbox() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	h := kicitest.NewHouse(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [job('test', { runsOn: 'linux', run: () => {} })] });
	`}, kicitest.Sandbox(trust{}), kicitest.Orchestrator(kici.OrchestratorConfig{Version: "1.2.3"}))
	fmt.Println(h.Push("main").Wait().Job("test").WantSuccess().Reason)
	// Output: I believe in test
}
