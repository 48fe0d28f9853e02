//go:build unix

package main

import (
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/kici-dev/kici-go/cmd/internal/cli/terminaltest"
)

const watchedWorkflow = `import { job, push, step, workflow } from '@kici-dev/sdk';
const ok = job('fine', { runsOn: 'x', steps: [step('say', async ({ $ }) => { await $` + "`echo all is well`" + `; })] });
const bad = job('bad', { runsOn: 'x', needs: [ok], steps: [step('break', async ({ $ }) => { await $` + "`echo about to break; exit 3`" + `; })] });
const slow = job('slow', { runsOn: 'x', cleanup: ({ log }) => log.info('cleaned'), steps: [step('wait', async ({ $ }) => { await $` + "`echo waiting; exec sleep 600`" + `; })] });
export default workflow('ci', { on: push(), jobs: [ok, bad] });
export const forever = workflow('forever', { on: push(), jobs: [slow] });
const deaf = job('deaf', { runsOn: 'x', cleanup: ({ log }) => log.info('cleaned'), steps: [step('wait', async ({ $ }) => {
  await $` + "`trap '' INT TERM; env -i $(command -v setsid) $BASH -c '(exec -a \"disguised $0\" sleep 600 </dev/null >/dev/null 2>&1 &)' $MARK; until pgrep -f \"^disguised $MARK\" >/dev/null; do sleep 0.05; done; echo waiting; while :; do sleep 1; done`" + `;
})] });
export const stubborn = workflow('stubborn', { on: push(), jobs: [deaf] });
`

// onTerminal starts kici on a pseudo terminal and copies what it writes to a
// screen; seen is called after each piece.
func onTerminal(t *testing.T, seen func(f *os.File, screen *terminaltest.Terminal), env []string, args ...string) (*terminaltest.Terminal, string, int) {
	t.Helper()
	need(t, "bash")
	need(t, "git")
	dir := t.TempDir()
	write(t, dir, map[string]string{".kici/workflows/ci.ts": watchedWorkflow})
	setup := exec.Command("bash", "-euc", "git init -q . && git add . && git -c user.name=t -c user.email=t@localhost commit -q -m x")
	setup.Dir = dir
	if out, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary(t), args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TERM=xterm", "KICI_RUN_DIR=" + t.TempDir()}, env...)
	screen := terminaltest.New(70, 30)
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 70, Rows: 30})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var raw strings.Builder
	buf := make([]byte, 4<<10)
	for {
		n, err := f.Read(buf)
		raw.Write(buf[:n])
		if _, err := screen.Write(buf[:n]); err != nil {
			t.Fatal(err)
		}
		if seen != nil {
			seen(f, screen)
		}
		if err != nil { // EIO or EOF: the other end is closed
			break
		}
	}
	_ = cmd.Wait()
	return screen, raw.String(), cmd.ProcessState.ExitCode()
}

func TestLiveTree(t *testing.T) {
	t.Parallel()
	lived := false
	screen, _, code := onTerminal(t, func(_ *os.File, s *terminaltest.Terminal) {
		lived = lived || regexp.MustCompile(`(?m)^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] (fine|bad) +0\.\ds`).MatchString(s.Text())
	}, nil, "run", "local", "push", "--workflow", "ci")
	history := screen.History()
	if code != 1 || !lived {
		t.Errorf("exit %d, jobs were seen running: %v", code, lived)
	}
	order := regexp.MustCompile(`(?s)Running workflow: ci\n✓ fine \d.*\n✗ bad .* exit code: 3\n    │ about to break\n.*✗ bad › break.*Status: FAILED.*\[ok\] fine`)
	if !order.MatchString(history) {
		t.Errorf("the terminal shows:\n%s", history)
	}
	if strings.ContainsAny(history, "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏") || strings.Contains(history, "running,") {
		t.Errorf("something of the live tree was left behind:\n%s", history)
	}
}

// TestLiveTreeInterrupted presses Ctrl+C while a job runs.
func TestLiveTreeInterrupted(t *testing.T) {
	t.Parallel()
	pressed := false
	screen, raw, code := onTerminal(t, func(f *os.File, s *terminaltest.Terminal) {
		if !pressed && strings.Contains(s.Text(), "│ waiting") {
			pressed = true
			if _, err := io.WriteString(f, "\x03"); err != nil {
				t.Error(err)
			}
		}
	}, nil, "run", "local", "push", "--workflow", "forever")
	history := screen.History()
	if code != 130 || !strings.Contains(history, "Cancelling: running jobs clean up") || !strings.Contains(history, "[cancel] slow") {
		t.Errorf("exit %d:\n%s", code, history)
	}
	if strings.ContainsAny(history, "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏") {
		t.Errorf("something of the live tree was left behind:\n%s", history)
	}
	if strings.Contains(raw, "\x1b[?25l") && !strings.Contains(raw, "\x1b[?25h") || strings.Count(raw, "?2026h") != strings.Count(raw, "?2026l") {
		t.Errorf("the terminal is left in another state: %q", raw)
	}
}

// TestLiveTreeInterruptedTwice: the second Ctrl+C ends at once what does not
// hear the first, and what it has hidden.
func TestLiveTreeInterruptedTwice(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows all processes below one")
	}
	mark, pressed := rand.Text(), 0
	screen, _, code := onTerminal(t, func(f *os.File, s *terminaltest.Terminal) {
		if pressed == 0 && strings.Contains(s.Text(), "│ waiting") || pressed == 1 && strings.Contains(s.History(), "Cancelling") {
			if pressed++; running(t, "disguised "+mark) == 0 {
				t.Error("nothing is hidden yet")
			}
			if _, err := io.WriteString(f, "\x03"); err != nil {
				t.Error(err)
			}
		}
	}, nil, "run", "local", "push", "--workflow", "stubborn", "--env", "MARK="+mark)
	history := screen.History()
	if pressed != 2 || code != 130 || strings.Contains(history, "cleaned") {
		t.Errorf("pressed %d times, exit %d:\n%s", pressed, code, history)
	}
	if n := running(t, "disguised "+mark); n > 0 {
		t.Errorf("%d processes live on", n)
	}
}

// running counts the processes whose command line begins with text.
func running(t *testing.T, text string) (n int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range lines {
		if args, err := os.ReadFile(name); err == nil && strings.HasPrefix(string(args), text) {
			n++
		}
	}
	return n
}

// TestNoLiveTree: the same run in lines, whoever asks for them.
func TestNoLiveTree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ env, args []string }{
		"NO_COLOR": {[]string{"NO_COLOR=1"}, nil},
		"dumb":     {[]string{"TERM=dumb"}, nil},
		"debug":    {nil, []string{"--debug"}},
		"CI":       {[]string{"CI=true"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			screen, raw, code := onTerminal(t, nil, c.env, append([]string{"run", "local", "push", "--workflow", "ci"}, c.args...)...)
			if history := screen.History(); code != 1 || screen.Draws() > 0 || !strings.Contains(history, "[fine] all is well") {
				t.Errorf("exit %d, %d drawings:\n%s", code, screen.Draws(), history)
			}
			if name == "NO_COLOR" && strings.Contains(raw, "\x1b[") {
				t.Errorf("there are control sequences: %q", raw)
			}
		})
	}
}
