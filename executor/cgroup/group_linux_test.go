package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

func open(t *testing.T, l Limits) *Group {
	t.Helper()
	g, err := New(fmt.Sprintf("kici-test-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-")), l)
	if errors.Is(err, ErrUnavailable) {
		t.Skipf("NOT TESTED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// inside runs a bash script in the group, which begins once it is there.
func inside(t *testing.T, g *Group, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("bash", "-c", "read -r _; "+script)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := proctest.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := g.Add(cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill()
		t.Fatal(err)
	}
	_, _ = io.WriteString(in, "go\n")
	return cmd
}

func TestMemory(t *testing.T) {
	t.Parallel()
	g := open(t, Limits{Memory: 32 << 20})
	if n, err := g.Kills(); err != nil || n != 0 {
		t.Errorf("%d kills, %v", n, err)
	}
	if err := inside(t, g, "x=$(head -c 10000000 /dev/zero | tr '\\0' x); test ${#x} = 10000000").Wait(); err != nil {
		t.Errorf("within the limit: %v", err)
	}
	if err := inside(t, g, "head -c 200m /dev/zero | tail >/dev/null").Wait(); err == nil {
		t.Error("200 MB were kept in 32")
	}
	if n, err := g.Kills(); err != nil || n == 0 {
		t.Errorf("%d kills, %v", n, err)
	}
}

func TestPIDs(t *testing.T) {
	t.Parallel()
	g := open(t, Limits{PIDs: 4})
	if err := inside(t, g, "for i in 1 2 3 4 5 6 7 8; do sleep 30 & done; wait").Process.Release(); err != nil {
		t.Fatal(err)
	}
	// All that could be started hang; Close has to end them.
	dir := g.dirs[0]
	var n int
	for deadline := time.After(10 * time.Second); n < 4; {
		text, err := os.ReadFile(path.Join(dir, "cgroup.procs"))
		if err != nil {
			t.Fatal(err)
		}
		n = len(strings.Fields(string(text)))
		select {
		case <-deadline:
			t.Fatalf("%d processes", n)
		case <-time.After(time.Millisecond):
		}
	}
	if n > 4 {
		t.Errorf("%d processes of 4", n)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the group is left")
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

func TestCPUs(t *testing.T) {
	t.Parallel()
	g := open(t, Limits{CPUs: 0.2})
	cmd := inside(t, g, "end=$((SECONDS+1)); while [ $SECONDS -lt $end ]; do :; done")
	start := time.Now()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	used, wall := cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), time.Since(start)
	// A fifth, and a period more for how it is counted.
	if used > wall/5+200*time.Millisecond {
		t.Errorf("%v of %v", used, wall)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a/b", "../x"} {
		if g, err := New(name, Limits{Memory: 1 << 30}); err == nil {
			t.Errorf("%q: %v", name, g.Close())
		}
	}
}

func TestOwnKills(t *testing.T) {
	t.Parallel()
	if _, err := Kills(); err != nil && !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

// TestVersion2 makes a group in a version 2 tree that has some controller: on
// machines with both versions that may be one we set no limits with.
func TestVersion2(t *testing.T) {
	t.Parallel()
	mount := ""
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if before, _, ok := strings.Cut(s.Text(), " - cgroup2 "); ok {
			mount = strings.Fields(before)[4]
		}
	}
	dir := path.Join(mount, "kici-test-two-"+strconv.Itoa(os.Getpid()))
	g := &Group{}
	if mount == "" || g.make(dir) != nil {
		t.Skip("NOT TESTED: no version 2 tree that may be written")
	}
	cmd := inside(t, g, "sleep 30 & sleep 30")
	if err := g.Close(); err != nil { // by cgroup.kill
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it was not killed")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the group is left")
	}
}

// TestVersion2Words uses plain folders: which ancestor is taken, and what is
// written, does not need a kernel with memory limits of version 2.
func TestVersion2Words(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	own := path.Join(root, "slice", "scope")
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir, text := range map[string]string{own: "", path.Dir(own): "cpu memory pids\n", root: "cpu memory pids\n"} {
		if err := os.WriteFile(path.Join(dir, "cgroup.subtree_control"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A plain file takes every word; the kernel would not let the scope.
	if err := os.Remove(path.Join(own, "cgroup.subtree_control")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path.Join(own, "cgroup.subtree_control"), 0o755); err != nil {
		t.Fatal(err)
	}
	g := &Group{}
	if err := g.makeSecond(tree{2, root, own}, "job", controllers(), Limits{Memory: 1 << 20, CPUs: 1.5, PIDs: 9}); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"memory.max": "1048576", "cpu.max": "150000 100000", "pids.max": "9"} {
		if got, err := os.ReadFile(path.Join(root, "slice", "job", file)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	if err := os.WriteFile(path.Join(root, "slice", "job", "memory.events"), []byte("low 0\noom 7\noom_kill 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := g.Kills(); err != nil || n != 3 {
		t.Errorf("%d kills, %v", n, err)
	}
	if err := g.makeSecond(tree{2, own, own}, "other", controllers(), Limits{}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
