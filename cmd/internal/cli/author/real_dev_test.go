package author

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// locked is a real terminal in a repository whose lock file is committed.
func locked(t *testing.T, workflow string) *terminal {
	t.Helper()
	term := repo(t, workflow)
	term.state.Env["XDG_STATE_HOME"] = t.TempDir()
	term.run(cli.ExitOK, "compile")
	term.commit("lock")
	return term
}

func (c *terminal) commit(message string) {
	c.t.Helper()
	for _, args := range [][]string{{"add", "-A"}, {"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "--allow-empty", "-m", message}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = c.state.Dir
		if out, err := cmd.CombinedOutput(); err != nil {
			c.t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

func TestDevOnceForReal(t *testing.T) {
	t.Parallel()
	term := locked(t, runWorkflow)
	out := term.run(cli.ExitFailed, "dev", "--once", "push", "--junit", "r.xml")
	contains(t, out, "[build] built here\n", "[test] about to fail\n", "✗ test › unit", ".kici/workflows/ci.ts:9:",
		"command: echo about to fail", "error:   exit code: 1", "│ about to fail",
		"run this job again: kici run local push --workflow broken --job test", "Workflow: fine", "Status: FAILED")
	contains(t, term.read("r.xml"), `<testcase name="test" classname="broken"`)

	var got result
	if err := json.Unmarshal([]byte(term.run(cli.ExitFailed, "dev", "--once", "push", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Workflows) != 2 || got.Summary.Failed != 1 || got.Summary.Passed != 1 {
		t.Errorf("got %+v", got)
	}
	out = term.run(cli.ExitOK, "dev", "--once", "release")
	contains(t, out, "1 uncommitted change is left out", "No workflow matches this event:", `fine: the trigger did not match: event type is "release", want push`)
	term.run(cli.ExitUsage, "dev", "--once", "psuh")
	contains(t, term.stderr.String(), "did you mean 'push'?")
	term.run(cli.ExitUsage, "dev", "--once", "push", "--branch", "nope")
	contains(t, term.stderr.String(), "nope", "git branch")
	term.run(cli.ExitUsage, "dev", "--branch", "main")
	contains(t, term.stderr.String(), "add --once <event>")
	term.run(cli.ExitUsage, "dev", "--port", "70000")
	term.run(cli.ExitUsage, "dev", "trigger")
	term.run(cli.ExitFailed, "dev", "trigger", "push")
	contains(t, term.stderr.String(), "no kici dev runs for this repository", "start 'kici dev' in another terminal")
}

func TestDevOnceWithoutLock(t *testing.T) {
	t.Parallel()
	term := repo(t, runWorkflow)
	term.run(cli.ExitFailed, "dev", "--once", "push")
	contains(t, term.stderr.String(), "has no .kici/kici.lock.json", "hint: run 'kici compile' and commit")
}

// A repository may hold several projects. The nearest .kici counts, wherever in its
// project somebody stands, and the lock file is read there.
func TestDevOnceInASubDirectory(t *testing.T) {
	t.Parallel()
	term := repo(t, runWorkflow)
	term.state.Env["XDG_STATE_HOME"] = t.TempDir()
	root := term.state.Dir
	shop := filepath.Join(root, "apps", "shop")
	workflow := `import { job, push, workflow } from '@kici-dev/sdk';
export default workflow('shop', { on: push(), jobs: [job('only', { runsOn: 'default', run: async ({ $ }) => { await $` + "`test -e src/here; echo of the shop`" + `; } })] });
`
	term.write("apps/shop/.kici/workflows/shop.ts", workflow)
	term.write("apps/shop/src/here", "")
	term.state.At(shop)
	term.run(cli.ExitFailed, "dev", "--once", "push")
	contains(t, term.stderr.String(), "has no apps/shop/.kici/kici.lock.json", "commit apps/shop/.kici/kici.lock.json")
	term.run(cli.ExitOK, "compile")
	term.state.At(root)
	term.commit("shop")
	for _, dir := range []string{shop, filepath.Join(shop, "src")} {
		term.state.At(dir)
		contains(t, term.run(cli.ExitOK, "dev", "--once", "push"), "[only] of the shop", "Workflow: shop", "Status: SUCCESS")
	}
}

const slowWorkflow = `import { job, push, step, workflow } from '@kici-dev/sdk';
export default workflow('slow', {
  on: push(),
  jobs: [job('wait', {
    runsOn: 'default',
    cleanup: async ({ $ }) => { await $` + "`echo cleaned up`" + `; },
    steps: [step('wait', async ({ $ }) => { await $` + "`echo waiting; exec sleep 600`" + `; })],
  })],
});
`

func TestDevOnceInterrupted(t *testing.T) {
	t.Parallel()
	term := locked(t, slowWorkflow)
	page := term.screen()
	go func() {
		page.wait(t, "[wait] waiting")
		page.signals <- os.Interrupt
	}()
	term.run(cli.ExitInterrupted, "dev", "--once", "push")
	for _, want := range []string{"Cancelling", "cleaned up", "[cancel] wait"} {
		page.wait(t, want)
	}
}

// screen is standard output that can be waited for, and signals to send.
type screen struct {
	signals chan os.Signal

	mu   sync.Mutex // guards what follows
	text bytes.Buffer
	next chan struct{} // closed and replaced with every write
}

func (c *terminal) screen() *screen {
	s := &screen{signals: make(chan os.Signal, 2), next: make(chan struct{})}
	c.state.Stdout = s
	c.state.Signals = func() (<-chan os.Signal, func()) { return s.signals, func() {} }
	return s
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.next)
	s.next = make(chan struct{})
	return s.text.Write(p)
}

// wait waits until a text was written.
func (s *screen) wait(t *testing.T, want string) { t.Helper(); s.waitFor(t, want, 1) }

// waitFor waits until it was written that often. The minute ends a test that
// would wait for ever.
func (s *screen) waitFor(t *testing.T, want string, times int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		s.mu.Lock()
		found, next := strings.Count(s.text.String(), want) >= times, s.next
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-next:
		case <-ctx.Done():
			t.Errorf("%q was never shown:\n%s", want, s.shown())
			return
		}
	}
}

func (s *screen) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// A dev in one terminal, its events from another.
func TestDevForReal(t *testing.T) {
	t.Parallel()
	term := locked(t, runWorkflow)
	page := term.screen()
	other := real(t, nil)
	other.state.At(term.state.Dir)
	for k, v := range term.state.Env {
		other.state.Env[k] = v
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		term.run(cli.ExitOK, "dev")
	}()
	page.wait(t, "Ctrl+C ends.")
	other.run(cli.ExitFailed, "dev")
	contains(t, other.stderr.String(), "kici dev runs for this repository already", "http://127.0.0.1:")

	term.commit("next")
	page.wait(t, "» push main")
	page.wait(t, "[ok] fine")
	page.wait(t, "[fail] broken")
	for _, want := range []string{": 2 workflows", "✗ test › unit", ".kici/workflows/ci.ts:9:", "│ about to fail",
		"run this job again: kici run local push --workflow broken --job test", "/logs"} {
		page.wait(t, want)
	}
	contains(t, other.run(cli.ExitOK, "dev", "trigger", "push", "--branch", "main"), "✓ started broken http://", "✓ started fine http://")
	contains(t, other.run(cli.ExitOK, "dev", "trigger", "star"), "No workflow matches this event:", "fine: ")
	page.wait(t, "» star created main")
	files, err := filepath.Glob(filepath.Join(term.state.Env["XDG_STATE_HOME"], "kici", "dev", "*", "dev.json"))
	if err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
	page.waitFor(t, "/logs\n", 4) // nothing runs any more
	page.signals <- os.Interrupt
	<-over
}
