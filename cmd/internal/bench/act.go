package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
)

// actVersion is what we compare with. It is built in a module of its own: the
// project does not depend on it.
const actVersion = "v0.2.89"

// buildAct builds act, once for all runs of the benchmark on this machine.
func (b *bencher) buildAct() (string, error) {
	if b.act != "" {
		return b.act, nil
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	act := filepath.Join(caches, "kici-bench", "act-"+actVersion)
	if _, err := os.Stat(act); err == nil {
		return act, nil
	}
	dir := filepath.Join(b.dir, "act")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintln(os.Stderr, "building act, which takes some minutes the first time...")
	for _, args := range [][]string{
		{"mod", "init", "act.bench"},
		{"get", "github.com/nektos/act@" + actVersion},
		{"build", "-o", act, "github.com/nektos/act"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go %s: %w: %s", args[0], err, tail(out))
		}
	}
	return act, nil
}

const actWorkflow = `name: bench
on: push
jobs:
  echo:
    runs-on: ubuntu-latest
    steps:
      - run: echo hello
`

// versus runs one echo here and under act in host mode, in turns, so that a
// busy machine slows both alike. Where act cannot be built there is no row.
func (b *bencher) versus() (row, error) {
	act, err := b.buildAct()
	if err != nil {
		return row{missing: "act could not be built: " + err.Error()}, nil
	}
	dir, err := b.project(1, func(int) string { return echoWorkflow(1) })
	if err != nil {
		return row{}, err
	}
	path := filepath.Join(dir, ".github", "workflows", "bench.yml")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return row{}, err
	}
	if err := os.WriteFile(path, []byte(actWorkflow), 0o644); err != nil {
		return row{}, err
	}
	ways := []struct {
		program, want string
		args          []string
	}{
		{act, "Job succeeded", []string{"push", "-P", "ubuntu-latest=-self-hosted"}},
		{b.kici, "Status: SUCCESS", []string{"run", "local", "push"}},
	}
	var took [2][]time.Duration
	var r row
	for i := range b.runs + 1 {
		for way, w := range ways {
			var out bytes.Buffer
			u, err := b.run(w.program, dir, &out, w.args...)
			if err == nil {
				err = mention(w.want)(out.Bytes())
			}
			if err != nil {
				return row{}, fmt.Errorf("%s %v: %w\n%s", w.program, w.args, err, tail(out.Bytes()))
			}
			if i > 0 {
				took[way] = append(took[way], u.wall)
			}
			if way == 0 {
				r.rss = max(r.rss, u.rss)
			}
		}
	}
	r.wall, r.beside = measure.Median(took[0]), measure.Median(took[1])
	return r, nil
}
