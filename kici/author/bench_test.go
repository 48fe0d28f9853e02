package author_test

import (
	"os/exec"
	"testing"
	"time"
)

const fanOut = `import { workflow, job, step, push } from '@kici-dev/sdk';
export default workflow('fan', { on: push(), jobs: Array.from({ length: 10 }, (_, i) =>
  job('j' + i, { runsOn: 'x', steps: [step('s', async ({ $ }) => { await $` + "`echo ${i}`" + `; })] })) });
`

const chains = `import { workflow, job, step, push, type Job } from '@kici-dev/sdk';
const jobs: Job[] = [];
for (let chain = 0; chain < 10; chain++) {
  for (let link = 0; link < 5; link++) {
    jobs.push(job('j' + chain + '-' + link, { runsOn: 'x', needs: link > 0 ? [jobs[jobs.length - 1]!] : [],
      steps: [step('s', async ({ $ }) => { await $` + "`echo ${link}`" + `; })] }));
  }
}
export default workflow('chains', { on: push(), jobs });
`

func BenchmarkRunLocalFanOut10(b *testing.B)  { benchmarkRun(b, fanOut, nil) }
func BenchmarkRunLocal10Chains5(b *testing.B) { benchmarkRun(b, chains, nil) }

// BenchmarkStepOverhead reports what a step adds to the plain command, as
// ms-over-bash: 200 steps against 200 commands started one after the other.
func BenchmarkStepOverhead(b *testing.B) {
	bash := plainBash(b, 200)
	benchmarkRun(b, twoHundred, nil)
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64((each-bash).Microseconds())/1000/200, "ms-over-bash/step")
}

func plainBash(b *testing.B, n int) time.Duration {
	start := time.Now()
	for range n {
		if _, err := exec.Command("bash", "-c", "set -euo pipefail;echo hello").Output(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
