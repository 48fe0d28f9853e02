package dev_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

const printsEnvironment = `
import { job, push, step, workflow } from '@kici-dev/sdk';
const a = job('a', { runsOn: 'default', env: { OWN: 'mine', HOME_OF: 'job' }, steps: [step('env', async ({ $, setEnv }) => {
  setEnv('SET', 'here');
  await $` + "`env -0 | tr '\\\\n\\\\0' ' \\\\n'`" + `;
})] });
export default workflow('ci', { on: push(), jobs: [a] });
`

// What a step finds in its environment is the same in a local run and through the
// tiers, but for what names the run and the place.
func TestStepEnvironment(t *testing.T) {
	t.Parallel()
	child := kici(t)
	dir := t.TempDir()
	path := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(printsEnvironment), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "init", "-q", "-b", "main", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if res, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir}); err != nil || res.Failed() {
		t.Fatal(res.Diagnostics, err)
	}
	git(t, dir, "add", ".")
	git(t, dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "start")
	environ := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C", "SECRET_OF_THE_MACHINE=x", "KICI_AGENT_TOKEN=y"}
	remote, local := variables{}, variables{}
	if _, err := author.DevOnce(context.Background(), author.DevOptions{Dir: dir, Event: "push", Environ: environ, ChildCommand: []string{child}}, remote.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := author.RunLocal(context.Background(), author.RunOptions{Dir: dir, Event: "push", Environ: environ, ChildCommand: []string{child}}, local.hear); err != nil {
		t.Fatal(err)
	}
	got, want := remote.all(), local.all()
	for _, name := range []string{"PATH", "OWN", "SET", "KICI_RUN_ID", "KICI_JOB_NAME"} {
		if got[name] == "" || want[name] == "" {
			t.Errorf("%s is missing: %q through the tiers, %q in a local run", name, got[name], want[name])
		}
	}
	for _, name := range []string{"SECRET_OF_THE_MACHINE", "KICI_AGENT_TOKEN"} {
		if got[name]+want[name] != "" {
			t.Errorf("a step sees %s", name)
		}
	}
	placed := map[string]bool{"KICI_RUN_ID": true, "KICI_ENV": true, "KICI_PATH": true, "PWD": true, "OLDPWD": true, "KICI_PROCESS": true}
	for name := range merged(got, want) {
		if _, here := want[name]; !here {
			t.Errorf("%s is set through the tiers only", name)
		} else if _, there := got[name]; !there {
			t.Errorf("%s is set in a local run only", name)
		} else if !placed[name] && got[name] != want[name] {
			t.Errorf("%s is %q through the tiers and %q in a local run", name, got[name], want[name])
		}
	}
}

// variables are what a step printed of its environment.
type variables struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (v *variables) hear(e author.RunEvent) {
	if e, ok := e.(author.RunOutput); ok && e.Row >= 0 {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.text.Write(e.Data)
	}
}

func (v *variables) all() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[string]string{}
	for line := range strings.Lines(v.text.String()) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\n"), "="); ok {
			out[name] = value
		}
	}
	return out
}

func merged(a, b map[string]string) map[string]bool {
	out := map[string]bool{}
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}
