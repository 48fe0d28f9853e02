package proc

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

func TestReadProc(t *testing.T) {
	t.Parallel()
	if data, buf := readProc("/proc/self/nothing-of-that-name", make([]byte, 8)); len(data) != 0 || len(buf) != 8 {
		t.Errorf("a missing file: %q", data)
	}
	want, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := readProc("/proc/self/environ", make([]byte, 8)); string(data) != string(want) {
		t.Errorf("got %d bytes, want %d", len(data), len(want))
	}
}

// TestStraysBehindALongEnvironment: the cookie may stand after more variables
// than one read returns.
func TestStraysBehindALongEnvironment(t *testing.T) {
	t.Parallel()
	cookie := fmt.Sprintf("test-strays-%d", os.Getpid())
	cmd := exec.Command("sleep", "60")
	cmd.Env = []string{"LONG=" + strings.Repeat("x", 60<<10), CookieName + "=" + cookie + ":1"}
	if err := proctest.Start(cmd); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed on purpose
	}()
	if got := strays(cookie, 0); !slices.Equal(got, []int{cmd.Process.Pid}) {
		t.Errorf("found %v, want %d", got, cmd.Process.Pid)
	}
	if got := strays(cookie, 1); got != nil {
		t.Errorf("found %v after the mark", got)
	}
}

func BenchmarkStrays(b *testing.B) {
	for b.Loop() {
		strays("no-such-cookie", 0)
	}
}
