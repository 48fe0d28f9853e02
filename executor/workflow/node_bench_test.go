package workflow_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/workflow"
)

// BenchmarkJob compares the runtimes: a job of one step is mostly their start,
// the difference to a job of two hundred is what a step costs.
func BenchmarkJob(b *testing.B) {
	for name, steps := range map[string]string{
		"one":     "step('s', () => {})",
		"hundred": "...Array.from({ length: 200 }, (_, i) => step('s' + i, () => {}))",
		"command": "step('s', async ({ $ }) => { for (let i = 0; i < 50; i++) await $`true`; })",
		"compute": "step('s', () => { let n = 0; for (let i = 0; i < 3e6; i++) n = (n * 31 + i) % 1000003; return { n }; })",
	} {
		file := filepath.Join(b.TempDir(), "w.ts")
		text := "import { job, push, step, workflow } from '@kici-dev/sdk';\n" +
			"export default workflow('w', { on: push(), jobs: [job('job', { runsOn: 'x', steps: [" + steps + "] })] });\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		for _, runtime := range []executor.RuntimeName{executor.Embedded, executor.Node} {
			b.Run(name+"/"+string(runtime), func(b *testing.B) {
				if runtime == executor.Node {
					needNode(b)
				}
				engine := workflow.New(workflow.Options{})
				for b.Loop() {
					if got := play(b, engine, file, runtime).String(); !strings.Contains(got, "status success") {
						b.Fatal(got)
					}
				}
			})
		}
	}
}
