package author_test

import (
	"context"
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
