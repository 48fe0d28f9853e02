package kicitest_test

import (
	"fmt"
	"os"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

// A push to main runs the tests, then the deployment. No process is started
// and no time passes, yet the run takes 21 minutes.
func Example() {
	t := kicitest.Outside(os.Stdout) // in a test: its *testing.T
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		const test = job('test', {
			runsOn: 'linux',
			run: async ({ $ }) => { await $` + "`npm test`" + `; },
		});
		const deploy = job('deploy', {
			runsOn: 'linux', needs: [test],
			run: async ({ $ }) => { await $` + "`./deploy.sh`" + `; },
		});
		export default workflow('ci', { on: push({ branches: 'main' }), jobs: [test, deploy] });
	`})
	wf.Command("npm test").Prints("12 passed").Takes(20 * time.Minute)
	wf.Command("./deploy.sh").Takes(time.Minute)

	run := wf.Push("main")
	run.WantSuccess().WantRan("npm test", "./deploy.sh").WantDuration(21 * time.Minute)
	run.Job("test").WantLog("12 passed")
	run.Job("deploy").WantNeeds("test")
	fmt.Print(run.Tree())
	// Output:
	// push main: success
	// ✓ ci  21m0s
	//   ✓ test  20m0s
	//     ✓ step-1  20m0s
	//   ✓ deploy  1m0s  needs test
	//     ✓ step-1  1m0s
}

// A command that fails: its job fails at the author's line, what needs the job
// is skipped.
func Example_failingCommand() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		const test = job('test', {
			runsOn: 'linux',
			run: async ({ $ }) => { await $` + "`npm test`" + `; },
		});
		export default workflow('ci', {
			on: push(),
			jobs: [test, job('deploy', { runsOn: 'linux', needs: [test], run: () => {} })],
		});
	`})
	run := wf.Push("main", kicitest.Command("npm test").Complains("1 of 12 failed").Exits(3))

	run.WantFailed().WantJobs(map[string]kicitest.Status{"test": kicitest.Failed, "deploy": kicitest.Skipped})
	run.Job("test").WantFailure("exit code 3").WantAt("ci.ts:5").WantLog("1 of 12 failed")
	fmt.Print(run.Tree())
	// Output:
	// push main: failed
	// ✗ ci
	//   ✗ test
	//     ✗ step-1  ci.ts:5  npm test: exit code 3
	//   - deploy  needs test; upstream_failed: test
}

// An event that no workflow listens to is an outcome, with its reasons.
func Example_nothingMatched() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		export default workflow('ci', {
			on: push({ branches: 'main', paths: ['src/**'] }),
			jobs: [job('build', { runsOn: 'linux', run: () => {} })],
		});
	`})
	wf.Push("main", kicitest.Files("src/a.ts")).WantSuccess()
	wf.Push("main", kicitest.Files("README.md")).WantNotStarted("paths")
	fmt.Print(wf.Push("dev", kicitest.Files("src/a.ts")).WantNotStarted().Tree())
	// Output:
	// push dev: not started
	// - ci  branches: "dev" is not "main"
}

// Each combination of a matrix is a job.
func Example_matrix() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [job('test', {
			runsOn: 'linux',
			matrix: { os: ['linux', 'mac'], node: ['22', '24'] },
			exclude: [{ os: 'mac', node: '22' }],
			run: async ({ $, matrix }) => { await $` + "`./test ${matrix.os} ${matrix.node}`" + `; return { ok: matrix.node }; },
		})] });
	`})
	wf.CommandPrefix("./test")
	run := wf.Push("main").WantSuccess().WantNotRan("./test mac 22")
	for _, job := range run.Workflows[0].Jobs {
		fmt.Println(job.Name, job.Outputs)
	}
	// Output:
	// test (22, linux) map[ok:22]
	// test (24, linux) map[ok:24]
	// test (24, mac) map[ok:24]
}

// A rule that says no skips its job, and tells why.
func Example_rule() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push, rule } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [job('deploy', {
			runsOn: 'linux',
			rules: [rule('only main', (ctx) => ctx.event.targetBranch === 'main')],
			run: async ({ $ }) => { await $` + "`./deploy.sh`" + `; },
		})] });
	`}, kicitest.AllowCommands())
	wf.Push("main").WantSuccess().WantRan("./deploy.sh").Job("deploy").WantRule("only main", true)

	run := wf.Push("dev").WantSkipped().WantNotRan("./deploy.sh")
	run.Job("deploy").WantSkipped().WantRule("only main", false)
	fmt.Print(run.Tree())
	// Output:
	// push dev: skipped
	// - ci  every job was skipped by a rule
	//   - deploy  rule "only main"
}

// A command that hangs meets the step's time-out after ten virtual minutes.
func Example_timeout() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, step, push } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [job('test', {
			runsOn: 'linux',
			cleanup: async ({ $ }) => { await $` + "`docker compose down`" + `; },
			steps: [step('e2e', { timeout: 600_000, run: async ({ $ }) => { await $` + "`npm run e2e`" + `; } })],
		})] });
	`})
	wf.Command("npm run e2e").Prints("waiting for the server").Hangs()
	wf.Command("docker compose down").Takes(30 * time.Second)

	run := wf.Push("main").WantFailed().WantDuration(10*time.Minute + 30*time.Second)
	fmt.Print(run.Tree())
	fmt.Println("npm was ended by", run.Calls[0].Signal)
	// Output:
	// push main: failed
	// ✗ ci  10m30s
	//   ✗ test  10m30s
	//     ✗ e2e  10m0s  step "e2e" timed out after 600000 ms
	//     ✓ cleanup  30s
	// npm was ended by SIGTERM
}

