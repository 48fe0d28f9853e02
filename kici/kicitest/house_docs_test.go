package kicitest_test

import (
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

// The tests of a house that docs/testing.md explains.

func TestShopInAHouse(t *testing.T) {
	t.Parallel()
	kicitest.InHouse(t, nil, func(h *kicitest.House) {
		h.Command("npm ci").Takes(time.Minute)
		h.Command("npm test").Prints("41 passed").Takes(2 * time.Minute)
		h.Command("./deploy.sh").Prints("v1.4.0").Takes(time.Minute)
		h.Command("./unlock.sh")

		d := h.Push("main", kicitest.File("src/cart.ts", "export {}")).UntilCommand("./deploy.sh")
		h.Agent("b").Disconnect()
		h.Agent("a").Disconnect()
		d.Until("deploy", kicitest.Recovering)
		h.Agent("a").Reconnect()
		h.Agent("b").Reconnect()
		d.Wait().Require(kicitest.Succeeded).WantRan("./deploy.sh", "./unlock.sh")

		d.Rerun().UntilCommand("npm test").Cancel("changed my mind").Wait().WantCancelled()
	}, kicitest.Tree("testdata/shop"), kicitest.Secret("DEPLOY_KEY", "k3y-k3y-k3y"),
		kicitest.AgentNamed("a", 1, "linux"), kicitest.AgentNamed("b", 1, "linux"))
}
