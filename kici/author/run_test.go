package author_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
)

// The test binary is its own child, as every main is.
func TestMain(m *testing.M) {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// repository makes a committed project of one workflow file.
func repository(t testing.TB, workflow string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(workflow), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "c"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	return dir
}

type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (tr *transcript) observe(e author.RunEvent) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	switch e := e.(type) {
	case author.RunOutput:
		tr.text.Write(e.Data)
	case author.RunStepFinished:
		fmt.Fprintf(&tr.text, "[%s %s %s]\n", e.Job, e.Result.Name, e.Result.Status)
	}
}

const hello = `import { workflow, job, step, push } from '@kici-dev/sdk';
export default workflow('hello', {
  on: push(),
  jobs: [job('greet', { runsOn: 'linux', steps: [
    step('say', async ({ $, log }) => { log.info('hi'); await $` + "`echo hello`" + `; return { x: 1 }; }),
  ] })],
});
`

func TestRunLocalInAChild(t *testing.T) {
	t.Parallel()
	tr := &transcript{}
	dir := repository(t, hello)
	res, err := author.RunLocal(context.Background(), author.RunOptions{Dir: dir, Event: "push", Environ: append(os.Environ(), "KICI_RUN_DIR="+t.TempDir())}, tr.observe)
	if err != nil {
		t.Fatal(err)
	}
	if res.Class != author.RunClassSuccess || len(res.Workflows) != 1 {
		t.Fatalf("%+v\n%s", res, tr.text.String())
	}
	if got, want := tr.text.String(), "hi\nhello\n[greet say success]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if res.Checkout != "" {
		t.Errorf("the checkout was kept at %s", res.Checkout)
	}
}

func BenchmarkRunLocalEcho(b *testing.B) {
	dir := repository(b, hello)
	env := append(os.Environ(), "KICI_RUN_DIR="+b.TempDir())
	for b.Loop() {
		res, err := author.RunLocal(context.Background(), author.RunOptions{Dir: dir, Event: "push", Environ: env}, nil)
		if err != nil || res.Class != author.RunClassSuccess {
			b.Fatal(res, err)
		}
	}
}

// Cancelling a run: the step ends, its hooks run in order, nothing is left.
func TestRunLocalCancelRunsHooks(t *testing.T) {
	t.Parallel()
	dir := repository(t, `import { workflow, job, step, push } from '@kici-dev/sdk';
export default workflow('w', {
  on: push(),
  onCancel: () => console.log('workflow onCancel'), cleanup: () => console.log('workflow cleanup'),
  jobs: [job('j', { runsOn: 'x',
    onCancel: (ctx) => console.log('job onCancel ' + ctx.outcome.reason), cleanup: () => console.log('job cleanup'), onFailure: () => console.log('wrong'),
    steps: [step('s', {
      run: async ({ $ }) => { await $`+"`echo started; sleep 77.125`"+`; },
      onCancel: () => console.log('step onCancel'), cleanup: () => console.log('step cleanup'),
    }), step('never', () => console.log('wrong'))] })],
});
`)
	tr := &transcript{}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	res, err := author.RunLocal(ctx, author.RunOptions{Dir: dir, Event: "push", Environ: append(os.Environ(), "KICI_RUN_DIR="+t.TempDir())}, func(e author.RunEvent) {
		tr.observe(e)
		if out, ok := e.(author.RunOutput); ok && strings.Contains(string(out.Data), "started") {
			cancel(errors.New("because"))
		}
	})
	if err != nil || res.Class != author.RunClassInterrupted || res.Class.ExitCode() != 130 {
		t.Fatalf("%+v %v", res, err)
	}
	var got []string
	for line := range strings.Lines(tr.text.String()) {
		if !strings.HasPrefix(line, "[") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := "started, step onCancel, step cleanup, job onCancel because, job cleanup, workflow onCancel, workflow cleanup"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	if out, err := exec.Command("pgrep", "-f", "^sleep 77.125").Output(); err == nil {
		t.Errorf("still running: %s", out)
	}
}

// The cap bounds what is stored, in the agent's words; observers see everything.
func TestRunLocalLogCap(t *testing.T) {
	t.Parallel()
	tr := &transcript{}
	o := author.RunOptions{Dir: repository(t, hello), Event: "push", KeepLogs: true, LogCap: 5, Environ: append(os.Environ(), "KICI_RUN_DIR="+t.TempDir())}
	res, err := author.RunLocal(context.Background(), o, tr.observe)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(res.Workflows[0].Jobs[0].Logs[0].Text), "hi\nhe\n[TRUNCATED: log output exceeded 5 bytes]\n"; got != want {
		t.Errorf("stored %q, want %q", got, want)
	}
	if got, want := tr.text.String(), "hi\nhello\n[greet say success]\n"; got != want {
		t.Errorf("shown %q, want %q", got, want)
	}
}

const twoHundred = `import { workflow, job, step, push } from '@kici-dev/sdk';
export default workflow('many', { on: push(), jobs: [job('j', { runsOn: 'x',
  steps: Array.from({ length: 200 }, (_, i) => step('s' + i, async ({ $ }) => { await $` + "`echo ${i}`" + `; })) })] });
`

const flood = `import { workflow, job, push } from '@kici-dev/sdk';
export default workflow('flood', { on: push(), jobs: [job('j', { runsOn: 'x',
  run: async ({ $ }) => { await $` + "`head -c 100000000 /dev/zero | tr '\\\\0' x`" + `; } })] });
`

func benchmarkRun(b *testing.B, workflow string, observe author.Observer) {
	dir := repository(b, workflow)
	env := append(os.Environ(), "KICI_RUN_DIR="+b.TempDir())
	for b.Loop() {
		res, err := author.RunLocal(context.Background(), author.RunOptions{Dir: dir, Event: "push", Environ: env}, observe)
		if err != nil || res.Class != author.RunClassSuccess {
			b.Fatal(res, err)
		}
	}
}

func BenchmarkRunLocal200Steps(b *testing.B) { benchmarkRun(b, twoHundred, nil) }

func BenchmarkRunLocal100MB(b *testing.B) {
	total := 0
	benchmarkRun(b, flood, func(e author.RunEvent) {
		if out, ok := e.(author.RunOutput); ok {
			total += len(out.Data)
		}
	})
	b.SetBytes(100_000_000)
	if total%100_000_000 != 0 || total == 0 {
		b.Errorf("%d bytes arrived", total)
	}
}
