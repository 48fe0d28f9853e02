package author_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

// Jobs of one concurrency group take turns across runs too, and the one that
// waits says for whom.
func TestJobGroupAcrossRuns(t *testing.T) {
	t.Parallel()
	place := filepath.Join(t.TempDir(), "turn")
	env := append(os.Environ(), "KICI_RUN_DIR="+t.TempDir(), "XDG_RUNTIME_DIR="+t.TempDir())
	var runs sync.WaitGroup
	var mu sync.Mutex
	waited := ""
	for _, name := range []string{"a", "b"} {
		dir := repository(t, `import { workflow, job, push } from '@kici-dev/sdk';
export default workflow('`+name+`', { on: push(), jobs: [job('deploy', {
  runsOn: 'linux', concurrencyGroup: 'production',
  run: async ({ $ }) => void (await $`+"`mkdir "+place+" && sleep 0.4 && rmdir "+place+"`"+`),
})] });
`)
		runs.Go(func() {
			res, err := author.RunLocal(context.Background(), author.RunOptions{Dir: dir, Event: "push", Environ: env}, func(e author.RunEvent) {
				if w, ok := e.(author.RunWaiting); ok {
					mu.Lock()
					waited = w.Job + " " + w.Group
					mu.Unlock()
				}
			})
			if err != nil || res.Class != author.RunClassSuccess {
				t.Errorf("%v %+v", err, res)
			}
		})
	}
	runs.Wait()
	if waited != "deploy production" {
		t.Errorf("told about waiting: %q", waited)
	}
}
