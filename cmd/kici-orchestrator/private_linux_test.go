package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

// A job runs as the agent's user and must not find the agent's token in /proc.
func TestAgentIsPrivate(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "kici-private-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program := binary(t, "kici-agent")
	own, err := exec.Command("cp", program, dir+"/kici-agent").CombinedOutput()
	if err := errors.Join(err, os.Chmod(dir, 0o777)); err != nil {
		t.Fatalf("%v: %s", err, own)
	}
	agent := exec.Command(dir + "/kici-agent")
	agent.Dir = "/"
	agent.Env = []string{"PATH=" + os.Getenv("PATH"), "KICI_ORCHESTRATOR_URL=ws://127.0.0.1:1", "KICI_AGENT_TOKEN=kat_secret", "KICI_PORT=0", "KICI_DATA_DIR=" + dir + "/data"}
	read := exec.Command("cat")
	if os.Getuid() == 0 { // who may read everything anyway
		nobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		agent.SysProcAttr, read.SysProcAttr = nobody, nobody
	}
	stderr, err := agent.StderrPipe()
	if err := errors.Join(err, proctest.Start(agent)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait()
	})
	first := make([]byte, 64)
	if _, err := stderr.Read(first); err != nil { // it says something once it runs
		t.Fatal(err)
	}
	for _, file := range []string{"environ", "mem"} {
		read := *read
		read.Args = append(read.Args[:1:1], "/proc/"+strconv.Itoa(agent.Process.Pid)+"/"+file)
		read.Dir = "/"
		out, err := read.CombinedOutput()
		if err == nil || strings.Contains(string(out), "kat_secret") || !strings.Contains(string(out), fs.ErrPermission.Error()) && !strings.Contains(string(out), "ermission denied") {
			t.Errorf("%s: %v, %s", file, err, out)
		}
	}
}
