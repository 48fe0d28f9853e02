package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/workflow"
)

// BenchmarkStep is what a thousand steps and a thousand commands cost on our side:
// the commands are scripted, so that no process blurs it.
func BenchmarkStep(b *testing.B) {
	for name, steps := range map[string]string{
		"both":     "Array.from({length:1000}, (_, i) => step('s' + i, async ({$}) => { await $`echo hello` }))",
		"steps":    "Array.from({length:1000}, (_, i) => step('s' + i, async () => { }))",
		"commands": "[step('s', async ({$}) => { for (let i = 0; i < 1000; i++) await $`echo hello` })]",
	} {
		b.Run(name, func(b *testing.B) { benchmarkSteps(b, steps) })
	}
}

func benchmarkSteps(b *testing.B, steps string) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "w.ts")
	text := "import { job, push, step, workflow } from '@kici-dev/sdk';\n" +
		fmt.Sprintf("export default workflow('w', { on: push(), jobs: [job('job', { runsOn: 'x', steps: %s })] });\n", steps)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	engine := workflow.New(workflow.Options{Processes: func(string) workflow.Processes {
		return scripted{(&proc.Scripted{}).On("echo", proc.Play{Stdout: "hello\n"})}
	}})
	p, root := program(b, file, executor.Embedded)
	for b.Loop() {
		dir := b.TempDir()
		job := &executor.Job{
			Kind: executor.KindJob, Run: "r", Workflow: "w", Name: "job", Base: "job", Origin: executor.Origin{Export: "#default"},
			Event: json.RawMessage(`{"type":"push","payload":{"ref":"refs/heads/main"},"targetBranch":"main"}`),
			Dir:   dir, Source: root, System: os.Environ(), Cookie: "bench", Program: p,
		}
		r := engine.Run(context.Background(), executor.Task{Job: job, Host: &transcript{dir: dir}})
		if r.Status != executor.Success {
			b.Fatal(r.Reason)
		}
	}
}

// scripted is the processes of a job that starts none.
type scripted struct{ *proc.Scripted }

func (s scripted) Close() error    { s.Scripted.Close(); return nil }
func (s scripted) Mark() proc.Mark { return 0 }
func (s scripted) Live() int       { return 0 }
func (s scripted) Terminate(context.Context, proc.Mark, time.Duration) error {
	return nil
}
