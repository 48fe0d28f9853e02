package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// workflows writes n typical workflow files that share a helper.
func workflows(b *testing.B, n int) (root string, entries []string) {
	files := map[string]string{"lib.ts": "export const node = (v: number) => ({ image: `node:${v}` })"}
	for i := range n {
		name := fmt.Sprintf(".kici/workflows/w%d.ts", i)
		entries = append(entries, name)
		files[name] = fmt.Sprintf(`import { workflow, job, step, push, type Job } from '@kici-dev/sdk'
import { node } from '../../lib'
const build: Job = job('build', { runsOn: 'default', steps: [
  step('install', async ({ $ }) => { await $%[2]cnpm ci%[2]c }),
  step('test', async ({ $, log }) => { log.info('testing %[1]d'); await $%[2]cnpm test%[2]c }),
] })
export default workflow('w%[1]d', { on: push({ branches: ['main'] }), jobs: [build], meta: node(%[1]d) })
`, i, '`')
	}
	return tree(b, files), entries
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			root, entries := workflows(b, n)
			for b.Loop() {
				if r, err := Build(context.Background(), Options{Root: root, Entries: entries}); err != nil || len(r.Programs) != n {
					b.Fatal(r, err)
				}
			}
		})
	}
}

func BenchmarkRebuild(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			root, entries := workflows(b, n)
			inc, err := Open(Options{Root: root, Entries: entries})
			if err != nil {
				b.Fatal(err)
			}
			defer inc.Close()
			for i := 0; b.Loop(); i++ {
				text := fmt.Sprintf("export const a = %d", i)
				if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(entries[0])), []byte(text), 0o644); err != nil {
					b.Fatal(err)
				}
				if _, err := inc.Rebuild(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
