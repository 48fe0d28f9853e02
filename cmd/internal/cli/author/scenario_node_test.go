package author

import (
	"os"
	"os/exec"
	"testing"

	"github.com/kici-dev/kici-go/kici/kicitest/scenario"
)

// TestScenariosOnNode runs the same pairs with workflows that ask for Node:
// what they expect does not change with the runtime.
func TestScenariosOnNode(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	pairs, err := scenario.All("../../../../kici/kicitest/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			on, ok := p.OnNode(t)
			if !ok || !p.For("node") {
				t.Skip("not for Node")
			}
			on.Check(t, runPair(t, on))
		})
	}
}
