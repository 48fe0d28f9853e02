package compile

import (
	"context"
	"fmt"
	"testing"
)

func project(b *testing.B, files int, zod bool) string {
	repo := newRepo(b, "")
	for i := range files {
		outputs, imported := "", ""
		if zod {
			outputs, imported = "outputs: { v: z.string() }, ", ", z"
		}
		write(b, repo, fmt.Sprintf(".kici/workflows/w%03d.ts", i), fmt.Sprintf(`import { workflow, job, step, push, pr%s } from '@kici-dev/sdk';

const build = job('build', {
  runsOn: 'default',
  environment: (event) => event.targetBranch as string,
  steps: [step('install', async ({ $ }) => { await $`+"`npm ci`"+`; }), step('build', { %srun: async () => ({ v: '1' }) })],
});

export default workflow('w%d', {
  on: [push({ branches: ['main', 'release/*'] }), pr({ target: 'main', paths: ['src/**'] })],
  jobs: [build, job('test', { runsOn: ['linux'], needs: [build], steps: [step('test', async ({ $ }) => { await $`+"`npm test`"+`; })] })],
});
`, imported, outputs, i))
	}
	return repo
}

func benchmarkCold(b *testing.B, files int, zod bool) {
	repo := project(b, files, zod)
	for b.Loop() {
		r, err := Compile(context.Background(), Options{Dir: repo}) // with modules to parse, as a fresh process has
		if err != nil || r.Failed() {
			b.Fatal(err, r)
		}
	}
}

func BenchmarkCompile1(b *testing.B)    { benchmarkCold(b, 1, false) }
func BenchmarkCompile10(b *testing.B)   { benchmarkCold(b, 10, false) }
func BenchmarkCompile100(b *testing.B)  { benchmarkCold(b, 100, false) }
func BenchmarkCompileZod1(b *testing.B) { benchmarkCold(b, 1, true) }

// BenchmarkRecompile is what comes after the debounce when one of ten files
// was edited.
func BenchmarkRecompile(b *testing.B) {
	repo := project(b, 10, false)
	c, err := Open(Options{Dir: repo})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Compile(context.Background()); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		write(b, repo, ".kici/workflows/w000.ts", fmt.Sprintf("// %d\n", i)+good)
		if r, err := c.Compile(context.Background()); err != nil || r.Failed() {
			b.Fatal(err, r)
		}
	}
}
