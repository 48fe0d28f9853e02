package sandboxtest_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/sandbox/sandboxtest"
	"github.com/kici-dev/kici-go/executor/workflow"
)

// The test binary is its own child.
func TestMain(m *testing.M) {
	if runner.IsChild(os.Args) {
		if err := runner.Serve(context.Background(), workflow.New(workflow.Options{}), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func TestChildren(t *testing.T) {
	t.Parallel()
	sandboxtest.Run(t, func(t testing.TB) sandboxtest.Subject {
		p := runner.NewPool(runner.Command{Environ: os.Environ(), Handshake: 20 * time.Second})
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		return sandboxtest.Subject{Runner: p, Environ: os.Environ()}
	})
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	sandboxtest.Run(t, func(testing.TB) sandboxtest.Subject {
		return sandboxtest.Subject{Runner: runner.InProcess(workflow.New(workflow.Options{})), Environ: os.Environ()}
	})
}
