package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// look is a runner that looks at its task instead of running it.
type look func(executor.Task) *executor.Result

func (l look) Run(_ context.Context, t executor.Task) *executor.Result { return l(t) }

// TestTask: everything of an assignment reaches the runner, as a local run would
// say it.
func TestTask(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{"sub/.kici/workflows/ci.ts": "import { workflow, push, job, step } from '@kici-dev/sdk';\nexport default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', steps: [step('s', async () => {})] })] });\n", ".kici/workflows/top.ts": agenttest.Flow(agenttest.Job("t", ""))[".kici/workflows/ci.ts"]})
	a := r.of(jobspec.Spec{
		Kind: jobspec.KindJob, Workflow: "ci", Source: lockfile.Source{File: "sub/.kici/workflows/ci.ts", Export: "#default"}, Name: "a (x)", Base: "a", Index: 3,
		Generated: true, Siblings: []string{"a", "b"}, Needs: []string{"up"},
		Lock: &lockfile.StaticJob{Container: &lockfile.Container{Image: "debian:12"}, Resources: json.RawMessage(`{"memory":"1g"}`)},
	})
	a.Input.Upstream = map[string]json.RawMessage{"up": json.RawMessage(`{"k":1}`)}
	a.Input.Variables, a.Input.ChangedFiles, a.Input.Provider = map[string]string{"V": "1"}, []string{"f"}, "github"
	a.Secrets = []jobspec.Secret{{Key: "K", Value: "vvvvvv", Scope: "s", Backend: "b"}}
	var got executor.Task
	var alternates error
	b := start(t, func(c *Config) {
		c.Runner = look(func(t executor.Task) *executor.Result {
			got = t
			_, alternates = os.Stat(filepath.Join(t.Job.Source, ".git", "objects", "info", "alternates"))
			return &executor.Result{Status: executor.Success}
		})
	})
	if res := b.offer(a).wait(t); res.Status != jobspec.Success {
		t.Fatalf("%+v", res)
	}
	job := got.Job
	want := executor.Origin{Export: "#default", Generated: true, Index: 3, Siblings: []string{"a", "b"}}
	if !reflect.DeepEqual(job.Origin, want) || job.Base != "a" || job.Kind != executor.KindJob || !reflect.DeepEqual(job.Needs, []string{"up"}) {
		t.Errorf("%+v", job)
	}
	if job.Dir != filepath.Join(job.Source, "sub") {
		t.Errorf("it works in %s, its sources are in %s", job.Dir, job.Source)
	}
	if string(job.Upstream["up"]) != `{"k":1}` || job.Variables["V"] != "1" || job.Provider != "github" || len(job.ChangedFiles) != 1 {
		t.Errorf("%+v", job)
	}
	if !reflect.DeepEqual(job.Secrets, []executor.Secret{{Key: "K", Value: "vvvvvv", Scope: "s", Backend: "b"}}) {
		t.Errorf("secrets %+v", job.Secrets)
	}
	if got.Container == nil || got.Container.Image != "debian:12" || got.Resources == nil || got.Resources.Limits.Memory != 1<<30 {
		t.Errorf("%+v %+v", got.Container, got.Resources)
	}
	if alternates == nil {
		t.Error("a tree for a container borrows objects that are not in it")
	}
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	c := newPrograms()
	var made atomic.Int32
	get := func(n int, share bool, fail error) error {
		_, err := c.get(t.Context(), programKey{sha: fmt.Sprint(n)}, func() (*executor.Program, bool, error) {
			made.Add(1)
			return &executor.Program{Code: make([]byte, 1<<20)}, share, fail
		})
		return err
	}
	broken := errors.New("broken")
	if err := get(1, true, broken); !errors.Is(err, broken) {
		t.Error(err)
	}
	for _, step := range []struct {
		n     int
		share bool
		made  int32
	}{{1, true, 2}, {1, true, 2}, {2, false, 3}, {2, true, 4}, {2, true, 4}} {
		if err := get(step.n, step.share, nil); err != nil || made.Load() != step.made {
			t.Errorf("%+v: %d were made, %v", step, made.Load(), err)
		}
	}
	for n := range 100 {
		if err := get(n, true, nil); err != nil {
			t.Fatal(err)
		}
		if err := get(1, true, nil); err != nil { // stays, because it is used
			t.Fatal(err)
		}
	}
	if c.bytes > maxProgramBytes || len(c.kept) != len(c.order) || len(c.under) > 0 {
		t.Errorf("%d bytes, %d kept, %d in order", c.bytes, len(c.kept), len(c.order))
	}
	before := made.Load()
	if _ = get(1, true, nil); made.Load() != before {
		t.Error("what is used all the time was thrown out")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	c.under[programKey{sha: "slow"}] = make(chan struct{})
	if _, err := c.get(ctx, programKey{sha: "slow"}, nil); !errors.Is(err, broken) {
		t.Errorf("waiting: %v", err)
	}
}
