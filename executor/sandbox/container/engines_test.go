//go:build unix

package container

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/sandbox/container/containertest"
)

func TestMain(m *testing.M) {
	if runner.IsChild(os.Args) {
		os.Exit(3) // the test binary is not what runs in containers
	}
	// The engines end after the search for what leaks.
	held := goleak.IgnoreAnyFunction("github.com/kici-dev/kici-go/executor/proc/proctest.hold")
	goleak.VerifyTestMain(m, held, goleak.Cleanup(func(code int) {
		if err := lab.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}

// lab holds the engines of these tests.
var lab = containertest.New(os.Environ())

// child builds the static kici that runs in containers, once.
var child = sync.OnceValues(func() (string, error) {
	dir, err := lab.Folder()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "kici")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", file, "./testdata/child")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the runner: %w\n%s", err, out)
	}
	return file, nil
})

func runnerBinary(t testing.TB) string {
	t.Helper()
	file, err := child()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
