package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine/store/storetest"
)

// programs builds the services once for all tests.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kici-chaos-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../../../cmd/kici-orchestrator", "../../../cmd/kici-agent").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := programs(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// run is a run of a small house, as tests have it.
func run(t *testing.T, c Config) *Report {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	c.Programs, c.Path, c.Out = bin, os.Getenv("PATH"), &out
	if c.Settle == 0 {
		c.Settle = 4 * time.Minute
	}
	if c.Matching == 0 {
		c.Matching = 60
	}
	if c.Clients == 0 {
		c.Clients = 4
	}
	rep, err := Run(t.Context(), c)
	if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	t.Logf("%s%d events, %d runs, in %s", out.String(), len(rep.History.Events), len(rep.Snapshot.Runs), rep.Took)
	return rep
}

func clean(t *testing.T, rep *Report) {
	t.Helper()
	for i, v := range rep.Violations {
		if i == 30 {
			t.Errorf("and %d more", len(rep.Violations)-i)
			break
		}
		t.Error(v)
	}
}

// The thin line: one orchestrator on Postgres, one agent that is killed once.
func TestThinLine(t *testing.T) {
	t.Parallel()
	clean(t, run(t, Config{Topology: Shared(1, 1, 2), Seed: 1, Deliveries: 20, Plan: Plan{{After: 8, What: Kill, Where: "agent-1", For: time.Second}}}))
}
