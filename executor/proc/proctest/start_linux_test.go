package proctest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// killed makes this test binary the one that is killed.
const killed = "KICI_TEST_KILLED"

func TestMain(m *testing.M) {
	if os.Getenv(killed) != "" {
		os.Exit(parent())
	}
	goleak.VerifyTestMain(m)
}

// parent starts a command that holds the pipe open, and waits to be killed.
func parent() int {
	cmd := exec.Command("sleep", "600")
	cmd.Stdout = os.Stdout
	if err := Start(cmd); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("started")
	_ = cmd.Wait()
	return 1
}

// The starter is killed, and the end of the pipe says that nobody is left.
func TestKilledStarter(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stdout = append(os.Environ(), killed+"=1"), w
	if err := Start(cmd); err != nil {
		t.Fatal(err)
	}
	w.Close()
	lines := bufio.NewReader(r)
	if line, err := lines.ReadString('\n'); strings.TrimSpace(line) != "started" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it was to be killed")
	}
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil {
		t.Errorf("what it started goes on: %q, %v", rest, err)
	}
}

// A command is waited for as if it had been started without us.
func TestStart(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("bash", "-c", "exit 3")
	if err := Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("%v", err)
	}
	if err := Start(exec.Command("/nowhere")); err == nil {
		t.Error("a program that is not there was started")
	}
}
