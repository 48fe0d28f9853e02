//go:build unix

package fs

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

// crashDir tells the test binary to be the writer that is killed.
const crashDir = "KICI_TEST_BLOB_CRASH_DIR"

// TestCrashWriter is the child of TestKilledWriter: it puts two objects again and
// again, and prints each number once Put has returned.
func TestCrashWriter(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("the child of TestKilledWriter")
	}
	s := open(t, dir, time.Now)
	for i := 0; ; i++ {
		if _, err := s.Put(t.Context(), fmt.Sprint("a/b-", i%2), strings.NewReader(body(i))); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("durable %d\n", i)
	}
}

func body(i int) string { return fmt.Sprint(i, strings.Repeat(" x", 100_000)) }

// A writer is killed in the middle of its work. What it was told is durable is
// there, whole, or what was put there after it.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	const enough = 20
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
		told := -1
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, is := strings.CutPrefix(lines.Text(), "durable "); is {
				if told, err = strconv.Atoi(n); err != nil {
					t.Error(err)
				}
				if told == enough {
					_ = child.Process.Kill()
				}
			}
		}
		if err := child.Wait(); err == nil || told < enough {
			t.Fatalf("the writer was to be killed: %v after %d", err, told)
		}
		survived(t, open(t, dir, time.Now), told)
	}
}

func survived(t *testing.T, s *Store, told int) {
	t.Helper()
	for i := range 2 {
		object, err := s.Get(t.Context(), fmt.Sprint("a/b-", i), blob.Range{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(object.Body)
		_ = object.Body.Close()
		sum := sha256.Sum256(b)
		if err != nil || hex.EncodeToString(sum[:]) != object.SHA256 {
			t.Errorf("object %d is not whole: %d bytes, %v", i, len(b), err)
		}
		n, _, _ := strings.Cut(string(b), " ")
		if got, err := strconv.Atoi(n); err != nil || got < told-1 || got > told+1 {
			t.Errorf("object %d holds %q, and %d was promised", i, n, told)
		}
	}
}
