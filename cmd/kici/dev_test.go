package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/proc/proctest"
)

// process is a kici dev whose lines a test waits for.
type process struct {
	*exec.Cmd
	lines *bufio.Scanner
	out   io.Closer
	seen  []string
}

func startDev(t *testing.T, dir string, env []string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(binary(t), "dev")}
	p.Dir, p.Env = dir, env
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stdout, p.Stderr, p.out = w, w, r
	p.lines = bufio.NewScanner(r)
	if err := proctest.Start(p.Cmd); err != nil {
		t.Fatal(err)
	}
	w.Close()
	// One that says nothing any more is ended, and with it the wait for a line.
	limit := time.AfterFunc(2*time.Minute, func() { _ = p.Process.Kill() })
	t.Cleanup(func() {
		limit.Stop()
		_ = p.Process.Kill()
		_, _ = p.Process.Wait()
		r.Close()
	})
	return p
}

// wait reads lines up to one that holds a text.
func (p *process) wait(t *testing.T, want string) string {
	t.Helper()
	for p.lines.Scan() {
		p.seen = append(p.seen, p.lines.Text())
		if strings.Contains(p.lines.Text(), want) {
			return p.lines.Text()
		}
	}
	t.Fatalf("%q was never said:\n%s", want, strings.Join(p.seen, "\n"))
	return ""
}

// A dev that is killed leaves nothing that the next one stumbles over: what was
// running ends as a failure of the infrastructure, what waited goes on, and
// commits are run as before.
func TestDevSurvivesAKill(t *testing.T) {
	t.Parallel()
	need(t, "bash")
	need(t, "git")
	dir, home := t.TempDir(), t.TempDir()
	env := append(os.Environ(), "CI=true", "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"),
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@localhost", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@localhost")
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	write(t, dir, map[string]string{".kici/workflows/ci.ts": `import { job, push, workflow } from '@kici-dev/sdk';
const first = job('first', { runsOn: 'default', run: async ({ $ }) => void (await $` + "`echo begun; test -e quick || exec sleep 600`" + `) });
const then = job('then', { runsOn: 'default', needs: [{ name: 'first', ifFailed: 'run' }], run: async ({ $ }) => void (await $` + "`echo then`" + `) });
export default workflow('ci', { on: push(), jobs: [first, then] });
`})
	run("git", "init", "-q", "-b", "main")
	run(binary(t), "compile")
	run("git", "add", ".")
	run("git", "commit", "-q", "-m", "start")

	dev := startDev(t, dir, env)
	dev.wait(t, "Ctrl+C ends.")
	run("git", "commit", "-q", "--allow-empty", "-m", "slow")
	dev.wait(t, "[first] begun")
	if err := dev.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = dev.Process.Wait()

	next := startDev(t, dir, env)
	next.wait(t, "left by an earlier kici dev")
	if line := next.wait(t, "[first] ✗ Failed"); !strings.Contains(line, "infrastructure") {
		t.Errorf("the job that was running: %s", line)
	}
	next.wait(t, "[then] then")
	next.wait(t, "[fail] ci")
	write(t, dir, map[string]string{"quick": ""})
	run("git", "add", ".")
	run("git", "commit", "-q", "-m", "quick")
	next.wait(t, "» push main")
	next.wait(t, "[ok] ci")
	if err := next.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if state, err := next.Process.Wait(); err != nil || state.ExitCode() != 0 {
		t.Errorf("an idle dev ends with %v, %v", state, err)
	}
	left, err := filepath.Glob(filepath.Join(home, "state", "kici", "dev", "*", "agent", "work", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
