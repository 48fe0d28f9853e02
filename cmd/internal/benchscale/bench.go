package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/kicitest/rig"
)

// bench knows the binary and how much is asked of it.
type bench struct {
	dir    string
	binary string
	size   float64
	head   string // commit of the repository
	out    io.Writer
	goals  [][]string // what was to be reached, and what was
}

// scaled is a count at the size that was asked for.
func (b *bench) scaled(n int) int { return max(1, int(float64(n)*b.size)) }

// seconds is a time at the size that was asked for, one at least.
func (b *bench) seconds(n float64) time.Duration {
	return max(time.Second, time.Duration(n*min(b.size, 1)*float64(time.Second)))
}

// build makes the binary, and the repository whose pushes match.
func (b *bench) build(ctx context.Context) error {
	if b.binary == "" {
		b.binary = filepath.Join(b.dir, "kici-orchestrator")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.binary, "./cmd/kici-orchestrator")
		build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	return b.repository(ctx)
}

const workflow = `import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', { on: push({ branches: 'main' }), jobs: [
  job('build', { runsOn: 'default', steps: [step('build', async ({ $ }) => { await $` + "`make`" + `; })] }),
] });
`

// repository makes acme/web with a compiled workflow.
func (b *bench) repository(ctx context.Context) error {
	dir := filepath.Join(b.dir, "repos", "acme", "web.git")
	file := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(workflow), 0o644); err != nil {
		return err
	}
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "user.name=bench", "-c", "user.email=bench@localhost"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("git %s: %w: %s", args[0], err, out)
		}
		return strings.TrimSpace(string(out)), nil
	}
	if _, err := git("init", "-q", "-b", "main"); err != nil {
		return err
	}
	res, err := author.Compile(ctx, author.CompileOptions{Dir: dir})
	if err != nil {
		return err
	}
	if res.Failed() {
		return fmt.Errorf("compile: %v", res.Diagnostics)
	}
	for _, args := range [][]string{{"add", "."}, {"commit", "-qm", "start"}} {
		if _, err := git(args...); err != nil {
			return err
		}
	}
	b.head, err = git("rev-parse", "HEAD")
	return err
}

// machine says where the figures come from.
func (b *bench) machine() {
	model := "unknown"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(info), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	busy, _, _ := strings.Cut(string(load), " ")
	fmt.Fprintf(b.out, "%s: %d cores of %s, %s/%s, load %s before the start.\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, busy)
}

// postgres starts a server that syncs, and says so.
func postgres(ctx context.Context) (*rig.Server, *session, error) {
	server, err := rig.Postgres(ctx, "shared_buffers=512MB", "max_wal_size=1GB")
	if err != nil {
		return nil, nil, err
	}
	db, err := openSession(ctx, server.URL+" options=--search_path=kici")
	if err != nil {
		_ = server.Stop()
		return nil, nil, err
	}
	return server, db, nil
}

// section prints a heading with the command that measures the section again.
func (b *bench) section(title, only string) {
	fmt.Fprintf(b.out, "\n## %s\n\n`go run ./cmd/internal/benchscale -only %s`\n\n", title, only)
}

func (b *bench) table(head []string, rows [][]string) error {
	return measure.Table(b.out, head, rows)
}

// goal notes a figure beside what it should be.
func (b *bench) goal(what, want, got string) { b.goals = append(b.goals, []string{what, want, got}) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// each is a share of a sum, in microseconds.
func each(d time.Duration, n int) string {
	return fmt.Sprintf("%d µs", d.Microseconds()/int64(max(n, 1)))
}

// progress tells whoever waits.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
