package author

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

const runWorkflow = `import { job, push, step, workflow } from '@kici-dev/sdk';

const build = job('build', { runsOn: 'default', steps: [step('build', async ({ $ }) => { await $` + "`echo built here`" + `; })] });
const test = job('test', {
  runsOn: 'default',
  needs: [build],
  steps: [
    step('unit', async ({ $ }) => {
      await $` + "`echo about to fail; test -e no-such-file`" + `;
    }),
  ],
});

export default workflow('broken', { on: push({ branches: 'main' }), jobs: [build, test] });
export const fine = workflow('fine', { on: push(), jobs: [build] });
`

// repo is a real terminal in a git repository with one commit.
func repo(t *testing.T, workflow string) *terminal {
	t.Helper()
	for _, program := range []string{"git", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing", program)
			}
			t.Skipf("%s is missing", program)
		}
	}
	term := real(t, map[string]string{".kici/workflows/ci.ts": workflow})
	term.state.Env["PATH"] = os.Getenv("PATH")
	term.state.Env["KICI_RUN_DIR"] = t.TempDir()
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"commit", "-q", "-m", "start"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = term.state.Dir
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@localhost", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@localhost")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return term
}

func TestRunLocalForReal(t *testing.T) {
	t.Parallel()
	term := repo(t, runWorkflow)
	out := term.run(cli.ExitOK, "run", "local", "push", "--workflow", "fine")
	contains(t, out, "running in ", "[build] built here\n", "Status: SUCCESS", "Workflow: fine")

	out = term.run(cli.ExitFailed, "run", "local", "push")
	contains(t, out, "[build] built here\n", "[test] about to fail\n", "✗ test › unit", ".kici/workflows/ci.ts:9:",
		"error:   exit code: 1", "│ about to fail", "kept isolated checkout at ",
		"run this job again: kici run local push --workflow broken --job test", "Status: FAILED")
}

