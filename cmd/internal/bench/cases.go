package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
)

// benchCase is one line of the table, with what the original needs and what we
// allow ourselves.
type benchCase struct {
	name, original, goal string
	measure              func(b *bencher) (row, error)
}

func cases() []benchCase {
	compile := func(n int, source func(i int) string) func(*bencher) (row, error) {
		return func(b *bencher) (row, error) { return b.compile(n, source) }
	}
	return []benchCase{
		{"`kici --version`", "56 ms, 53 MiB", "10 ms, 25 MiB", func(b *bencher) (row, error) { return b.repeat(b.dir, nil, "--version") }},
		{"compile 1 workflow, cold process", "843 ms, 215 MiB", "40 ms, 80 MiB", compile(1, plainWorkflow)},
		{"compile 10 workflows, cold process", "994 ms, 222 MiB", "60 ms, 80 MiB", compile(10, plainWorkflow)},
		{"compile 100 workflows, cold process", "1,198 ms, 230 MiB", "180 ms, 80 MiB", compile(100, plainWorkflow)},
		{"compile 1 workflow with zod", "-", "80 ms, 80 MiB", compile(1, zodWorkflow)},
		{"recompile under `--watch`, after the debounce", "~800 ms", "15 ms", (*bencher).watch},
		{"`kici run local push`, one echo", "920 ms, 222 MiB", "60 ms, 60 MiB", func(b *bencher) (row, error) {
			return b.runLocal(echoWorkflow(1), nil)
		}},
		{"`act` in host mode, one echo", "-", "slower than ours", (*bencher).versus},
		{"one job, 200 `$` echo steps", "1,876 ms", "600 ms", func(b *bencher) (row, error) {
			return b.runLocal(echoWorkflow(200), nil)
		}},
		{"10 jobs at once, one echo each", "-", "120 ms", func(b *bencher) (row, error) { return b.runLocal(fanWorkflow, nil) }},
		{"50 jobs in 10 chains, one echo each", "-", "500 ms", func(b *bencher) (row, error) { return b.runLocal(chainWorkflow, nil) }},
		{"a step's overhead over plain `bash -c`", "-", "0.5 ms", (*bencher).overhead},
		{"one step printing 100 MB", "crashes at 2,000 lines", "100 MB/s", (*bencher).flood},
	}
}

func plainWorkflow(i int) string {
	return fmt.Sprintf(`import { job, push, step, workflow } from '@kici-dev/sdk';

const build = job('build', { runsOn: 'default', steps: [step('build', async ({ $ }) => { await $`+"`echo build`"+`; })] });
const test = job('test', { runsOn: 'default', needs: [build], steps: [step('test', async ({ $ }) => { await $`+"`echo test`"+`; })] });

export default workflow('bench-%d', { on: push({ branches: ['main'], paths: ['src/**'] }), jobs: [build, test] });
`, i)
}

func zodWorkflow(int) string {
	return `import { job, push, step, workflow, z } from '@kici-dev/sdk';

const build = job('build', {
  runsOn: 'default',
  steps: [step('build', { outputs: { tag: z.string() }, run: async () => ({ tag: 'v1' }) })],
});

export default workflow('bench-zod', { on: push(), jobs: [build] });
`
}

func echoWorkflow(steps int) string {
	return fmt.Sprintf(`import { job, push, step, workflow } from '@kici-dev/sdk';

const steps = Array.from({ length: %d }, (_, i) => step('echo-' + i, async ({ $ }) => { await $`+"`echo hello`"+`; }));

export default workflow('bench', { on: push(), jobs: [job('echo', { runsOn: 'default', steps })] });
`, steps)
}

const fanWorkflow = `import { job, push, step, workflow } from '@kici-dev/sdk';

const jobs = Array.from({ length: 10 }, (_, i) =>
  job('fan-' + i, { runsOn: 'default', steps: [step('echo', async ({ $ }) => { await $` + "`echo hello`" + `; })] }));

export default workflow('bench', { on: push(), jobs });
`

const chainWorkflow = `import { job, push, step, workflow, type Job } from '@kici-dev/sdk';

const jobs: Job[] = [];
for (let chain = 0; chain < 10; chain++) {
  for (let link = 0; link < 5; link++) {
    jobs.push(job('link-' + chain + '-' + link, {
      runsOn: 'default',
      needs: link > 0 ? [jobs[jobs.length - 1]!] : [],
      steps: [step('echo', async ({ $ }) => { await $` + "`echo hello`" + `; })],
    }));
  }
}

export default workflow('bench', { on: push(), jobs });
`

// project makes a git repository with the given workflows.
func (b *bencher) project(n int, source func(i int) string) (string, error) {
	dir, err := os.MkdirTemp(b.dir, "project-")
	if err != nil {
		return "", err
	}
	workflows := filepath.Join(dir, ".kici", "workflows")
	if err := os.MkdirAll(workflows, 0o755); err != nil {
		return "", err
	}
	for i := range n {
		if err := os.WriteFile(filepath.Join(workflows, fmt.Sprintf("w%03d.ts", i)), []byte(source(i)), 0o644); err != nil {
			return "", err
		}
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "."},
		{"-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "bench"},
	} {
		git := exec.Command("git", args...)
		git.Dir = dir
		if out, err := git.CombinedOutput(); err != nil {
			return "", fmt.Errorf("git %v: %w: %s", args, err, out)
		}
	}
	return dir, nil
}

