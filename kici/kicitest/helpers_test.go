package kicitest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// flow is a project of one workflow file whose SDK names are imported.
func flow(t kicitest.T, body string, options ...kicitest.Option) *kicitest.Project {
	t.Helper()
	return kicitest.Source(t, map[string]string{"ci.ts": `import { workflow, job, step, push, pr, rule, skip, dynamicJob, matrix, kiciEvent, schedule, dispatch, genericWebhook, tag, z } from '@kici-dev/sdk';` + "\n" + body}, options...)
}

// one is a workflow of one job of one step.
func one(run string) string {
	return `export default workflow('ci', { on: push(), jobs: [job('j', { runsOn: 'x', steps: [step('s', async (ctx) => { const { $, log, env, secrets } = ctx; ` + run + ` })] })] });`
}

// recorder is a test that fails into a text.
type recorder struct {
	testing.TB
	mu   sync.Mutex
	text strings.Builder
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf("FATAL "+format, args...)
	runtime.Goexit()
}

// failures is what f reports to its test.
func failures(t *testing.T, f func(t kicitest.T)) string {
	t.Helper()
	r := &recorder{TB: t}
	var done sync.WaitGroup
	done.Go(func() { f(r) })
	done.Wait()
	return r.text.String()
}

func wantText(t *testing.T, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
}
