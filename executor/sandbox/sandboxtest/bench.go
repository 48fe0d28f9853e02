package sandboxtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/bundle"
)

// patience bounds each test.
const patience = 2 * time.Minute

// Subject is a runner to be checked. Whoever opens it closes it.
type Subject struct {
	Runner executor.Runner
	// Prepare adds to a task what this place asks for, such as an image.
	Prepare func(*executor.Task)
	// Environ is that of the machine, with a PATH on which bash is.
	Environ []string
}

// bench is what one test works on.
type bench struct {
	Subject
	t    *testing.T
	ctx  context.Context
	dir  string // the workspace
	host *recorder
}

func (s Subject) bench(t *testing.T) *bench {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	return &bench{Subject: s, t: t, ctx: ctx, dir: t.TempDir(), host: &recorder{spoke: make(chan struct{})}}
}

// task is a job with one step of that body; options stand before its steps.
func (b *bench) task(options, body string) executor.Task {
	b.t.Helper()
	text := "import { workflow, job, step, push } from '@kici-dev/sdk';\n" +
		"export default workflow('w', { on: push(), jobs: [job('j', { runsOn: 'x', " + options + " steps: [step('s', async (ctx) => {\n" + body + "\n})] })] });\n"
	src := b.t.TempDir()
	if err := os.WriteFile(filepath.Join(src, "w.ts"), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	built, err := bundle.Build(b.ctx, bundle.Options{Root: src, Entries: []string{"w.ts"}})
	if err != nil || built.HasErrors() {
		b.t.Fatal(err, built)
	}
	p := built.Programs[0]
	task := executor.Task{Host: b.host, Job: &executor.Job{
		Kind: executor.KindJob, Run: "run-1", Workflow: "w", Name: "j", Base: "j", Origin: executor.Origin{Export: "#default"},
		Event: json.RawMessage(`{"type":"push","payload":{"ref":"refs/heads/main"},"targetBranch":"main"}`),
		Dir:   b.dir, Source: src, System: b.Environ, Meta: map[string]string{"KICI_RUN_ID": "run-1"},
		Program: &executor.Program{Entry: p.Entry, Code: p.Code, Map: p.Map, Hash: p.Hash},
	}}
	if b.Prepare != nil {
		b.Prepare(&task)
	}
	return task
}

// run runs a task to its end.
func (b *bench) run(t executor.Task) *executor.Result {
	b.t.Helper()
	res := b.Runner.Run(b.ctx, t)
	if res == nil {
		b.t.Fatal("a runner always returns a result")
	}
	return res
}

func (b *bench) status(res *executor.Result, want executor.Status) {
	b.t.Helper()
	if res.Status != want {
		b.t.Fatalf("the job is %q, want %q: %s %+v\n%s", res.Status, want, res.Reason, res.Failure, b.host.text())
	}
}

func (b *bench) wants(got string, wants ...string) {
	b.t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			b.t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// afterwards does something once a step has said something.
func (b *bench) afterwards(what func()) {
	go func() {
		select {
		case <-b.host.spoke:
			what()
		case <-b.ctx.Done():
		}
	}()
}

// file is what the job left in its workspace, as seen from outside.
func (b *bench) file(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Errorf("the workspace: %v", err)
	}
	return strings.TrimSpace(string(text))
}

// recorder is the host of a task: it remembers, and can be slow.
type recorder struct {
	mu     sync.Mutex // guards what follows
	log    bytes.Buffer
	rows   []string
	events []executor.Emission

	spoke chan struct{} // closed by the first output of a step
	once  sync.Once
	gate  chan struct{} // output is taken once it is closed; nil takes at once
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, fmt.Sprintf(format, args...))
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func (r *recorder) Begin(row executor.Row) { r.note("begin %s %s", row.Kind, row.Name) }
func (r *recorder) End(row executor.RowResult) {
	r.note("end %s %s %s", row.Kind, row.Name, row.Status)
}
func (r *recorder) Rule(int, executor.RuleResult) {}
func (r *recorder) Reveal([]string)               {}

func (r *recorder) Log(row int, _ executor.Stream, p []byte) {
	r.mu.Lock()
	r.log.Write(p)
	r.mu.Unlock()
	if row < 0 {
		return
	}
	r.once.Do(func() { close(r.spoke) })
	if r.gate != nil {
		<-r.gate
	}
}

func (r *recorder) Emit(_ context.Context, e executor.Emission) (string, error) {
	if e.Name == "refused" {
		return "", fmt.Errorf("the event is not wanted")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	return "delivery-1", nil
}

func (r *recorder) Secrets(context.Context, string) ([]executor.Secret, error) { return nil, nil }

func (r *recorder) RestoreCache(context.Context, string, executor.Cache) (executor.CacheHit, error) {
	return executor.CacheHit{}, nil
}

func (r *recorder) SaveCache(context.Context, string, executor.Cache) error { return nil }
