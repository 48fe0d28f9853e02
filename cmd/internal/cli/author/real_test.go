package author

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

const realWorkflow = `import { job, pr, push, step, workflow } from '@kici-dev/sdk';

const build = job('build', { runsOn: 'default', steps: [step('build', async ({ $ }) => { await $` + "`echo hi`" + `; })] });
const test = job('test', { runsOn: 'linux', needs: [build], matrix: { node: ['22', '24'] }, steps: [step('unit', async () => {})] });

export default workflow('ci', { on: [push({ branches: ['main'], paths: ['src/**'] }), pr({ target: 'main' })], jobs: [build, test] });
export const nightly = workflow('nightly', { on: push({ branches: 'nightly' }), jobs: [build] });
`

// real is a terminal over the real library.
func real(t *testing.T, files map[string]string) *terminal {
	t.Helper()
	term := setup(t)
	term.lib = authorLibrary()
	for name, text := range files {
		term.write(name, text)
	}
	return term
}

func TestCompileForReal(t *testing.T) {
	t.Parallel()
	term := real(t, map[string]string{".kici/workflows/ci.ts": realWorkflow})
	term.run(cli.ExitFailed, "compile", "--check", "--locked") // there is no lock file yet
	contains(t, term.stderr.String(), "E301", "kici compile")
	contains(t, term.run(cli.ExitOK, "compile", "--check"), "✓ Workflows are valid (2 workflows)")
	if term.state.Disk.Has(".kici/kici.lock.json") {
		t.Fatal("--check wrote the lock file")
	}
	contains(t, term.run(cli.ExitOK, "compile", "--verbose"), "✓ Compiled workflows → .kici/kici.lock.json (2 workflows)", "compiled in ")
	lock := term.read(".kici/kici.lock.json")
	term.run(cli.ExitOK, "compile", "--check", "--locked")

	term.write(".kici/workflows/ci.ts", strings.Replace(realWorkflow, "needs: [build]", "needs: ['biuld']", 1))
	term.run(cli.ExitFailed, "compile")
	contains(t, term.stderr.String(), ".kici/workflows/ci.ts:4:", "error [E101]", `did you mean "build"?`, "✗ 1 error")
	if term.read(".kici/kici.lock.json") != lock {
		t.Error("a failed compile touched the lock file")
	}
}

func TestCompileWithoutWorkflows(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"nothing":         nil,
		"kici is a file":  {".kici": "what?"},
		"empty":           {".kici/workflows/readme.md": ""},
		"binary garbage":  {".kici/workflows/a.ts": "\x00\x01\xff"},
		"syntax error":    {".kici/workflows/a.ts": "export default workflow("},
		"throws":          {".kici/workflows/a.ts": "throw new Error('at the top')"},
		"no workflow":     {".kici/workflows/a.ts": "export const a = 1"},
		"unknown package": {".kici/workflows/a.ts": "import x from 'no-such-package'; export default x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := real(t, files)
			term.run(cli.ExitFailed, "compile")
			contains(t, term.stderr.String(), "error [E0")
		})
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code int
		args string
	}{
		"push-match":    {cli.ExitOK, "push --files src/a.ts --files README.md"},
		"push-no-files": {cli.ExitOK, "push"},
		"pr":            {cli.ExitOK, "pr:open --job test"},
		"branch-debug":  {cli.ExitOK, "push --branch nightly --files x --debug"},
		"not-matched":   {cli.ExitFailed, "push --workflow ci --files docs/a.md"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := real(t, map[string]string{".kici/workflows/ci.ts": realWorkflow})
			out := term.run(c.code, append([]string{"test"}, strings.Fields(c.args)...)...)
			golden(t, "test-"+name, out)
			if term.state.Disk.Has(".kici/kici.lock.json") {
				t.Error("a preview wrote the lock file")
			}
		})
	}
}

// TestPreviewEnvironment: a preview loads the workflows as a run does, with the
// variables of the terminal and, where a file needs it, on Node.
func TestPreviewEnvironment(t *testing.T) {
	t.Parallel()
	imports := ""
	if _, err := exec.LookPath("node"); err == nil {
		imports = "import 'node:dgram';\n"
	} else if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	term := real(t, map[string]string{".kici/workflows/ci.ts": imports + `import { job, push, workflow } from '@kici-dev/sdk';
console.log('loading');
export default workflow('ci', { on: push({ branches: process.env.WANTED ?? 'nothing' }), jobs: [job('a', { runsOn: 'default', run: () => {} })] });
`})
	term.state.Env["PATH"], term.state.Env["WANTED"] = os.Getenv("PATH"), "main"
	contains(t, term.run(cli.ExitOK, "test", "push"), "loading\n", "ci: ✓ matched")
}

func TestPreviewUsage(t *testing.T) {
	t.Parallel()
	term := real(t, map[string]string{".kici/workflows/ci.ts": realWorkflow})
	for args, want := range map[string]string{
		"push --workflow cii":  "did you mean 'ci'?",
		"push --job biuld":     "did you mean 'build'?",
		"pussh":                "did you mean 'push'?",
		"push --secret nope":   "KEY=VALUE",
		"push --context K=V":   "CONTEXT.KEY=VALUE",
		"push --files":         "needs an argument",
		"push extra arguments": "takes one event",
	} {
		term.run(cli.ExitUsage, append([]string{"test"}, strings.Fields(args)...)...)
		contains(t, term.stderr.String(), want)
	}
	contains(t, term.run(cli.ExitOK, "test"), "Usage:")
	broken := real(t, map[string]string{".kici/workflows/ci.ts": "nonsense("})
	broken.run(cli.ExitFailed, "test", "push")
	contains(t, broken.stderr.String(), "error [E003]")
}