func (b *bencher) compile(n int, source func(i int) string) (row, error) {
	dir, err := b.project(n, source)
	if err != nil {
		return row{}, err
	}
	noun := "workflows"
	if n == 1 {
		noun = "workflow"
	}
	lock := filepath.Join(dir, ".kici", "kici.lock.json")
	return b.repeat(dir, func(out []byte) error {
		// Removed after each run, so that the next has to write it.
		return errors.Join(mention(fmt.Sprintf("(%d %s)", n, noun))(out), os.Remove(lock))
	}, "compile")
}

func (b *bencher) runLocal(source string, check func([]byte) error) (row, error) {
	dir, err := b.project(1, func(int) string { return source })
	if err != nil {
		return row{}, err
	}
	if check == nil {
		check = mention("Status: SUCCESS")
	}
	return b.repeat(dir, check, "run", "local", "push")
}

func mention(want string) func([]byte) error {
	return func(out []byte) error {
		if !bytes.Contains(out, []byte(want)) {
			return fmt.Errorf("the output does not mention %q", want)
		}
		return nil
	}
}

// watch edits a helper and takes the time that the compiler itself reports,
// which leaves out the debounce on purpose.
func (b *bencher) watch() (row, error) {
	dir, err := b.project(1, plainWorkflow)
	if err != nil {
		return row{}, err
	}
	cmd := exec.Command(b.kici, "compile", "--watch", "--verbose")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return row{}, err
	}
	if err := cmd.Start(); err != nil {
		return row{}, err
	}
	took, waitErr := b.edits(bufio.NewScanner(stdout), filepath.Join(dir, ".kici", "workflows", "w000.ts"))
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed on purpose
	if waitErr != nil {
		return row{}, waitErr
	}
	return row{wall: measure.Median(took), rss: measure.Peak(cmd.ProcessState)}, nil
}

func (b *bencher) edits(out *bufio.Scanner, file string) ([]time.Duration, error) {
	var took []time.Duration
	for i := 0; len(took) <= b.runs; i++ {
		d, err := nextCompile(out)
		if err != nil {
			return nil, err
		}
		if i > 0 { // the first compile is the cold one
			took = append(took, d)
		}
		text := plainWorkflow(0) + fmt.Sprintf("// edit %d\n", i)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// nextCompile waits for "compiled in 3.2ms".
func nextCompile(out *bufio.Scanner) (time.Duration, error) {
	for out.Scan() {
		if _, after, ok := strings.Cut(out.Text(), "compiled in "); ok {
			return time.ParseDuration(strings.TrimSpace(after))
		}
	}
	return 0, fmt.Errorf("the watch ended: %w", firstError(out.Err(), io.ErrUnexpectedEOF))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// overhead runs one step, then 201, and the same number of commands without
// us: what each further step adds to its command. The three take turns, so that
// a busy machine slows them alike.
func (b *bencher) overhead() (row, error) {
	const steps = 200
	var dirs [2]string
	for i, n := range []int{1, 1 + steps} {
		dir, err := b.project(1, func(int) string { return echoWorkflow(n) })
		if err != nil {
			return row{}, err
		}
		dirs[i] = dir
	}
	var added []time.Duration
	var r row
	for range b.runs {
		var took [2]time.Duration
		for i, dir := range dirs {
			var out bytes.Buffer
			u, err := b.once(dir, &out, "run", "local", "push")
			if err != nil {
				return row{}, fmt.Errorf("%w\n%s", err, tail(out.Bytes()))
			}
			took[i], r.rss = u.wall, max(r.rss, u.rss)
		}
		start := time.Now()
		for range steps {
			if _, err := exec.Command("bash", "-c", "set -euo pipefail;echo hello").Output(); err != nil {
				return row{}, err
			}
		}
		added = append(added, (took[1]-took[0]-time.Since(start))/steps)
	}
	r.wall = measure.Median(added)
	return r, nil
}

const floodBytes = 100_000_000

// flood prints 100 MB in one step and counts what arrives.
func (b *bencher) flood() (row, error) {
	big := filepath.Join(b.dir, "big.txt")
	file, err := os.Create(big)
	if err != nil {
		return row{}, err
	}
	line := []byte(strings.Repeat("x", 99) + "\n")
	block := bytes.Repeat(line, 1000)
	for range floodBytes / len(block) {
		if _, err := file.Write(block); err != nil {
			return row{}, err
		}
	}
	if err := file.Close(); err != nil {
		return row{}, err
	}
	source := strings.Replace(echoWorkflow(1), "echo hello", "cat "+big, 1)
	dir, err := b.project(1, func(int) string { return source })
	if err != nil {
		return row{}, err
	}
	r := row{}
	var walls []time.Duration
	for range b.runs {
		var count lineCounter
		u, err := b.once(dir, &count, "run", "local", "push")
		if err != nil {
			return row{}, err
		}
		if count.full != floodBytes/len(line) {
			return row{}, fmt.Errorf("%d of %d lines arrived", count.full, floodBytes/len(line))
		}
		walls = append(walls, u.wall)
		r.rss = max(r.rss, u.rss)
	}
	r.wall = measure.Median(walls)
	r.rate = floodBytes / 1e6 / r.wall.Seconds()
	return r, nil
}

// lineCounter counts the lines of the flood: those that carry 99 x.
type lineCounter struct{ full, run int }

func (c *lineCounter) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case b == 'x':
			c.run++
		case b == '\n' && c.run >= 99:
			c.full++
			c.run = 0
		default:
			c.run = 0
		}
	}
	return len(p), nil
}