func TestRunLocalForRealJSON(t *testing.T) {
	t.Parallel()
	term := repo(t, runWorkflow)
	var got result
	if err := json.Unmarshal([]byte(term.run(cli.ExitFailed, "run", "local", "push", "--json", "--junit", "r.xml")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Workflows) != 2 || got.Summary.Failed != 1 || got.Summary.Passed != 1 {
		t.Errorf("got %+v", got)
	}
	contains(t, term.read("r.xml"), `<testcase name="test" classname="broken"`)
}

// TestRunLocalTells: events that are emitted, and with --debug every check.
func TestRunLocalTells(t *testing.T) {
	t.Parallel()
	term := repo(t, `import { job, kiciEvent, push, workflow } from '@kici-dev/sdk';
const send = job('send', { runsOn: 'default', run: async ({ emit, log }) => { log.debug('a detail'); await emit('built', { tag: 'v1' }); } });
export default workflow('ci', { on: push({ branches: 'main', paths: ['src/**'] }), jobs: [send] });
export const next = workflow('next', { on: kiciEvent({ name: 'built' }), jobs: [job('hear', { runsOn: 'default', run: async () => {} })] });
`)
	out := term.run(cli.ExitOK, "run", "local", "push", "--files", "src/a")
	contains(t, out, `[send] emitted event "built" {"tag":"v1"}`+"\n")
	if strings.Contains(out, "a detail") || strings.Contains(out, "[hear]") {
		t.Errorf("got:\n%s", out)
	}
	contains(t, term.run(cli.ExitOK, "run", "local", "push", "--files", "src/a", "--follow-events"), "which is followed", "[hear] Starting")
	contains(t, term.run(cli.ExitOK, "run", "local", "push", "--files", "src/a", "--debug"),
		"ci: trigger 1 (push) matched", `✓ paths - src/** vs "src/a"`, `✗ event type - kici_event vs "push"`, "[send] [debug] a detail")
	if out := term.run(cli.ExitOK, "run", "local", "push", "--json"); !json.Valid([]byte(out)) || !strings.Contains(out, `"workflows": []`) {
		t.Errorf("a run that matches nothing prints an empty result, got %q", out)
	}
}

func TestRunLocalForRealUsage(t *testing.T) {
	t.Parallel()
	term := repo(t, runWorkflow)
	for args, want := range map[string]string{
		"push --workflow brokn":  "broken",
		"push --job tset":        "test",
		"push --payload no.json": "no such file",
	} {
		term.run(cli.ExitUsage, append([]string{"run", "local"}, strings.Fields(args)...)...)
		contains(t, term.stderr.String(), want)
	}
	contains(t, term.run(cli.ExitOK, "run", "local", "release"), "No workflow matches this event:", "broken: ")
	term.write("bad.json", "[1,")
	term.run(cli.ExitUsage, "run", "local", "push", "--payload", "bad.json")
}

func TestRunLocalWithoutGit(t *testing.T) {
	t.Parallel()
	term := real(t, map[string]string{".kici/workflows/ci.ts": runWorkflow})
	term.state.Env["PATH"] = os.Getenv("PATH")
	term.run(cli.ExitFailed, "run", "local", "push", "--workflow", "fine")
	contains(t, term.stderr.String(), "--in-place")
	contains(t, term.run(cli.ExitOK, "run", "local", "push", "--workflow", "fine", "--in-place"), "built here")
}

func TestRunLocalBrokenWorkflow(t *testing.T) {
	t.Parallel()
	term := repo(t, "export default workflow(")
	if out := term.run(cli.ExitFailed, "run", "local", "push", "--json"); out != "" {
		t.Errorf("stdout has %q", out)
	}
	contains(t, term.stderr.String(), "error [E003]")
}

// TestInterrupt sends the first interrupt when the step has begun: its clean-up
// runs, and the exit code is the one shells expect.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	term := repo(t, `import { job, push, step, workflow } from '@kici-dev/sdk';
export default workflow('slow', {
  on: push(),
  jobs: [job('wait', {
    runsOn: 'default',
    cleanup: async ({ $ }) => { await $`+"`echo cleaned up`"+`; },
    steps: [step('wait', async ({ $ }) => { await $`+"`echo waiting; exec sleep 600`"+`; })],
  })],
});
`)
	out := interruptedAt(term, map[string]int{"waiting": 1})
	contains(t, out, "Cancelling", "cleaned up", "[cancel] wait")
}

// TestInterruptTwice: the second interrupt waits for nobody, neither for the
// clean-up nor for a grandchild that does not listen.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	term := repo(t, `import { job, push, step, workflow } from '@kici-dev/sdk';
export default workflow('slow', {
  on: push(),
  jobs: [job('wait', {
    runsOn: 'default',
    cleanup: async ({ $ }) => { await $`+"`echo cleaning; trap '' TERM INT HUP; sleep 77.25 & while :; do wait || true; done`"+`; console.log('cleaned ' + 'up'); },
    steps: [step('wait', async ({ $ }) => { await $`+"`echo waiting; exec sleep 600`"+`; })],
  })],
});
`)
	out := interruptedAt(term, map[string]int{"waiting": 1, "cleaning": 1})
	contains(t, out, "Cancelling")
	if strings.Contains(out, "cleaned up") {
		t.Errorf("the clean-up went on:\n%s", out)
	}
	if left, err := exec.Command("pgrep", "-f", "^sleep 77.25").Output(); err == nil {
		t.Errorf("still running: %s", left)
	}
}

// interruptedAt runs the workflow and sends an interrupt the first time a line
// holds one of the texts.
func interruptedAt(term *terminal, at map[string]int) string {
	signals := make(chan os.Signal, len(at))
	term.state.Signals = func() (<-chan os.Signal, func()) { return signals, func() {} }
	runLocal := term.lib.runLocal
	term.lib.runLocal = func(ctx context.Context, s *cli.State, o runFlags, live *lines) (*result, error) {
		live.heard = func(line string) {
			for text, left := range at {
				if left > 0 && strings.Contains(line, text) {
					at[text] = 0
					signals <- os.Interrupt
				}
			}
		}
		return runLocal(ctx, s, o, live)
	}
	return term.run(cli.ExitInterrupted, "run", "local", "push")
}
