package kicitest_test

import (
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

const ci = `import { workflow, job, step, push } from '@kici-dev/sdk';
const test = job('test', { runsOn: 'linux', steps: [
  step('unit', async ({ $, log }) => { log.info('testing'); await $` + "`npm test`" + `; return { passed: 12 }; }),
] });
export default workflow('ci', { on: push({ branches: 'main' }), jobs: [test, job('deploy', { runsOn: 'linux', needs: [test], steps: [
  step('ship', async ({ $ }) => { await $` + "`./deploy.sh`" + `; }),
] })] });
`

func TestPush(t *testing.T) {
	t.Parallel()
	wf := kicitest.Source(t, map[string]string{"ci.ts": ci})
	wf.Command("npm test").Prints("1 of 2").Takes(20 * time.Minute).Prints("2 of 2")
	wf.Command("./deploy.sh").Takes(time.Minute)
	run := wf.Push("main").WantSuccess().WantRan("npm test", "./deploy.sh").WantDuration(21 * time.Minute)
	run.Job("test").WantSuccess().WantLog("testing", "1 of 2", "2 of 2").WantOutput("passed", 12)
	run.Job("deploy").WantNeeds("test")
	t.Log(run.Tree())
	wf.Push("other").WantNotStarted("branches")
	bad := wf.Push("main", kicitest.Command("npm test").Prints("boom").Exits(3)).WantFailed()
	t.Log(bad.Tree())
}

func BenchmarkPush(b *testing.B) {
	wf := kicitest.Source(b, map[string]string{"ci.ts": ci}, kicitest.AllowCommands())
	for b.Loop() {
		wf.Push("main").WantSuccess()
	}
}

func BenchmarkSourceAndPush(b *testing.B) {
	for b.Loop() {
		kicitest.Source(b, map[string]string{"ci.ts": ci}, kicitest.AllowCommands()).Push("main").WantSuccess()
	}
}