// Secrets reach the commands and are masked wherever a reader could see them.
func Example_secrets() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [job('release', {
			runsOn: 'linux',
			run: async ({ $, secrets, log }) => {
				await secrets.expose('NPM_TOKEN');
				log.info('token ' + await secrets.get('NPM_TOKEN'));
				await $` + "`npm publish`" + `;
			},
		})] });
	`})
	wf.Command("npm publish").Prints("using hunter2-hunter2 to log in")

	run := wf.Push("main", kicitest.Secret("NPM_TOKEN", "hunter2-hunter2")).WantSuccess().WantNoLog("hunter2")
	fmt.Print(run.Log)
	fmt.Println("npm got", run.Calls[0].Env["NPM_TOKEN"])
	fmt.Println("read:", run.Job("release").SecretsRead)
	// Output:
	// token ***
	// using *** to log in
	// npm got hunter2-hunter2
	// read: [NPM_TOKEN]
}

// What a workflow emits is recorded, and can start another one.
func Example_events() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push, kiciEvent } from '@kici-dev/sdk';
		export const build = workflow('build', { on: push(), jobs: [job('image', {
			runsOn: 'linux',
			run: async ({ emit }) => { await emit('image-ready', { tag: 'v7' }); },
		})] });
		export const deploy = workflow('deploy', { on: kiciEvent({ name: 'image-ready' }), jobs: [job('roll-out', {
			runsOn: 'linux',
			run: async ({ $, rawPayload }) => { await $` + "`./deploy ${rawPayload.payload.tag}`" + `; },
		})] });
	`}, kicitest.AllowCommands())
	wf.Push("main").WantSuccess().WantEmitted("image-ready", map[string]string{"tag": "v7"}).WantNotRan("./deploy v7")
	wf.Custom("image-ready", map[string]string{"tag": "v8"}).WantRan("./deploy v8")

	fmt.Print(wf.Push("main", kicitest.FollowEvents()).WantRan("./deploy v7").Tree())
	// Output:
	// push main: success
	// ✓ build
	//   ✓ image
	//     ✓ step-1
	// ✓ deploy
	//   ✓ roll-out
	//     ✓ step-1
}

// Jobs that a function makes are tested like any other.
func Example_dynamicJobs() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{
		"ci.ts": `
			import { workflow, job, dynamicJob, push } from '@kici-dev/sdk';
			const tests = dynamicJob('tests', async ({ $ }) => {
				const names = (await $` + "`ls packages`" + `).stdout.trim().split('\n');
				return names.map((name) => job('test-' + name, {
					runsOn: 'linux', run: async ({ $ }) => { await $` + "`npm test -w ${name}`" + `; },
				}));
			});
			export default workflow('ci', { on: push(), jobs: [tests] });
		`,
	})
	wf.Command("ls packages").Prints("api", "web")
	wf.Command("npm test -w api").Takes(time.Minute)
	wf.Command("npm test -w web").Takes(2 * time.Minute)

	fmt.Print(wf.Push("main").WantSuccess().WantDuration(2 * time.Minute).Tree())
	// Output:
	// push main: success
	// ✓ ci  2m0s
	//   ✓ __prepare__
	//   ✓ test-api  1m0s
	//     ✓ step-1  1m0s
	//   ✓ test-web  2m0s
	//     ✓ step-1  2m0s
}

// Tests of several hours' pipelines share one compile; each has scripts of its
// own, and all of them may run at once.
func ExampleProject_With() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [job('test', {
			runsOn: 'linux', run: async ({ $ }) => { await $` + "`npm test`" + `; },
		})] });
	`})
	for _, code := range []int{0, 1} {
		mine := wf.With(t, kicitest.Command("npm test").Exits(code)) // in a subtest: its own t
		fmt.Println(code, mine.Push("main").Status)
	}
	// Output:
	// 0 success
	// 1 failed
}

// The first call fails, the second one does not.
func ExampleScript_Then() {
	t := kicitest.Outside(os.Stdout)
	defer t.Close()

	wf := kicitest.Source(t, map[string]string{"ci.ts": `
		import { workflow, job, push } from '@kici-dev/sdk';
		export default workflow('ci', { on: push(), jobs: [job('deploy', {
			runsOn: 'linux',
			run: async ({ $, log }) => {
				for (let wait = 10; ; wait *= 2) {
					if ((await $` + "`./deploy.sh`" + `.nothrow()).exitCode === 0) return;
					log.info('again in ' + wait + ' s');
					await new Promise((r) => setTimeout(r, wait * 1000));
				}
			},
		})] });
	`})
	wf.Command("./deploy.sh").Exits(1).Then().Exits(1).Then().Prints("deployed")
	run := wf.Push("main").WantSuccess().WantDuration(30 * time.Second)
	fmt.Print(run.Log)
	// Output:
	// again in 10 s
	// again in 20 s
	// deployed
}
