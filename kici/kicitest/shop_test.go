package kicitest_test

import (
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

// The tests that docs/testing.md explains.

func TestShop(t *testing.T) {
	t.Parallel()
	wf := kicitest.Load(t, "testdata/shop/.kici", kicitest.Files("src/cart.ts"), kicitest.Secret("DEPLOY_KEY", "k3y-k3y-k3y"))
	wf.Command("npm ci").Takes(time.Minute)
	wf.Command("npm test").Prints("41 passed").Takes(10 * time.Minute)
	wf.Command("./deploy.sh").Prints("v1.4.0")
	wf.Command("./unlock.sh")

	t.Run("a push to main deploys", func(t *testing.T) {
		t.Parallel()
		run := wf.With(t).Push("main").WantSuccess().WantDuration(11 * time.Minute)
		run.WantEmitted("released", map[string]string{"version": "v1.4.0"})
		run.Job("deploy").WantNeeds("test (22)", "test (24)").WantOutput("version", "v1.4.0")
	})
	t.Run("a release branch does not", func(t *testing.T) {
		t.Parallel()
		run := wf.With(t).Push("release/1.4").WantSuccess().WantNotRan("./deploy.sh")
		run.Job("deploy").WantSkipped().WantRule("only main", false)
	})
	t.Run("a change of the documentation starts nothing", func(t *testing.T) {
		t.Parallel()
		docs := wf.With(t, kicitest.Files("README.md"))
		docs.Push("main").WantNotStarted("README.md")
	})
	t.Run("tests that hang are ended", func(t *testing.T) {
		t.Parallel()
		stuck := wf.With(t, kicitest.Command("npm test").InJob("test (24)").Prints("Cart").Hangs())
		run := stuck.Push("main").WantFailed().WantDuration(16 * time.Minute)
		run.Job("test (24)").Step("unit").WantFailed().WantFailure("timed out").WantLog("Cart")
		run.Job("test (22)").WantSuccess()
		run.Job("deploy").WantSkipped()
	})
	t.Run("the lock is removed after a failed deployment", func(t *testing.T) {
		t.Parallel()
		bad := wf.With(t, kicitest.Command("./deploy.sh").Complains("key k3y-k3y-k3y refused").Exits(3))
		run := bad.Push("main").WantFailed().WantRan("./deploy.sh", "./unlock.sh").WantNoLog("k3y")
		run.Job("deploy").WantFailure("exit code 3").WantAt("ci.ts:24").WantLog("key *** refused")
	})
}
