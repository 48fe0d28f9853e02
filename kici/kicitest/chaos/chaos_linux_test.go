package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine/store/storetest"
)

// programs builds the services once for all tests.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kici-chaos-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../../../cmd/kici-orchestrator", "../../../cmd/kici-agent", "../../../cmd/kici-relay", "../../../cmd/internal/chaos").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
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
		if d := os.Getenv("CHAOSDIR"); d != "" {
			c.Dir = filepath.Join(d, t.Name())
		}
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
	again, err := Judge(rep.Dir)
	if err != nil || len(again.Violations) != len(rep.Violations) {
		t.Errorf("judged again: %v, %v", again, err)
	}
	for i, v := range rep.Violations {
		if i == 30 {
			t.Errorf("and %d more", len(rep.Violations)-i)
			break
		}
		t.Error(v)
	}
}

// quick is a plan that has most of what can go wrong in a few seconds. The long
// form draws its plans, and lets faults last.
func quick(faults ...Fault) Plan {
	for i := range faults {
		faults[i].After = 2 + 2*i
		if faults[i].For == 0 {
			faults[i].For = 500 * time.Millisecond
		}
	}
	return faults
}

// Two orchestrators on one Postgres, of which all are killed, frozen and cut off.
func TestPostgres(t *testing.T) {
	t.Parallel()
	clean(t, run(t, Config{Topology: Shared(2, 2, 2), Seed: 1, Deliveries: 32, Pace: 50 * time.Millisecond, Plan: quick(
		Fault{What: Kill, Where: "agent-1", At: BeforeDispatch, Wire: "agent-1>orchestrators"},
		Fault{What: Kill, Where: "orchestrator-1", At: AfterCommit, Wire: "orchestrator-1>postgres"},
		Fault{What: Cut, Where: "agent-2>orchestrators"},
		Fault{What: Kill, Where: "orchestrator-2", At: BeforeAnswer, Wire: "clients>orchestrators"},
		Fault{What: Pause, Where: "agent-2", For: time.Second},
		Fault{What: Kill, Where: "postgres", At: AfterCommit, Wire: "orchestrator-1>postgres"},
		Fault{What: Hold, Where: "agent-1>orchestrators", For: time.Second},
		Fault{What: HoldDown, Where: "orchestrator-1>postgres", For: time.Second},
		Fault{What: Kill, Where: "agent-2", At: BeforeAck, Wire: "agent-2>orchestrators"},
		Fault{What: Pause, Where: "orchestrator-2", For: time.Second},
		Fault{What: Slow, Where: "orchestrator-1>postgres", For: time.Second},
		Fault{What: Restart, Where: "orchestrator-1"},
		Fault{What: Kill, Where: "orchestrator-2", At: BeforeCommit, Wire: "orchestrator-2>postgres"},
	)}))
}

// The same behind two relays, which are killed, frozen and cut off as well.
func TestRelayed(t *testing.T) {
	t.Parallel()
	clean(t, run(t, Config{Topology: Relayed(2, 2, 1, 2), Seed: 5, Deliveries: 24, Pace: 50 * time.Millisecond, Plan: quick(
		Fault{What: Kill, Where: "relay-1", At: BeforeAnswer, Wire: "clients>relays"},
		Fault{What: Cut, Where: "orchestrator-1>relays"},
		Fault{What: Kill, Where: "orchestrator-1", At: AfterCommit, Wire: "orchestrator-1>postgres"},
		Fault{What: Pause, Where: "relay-2", For: time.Second},
		Fault{What: HoldDown, Where: "orchestrator-2>relays", For: time.Second},
		Fault{What: Restart, Where: "relay-1"},
		Fault{What: Kill, Where: "relay-2", At: AfterCommit, Wire: "relay-2>postgres"},
		Fault{What: Hold, Where: "relays>relay-1", For: time.Second},
	)}))
}

// One orchestrator on SQLite, and another that wants its folder.
func TestSQLite(t *testing.T) {
	t.Parallel()
	clean(t, run(t, Config{Topology: Embedded(2, 1), Seed: 2, Deliveries: 18, Pace: 50 * time.Millisecond, Plan: quick(
		Fault{What: Kill, Where: "orchestrator-1", At: BeforeAnswer, Wire: "clients>orchestrators"},
		Fault{What: Kill, Where: "agent-1", At: BeforeReport, Wire: "agent-1>orchestrators"},
		Fault{What: HoldUp, Where: "agent-2>orchestrators", For: time.Second},
		Fault{What: Kill, Where: "orchestrator-1"},
		Fault{What: Restart, Where: "agent-2"},
		Fault{What: Pause, Where: "orchestrator-1", For: time.Second},
	)}))
}

// A harness that is killed in the middle of everything leaves no process behind.
func TestKilledHarness(t *testing.T) {
	t.Parallel()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mark := "KICI_CHAOS_TEST=" + dir
	harness := exec.Command(filepath.Join(bin, "chaos"), "-dir", dir, "-only", "sqlite", "-deliveries", "100000", "-faults", "0")
	harness.Dir, harness.Env = "../../..", append(os.Environ(), mark)
	ours := func() []int { return append(marked(mark), marked(cookie(filepath.Join(dir, "house-002")))...) }
	if err := harness.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range ours() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	await := func(what string, ok func() bool) {
		t.Helper()
		for limit := time.Now().Add(3 * time.Minute); !ok(); {
			if time.Now().After(limit) {
				t.Fatalf("waited in vain for %s: %v", what, ours())
			}
			rest(t.Context(), 50*time.Millisecond)
		}
	}
	await("the house", func() bool { return len(marked(cookie(filepath.Join(dir, "house-002")))) >= 3 })
	if err := harness.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = harness.Wait()
	await("everything to die", func() bool { return len(ours()) == 0 })
}

// Bugs in a running house are caught, each under its promise.
func TestPlantedInARunningHouse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		promise string
		house   Topology
		bugs    Bugs
	}{
		{"the store answers before it commits a delivery", Durable, Shared(1, 1, 2), Bugs{Lie: "INSERT INTO event_payloads"}},
		{"the store answers before it commits lines", Logged, Shared(1, 1, 2), Bugs{Lie: "INSERT INTO log_chunks", Unless: "INSERT INTO events"}},
		{"lines are acknowledged and lost", Logged, Embedded(1, 2), Bugs{Swallow: 1}},
		{"two agents get every job", Fenced, Embedded(2, 2), Bugs{TwoAgents: true}},
		{"a repetition is not recognised", Once, Embedded(1, 1), Bugs{Forget: true}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			rep := run(t, Config{Topology: c.house, Seed: 4, Deliveries: 5, Matching: 100, Clients: 2, Bugs: c.bugs})
			if got := Promises(rep.Violations); !slices.Contains(got, c.promise) {
				t.Errorf("%s was not seen to be broken, but %v", c.promise, got)
			}
		})
	}
}
