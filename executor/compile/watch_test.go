package compile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// watching runs Watch until the test ends and hands over its outcomes.
func watching(t *testing.T, repo string) <-chan *Result {
	t.Helper()
	stop := errors.New("the test is over")
	ctx, cancel := context.WithCancelCause(context.Background())
	outcomes := make(chan *Result)
	ended := make(chan error, 1)
	go func() {
		ended <- Watch(ctx, Options{Dir: repo}, 20*time.Millisecond, func(r *Result, err error) {
			if err != nil {
				t.Error(err)
			}
			select {
			case outcomes <- r:
			case <-ctx.Done():
			}
		})
	}()
	t.Cleanup(func() {
		cancel(stop)
		if err := <-ended; !errors.Is(err, stop) {
			t.Errorf("Watch ended with %v", err)
		}
	})
	return outcomes
}

func next(t *testing.T, outcomes <-chan *Result) *Result {
	t.Helper()
	select {
	case r := <-outcomes:
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was compiled")
		return nil
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	write(t, repo, ".kici/lib/name.ts", "export const name = 'one';")
	write(t, repo, "data.txt", "1")
	write(t, repo, ".kici/workflows/a.ts", `import { workflow, job } from '@kici-dev/sdk';
import { name } from '../lib/name';
export default workflow('ci', { hashFiles: ['data.txt'], jobs: [job(name, { runsOn: 'default', run: async () => {} })] });
`)
	outcomes := watching(t, repo)
	jobName := func(r *Result) string {
		if r.Lock == nil {
			return "failed"
		}
		return r.Lock.Workflows[0].Jobs[0].Static.Name
	}
	first := next(t, outcomes)
	if jobName(first) != "one" {
		t.Fatalf("first: %s", render(first.Diagnostics))
	}

	write(t, repo, ".kici/lib/name.ts", "export const name = 'two';")
	if got := jobName(next(t, outcomes)); got != "two" {
		t.Errorf("after an edit of a helper: %s", got)
	}
	write(t, repo, ".kici/lib/name.ts", "export const name = (;")
	if got := jobName(next(t, outcomes)); got != "failed" {
		t.Errorf("after a broken edit: %s", got)
	}
	// As editors do it: a new file takes the old one's place.
	write(t, repo, ".kici/lib/new.ts.tmp", "export const name = 'three';")
	if err := os.Rename(filepath.Join(repo, ".kici/lib/new.ts.tmp"), filepath.Join(repo, ".kici/lib/name.ts")); err != nil {
		t.Fatal(err)
	}
	if got := jobName(next(t, outcomes)); got != "three" {
		t.Errorf("after the repair: %s", got)
	}
	write(t, repo, ".kici/workflows/b.ts", good)
	if r := next(t, outcomes); !r.Failed() { // both are named ci
		t.Errorf("after a second file: %s", render(r.Diagnostics))
	}
	if err := os.Remove(filepath.Join(repo, ".kici/workflows/b.ts")); err != nil {
		t.Fatal(err)
	}
	fixed := next(t, outcomes)
	if fixed.Failed() {
		t.Errorf("after it went: %s", render(fixed.Diagnostics))
	}
	write(t, repo, "data.txt", "2")
	if r := next(t, outcomes); r.Failed() || r.Lock.ContentHash == fixed.Lock.ContentHash {
		t.Error("after an edit of a hashed file nothing changed")
	}
}

func TestWatchWaitsForAProject(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	outcomes := watching(t, repo)
	if r := next(t, outcomes); !r.Failed() {
		t.Error("a project that is not there compiled")
	}
	write(t, repo, ".kici/workflows/a.ts", good)
	for r := next(t, outcomes); r.Failed(); r = next(t, outcomes) { // directories come one by one
	}
}
