package kicitest_test

import (
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

// Everything that waits waits in virtual time: each of these takes as long as
// it says, to the nanosecond, and none takes a second.
func TestVirtualTime(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, flow string
		options    []kicitest.Option
		status     kicitest.Status
		took       time.Duration
		log        []string
		failure    string
	}{
		{name: "timer", flow: one(`await new Promise((r) => setTimeout(r, 20 * 60_000)); log.info(new Date().toISOString());`),
			status: kicitest.Succeeded, took: 20 * time.Minute, log: []string{"2000-01-01T00:20:00.000Z"}},
		{name: "at", flow: one(`log.info(new Date().toISOString());`), options: []kicitest.Option{kicitest.At(time.Date(2026, 2, 28, 23, 59, 0, 0, time.UTC))},
			status: kicitest.Succeeded, log: []string{"2026-02-28T23:59:00.000Z"}},
		{name: "step timeout", flow: `export default workflow('ci', { on: push(), jobs: [job('j', { runsOn: 'x', steps: [step('s', { timeout: 60_000, run: async ({ $ }) => { await $` + "`sleep`" + `; } })] })] });`,
			options: []kicitest.Option{kicitest.Command("sleep").Takes(time.Hour)},
			status:  kicitest.Failed, took: time.Minute, failure: "timed out after 60000 ms"},
		{name: "default step timeout", flow: one("await $`sleep`;"), options: []kicitest.Option{kicitest.Command("sleep").Hangs()},
			status: kicitest.Failed, took: 30 * time.Minute, failure: "timed out"},
		{name: "a command that will not go", flow: one("await $`sleep`;"), options: []kicitest.Option{kicitest.Command("sleep").Hangs().IgnoresSignals()},
			status: kicitest.Failed, took: 30*time.Minute + 30*time.Second, failure: "timed out"},
		{name: "job timeout", flow: `export default workflow('ci', { on: push(), jobs: [job('j', { runsOn: 'x', timeout: 120_000, cleanup: ({ log }) => log.info('cleaned'), steps: [step('s', async ({ $ }) => { await $` + "`sleep`" + `; })] })] });`,
			options: []kicitest.Option{kicitest.Command("sleep").Hangs()},
			status:  kicitest.Failed, took: 2 * time.Minute, log: []string{"cleaned"}},
		{name: "hook timeout", flow: `export default workflow('ci', { on: push(), jobs: [job('j', { runsOn: 'x', onSuccess: async ({ $ }) => { await $` + "`report`" + `; }, steps: [step('s', () => {})] })] });`,
			options: []kicitest.Option{kicitest.Command("report").Hangs()},
			status:  kicitest.Failed, took: 5 * time.Minute},
		{name: "command timeout", flow: one("const o = await $`slow`.timeout('90s').nothrow(); log.info('signal ' + o.signal);"), options: []kicitest.Option{kicitest.Command("slow").Takes(time.Hour)},
			status: kicitest.Succeeded, took: 90 * time.Second, log: []string{"signal SIGTERM"}},
		{name: "promise that never settles", flow: one("await new Promise(() => {});"), status: kicitest.Failed, failure: "never settle"},
		{name: "output between waits", flow: one("await $`slow`;"), options: []kicitest.Option{kicitest.Command("slow").Prints("a").Takes(time.Minute).Complains("b").Takes(time.Minute).Writes("c")},
			status: kicitest.Succeeded, took: 2 * time.Minute, log: []string{"a\n", "b\n", "c"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run := flow(t, c.flow, c.options...).Push("main").WantStatus(c.status).WantDuration(c.took).WantLog(c.log...)
			if c.failure != "" {
				run.Job("j").WantFailure(c.failure)
			}
		})
	}
}

// Jobs side by side take the time of the longest, chains that of their sum.
func TestJobsOverlap(t *testing.T) {
	t.Parallel()
	wf := flow(t, `const a = job('a', { runsOn: 'x', run: async ({ $ }) => { await $`+"`a`"+`; } });
const b = job('b', { runsOn: 'x', run: async ({ $ }) => { await $`+"`b`"+`; } });
const c = job('c', { runsOn: 'x', needs: [a, b], run: async ({ $ }) => { await $`+"`c`"+`; } });
export default workflow('ci', { on: push(), jobs: [a, b, c] });`)
	wf.Command("a").Takes(10 * time.Minute)
	wf.Command("b").Takes(15 * time.Minute)
	wf.Command("c").Takes(time.Minute)
	run := wf.Push("main").WantSuccess().WantDuration(16 * time.Minute)
	if c := run.Job("c").WantNeeds("a", "b").WantDuration(time.Minute); c.Started != 15*time.Minute {
		t.Errorf("c started after %v", c.Started)
	}
	wf.Push("main", kicitest.Agents(1)).WantDuration(26 * time.Minute)
}

func TestCancelAfter(t *testing.T) {
	t.Parallel()
	wf := flow(t, `export default workflow('ci', { on: push(), jobs: [job('j', { runsOn: 'x',
  onCancel: ({ outcome, log }) => log.info('because ' + outcome.reason), cleanup: async ({ $ }) => { await $`+"`tidy`"+`; },
  steps: [step('s', async ({ $ }) => { await $`+"`build`"+`; })] })] });`,
		kicitest.Command("build").Hangs(), kicitest.Command("tidy").Takes(time.Minute))
	run := wf.Push("main", kicitest.CancelAfter(20*time.Minute)).WantCancelled().WantDuration(21 * time.Minute)
	run.Job("j").WantCancelled().WantLog("because cancelled").Step("s").WantCancelled()
	run.WantRan("build", "tidy")
	if got := run.Calls[0]; got.Signal != "SIGTERM" || got.Duration != 20*time.Minute || got.Exit != -1 {
		t.Errorf("build: %+v", got)
	}
}

// Virtual time stands still for code that never waits, so real time ends it.
func TestPatience(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	run := flow(t, one("for (;;);")).Push("main", kicitest.Patience(100*time.Millisecond)).WantFailed()
	run.Job("j").WantFailure("is there a loop that never ends?")
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWallClock(t *testing.T) {
	t.Parallel()
	wf := flow(t, one("await $`nap`;"), kicitest.Command("nap").Takes(30*time.Millisecond), kicitest.WallClock())
	begin := time.Now()
	wf.Push("main").WantSuccess()
	if took := time.Since(begin); took < 30*time.Millisecond {
		t.Errorf("a nap of 30 ms took %v", took)
	}
}
