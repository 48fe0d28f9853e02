//go:build unix

package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

// crashDir tells the test binary to be the writer that is killed.
const crashDir = "KICI_TEST_SQLITE_CRASH_DIR"

// TestCrashWriter is the child of TestKilledWriter: it writes runs with their
// events and prints each number once Tx has returned.
func TestCrashWriter(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("the child of TestKilledWriter")
	}
	s := open(t, dir)
	for i := 0; ; i++ {
		if err := s.Tx(context.Background(), pair(i)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("durable %d\n", i)
	}
}

// pair is a change and the event that announces it.
func pair(i int) func(store.Tx) error {
	return func(tx store.Tx) error {
		ctx, id := context.Background(), engine.RunID(fmt.Sprintf("run-%08d", i))
		return errors.Join(tx.Runs().Insert(ctx, &engine.Run{ID: id, CreatedAt: time.Unix(int64(i+1), 0)}, &engine.Snapshot{Lock: make([]byte, 20_000)}),
			tx.Events().Append(ctx, engine.Event{Run: id, Kind: "run.created", Pending: true}))
	}
}

// A writer is killed in the middle of its work. What it was told is durable is
// there, a run and its event are there together or not at all, and the lock of
// the dead does not keep the next one out.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	for range 3 {
		dir := t.TempDir()
		child := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$", "-test.v")
		child.Env = append(os.Environ(), crashDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := proctest.Start(child); err != nil {
			t.Fatal(err)
		}
		told, said := -1, ""
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			n, ok := strings.CutPrefix(lines.Text(), "durable ")
			if !ok {
				said += lines.Text() + "\n"
			} else {
				if told, err = strconv.Atoi(n); err != nil {
					t.Error(err)
				}
				if told == 150 {
					_ = child.Process.Kill()
				}
			}
		}
		if err := child.Wait(); err == nil || told < 150 {
			t.Fatalf("the writer was to be killed: %v after %d: %s", err, told, said)
		}
		survived(t, dir, told)
	}
}

func survived(t *testing.T, dir string, told int) {
	t.Helper()
	ctx := context.Background()
	s := open(t, dir)
	defer s.Close() //nolint:errcheck // closed again by open
	var check string
	if err := s.writer.raw.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Error(check, err)
	}
	err := s.View(ctx, func(tx store.Tx) error {
		runs, err := tx.Runs().Recent(ctx, time.Time{}, 1<<20)
		if err != nil {
			return err
		}
		events, err := tx.Events().Pending(ctx, 1<<20)
		if len(runs) <= told || len(runs) > told+2 || len(events) != len(runs) {
			t.Errorf("%d runs and %d events, %d were promised", len(runs), len(events), told+1)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
