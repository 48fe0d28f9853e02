package runner

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// stoppedVar makes the test binary the process that is stopped.
const stoppedVar = "KICI_TEST_STOPPED"

// A parent that was stopped for longer than a child may take to answer does not
// blame the child.
func TestStoppedParentIsPatient(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	if os.Getenv(stoppedVar) != "" {
		answer := make(chan error, 1)
		go func() {
			var end [1]byte
			_, err := os.Stdin.Read(end[:]) // comes once we go on
			answer <- err
		}()
		_, _ = os.Stdout.WriteString("waiting\n")
		if answered, err := patient(context.Background(), limit, answer); !answered || err != nil {
			t.Errorf("answered %t, %v", answered, err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestStoppedParentIsPatient$")
	cmd.Env = append(os.Environ(), stoppedVar+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := &waitFor{text: "waiting\n", found: make(chan struct{})}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-out.found
	err = cmd.Process.Signal(syscall.SIGSTOP)
	<-time.After(2 * limit)
	_, wrote := in.Write([]byte("x")) // it finds it when it goes on
	if err := errors.Join(err, wrote, cmd.Process.Signal(syscall.SIGCONT), cmd.Wait()); err != nil {
		t.Errorf("%v\n%s", err, out.all.String())
	}
}

// waitFor is a writer that tells when a text has come.
type waitFor struct {
	text  string
	all   bytes.Buffer
	found chan struct{}
}

func (w *waitFor) Write(p []byte) (int, error) {
	before := bytes.Contains(w.all.Bytes(), []byte(w.text))
	w.all.Write(p)
	if !before && bytes.Contains(w.all.Bytes(), []byte(w.text)) {
		close(w.found)
	}
	return len(p), nil
}
