//go:build unix

package container

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/sandbox/container/containertest"
	"github.com/kici-dev/kici-go/executor/sandbox/sandboxtest"
)

// TestEngines runs the suite on every engine.
func TestEngines(t *testing.T) {
	t.Parallel()
	both := map[string]func(*testing.T, *bench){
		"green": green, "fails": fails, "env": env, "flood": flood, "cancel": cancel, "force": force,
		"memory": memory, "owner": owned, "missing folder": missingFolder, "sweeps": sweeps, "abandoned": abandoned,
	}
	// What engines cannot differ in is tried on the faster one.
	once := map[string]func(*testing.T, *bench){
		"no bash": noBash, "cache": caches, "secrets": mounted, "missing image": missingImage, "private image": privateImage, "keeps": keeps, "not a runner": notARunner,
	}
	for _, kind := range containertest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			address := lab.Need(t, kind)
			tests := maps.Clone(both)
			if kind == "docker" {
				maps.Copy(tests, once)
			}
			t.Run("suite", func(t *testing.T) {
				t.Parallel()
				sandboxtest.Run(t, func(t testing.TB) sandboxtest.Subject {
					return sandboxtest.Subject{Runner: setup(t, address).runner, Environ: os.Environ(), Prepare: func(task *executor.Task) {
						task.Container = &executor.Container{Image: containertest.ImageThin}
					}}
				})
			})
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, setup(t, address))
				})
			}
		})
	}
}

// bench is what a test has.
type bench struct {
	runner  *Runner
	address string
	dir     string // the workspace
	host    *recorder
}

func setup(t testing.TB, address string, change ...func(*Config)) *bench {
	t.Helper()
	c := Config{Host: address, RunnerBinary: runnerBinary(t), Mounts: []Mount{
		{Source: "/usr", Target: "/usr", ReadOnly: true},
		{Source: "/etc/alternatives", Target: "/etc/alternatives", ReadOnly: true},
	}}
	for _, f := range change {
		f(&c)
	}
	b := &bench{runner: New(c), address: address, dir: t.TempDir(), host: &recorder{begun: make(chan struct{})}}
	t.Cleanup(func() {
		if err := b.runner.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// task is a job with one step of that TypeScript body.
func (b *bench) task(t *testing.T, body string) executor.Task {
	t.Helper()
	src := t.TempDir()
	text := "import { workflow, job, step, push } from '@kici-dev/sdk';\n" +
		"export default workflow('w', { on: [push()], jobs: [job('j', { runsOn: 'x', steps: [step('s', async (ctx) => {\n" + body + "\n})] })] });\n"
	if err := os.WriteFile(filepath.Join(src, "w.ts"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	built, err := bundle.Build(t.Context(), bundle.Options{Root: src, Entries: []string{"w.ts"}})
	if err != nil || built.HasErrors() {
		t.Fatal(err, built)
	}
	p := built.Programs[0]
	return executor.Task{
		Host: b.host, Container: &executor.Container{Image: containertest.ImageThin},
		Job: &executor.Job{
			Kind: executor.KindJob, Run: "run-1", Workflow: "w", Name: "j / " + t.Name(), Base: "j", Origin: executor.Origin{Export: "#default"},
			Event: json.RawMessage(`{"type":"push","payload":{"ref":"refs/heads/main"},"targetBranch":"main"}`),
			Dir:   b.dir, Source: src, System: os.Environ(), Meta: map[string]string{"KICI_RUN_ID": "run-1"},
			Secrets: []executor.Secret{{Key: "TOKEN", Value: "s3cr3t-value"}},
			Program: &executor.Program{Entry: p.Entry, Code: p.Code, Map: p.Map, Hash: p.Hash},
		},
	}
}

func (b *bench) run(t *testing.T, task executor.Task) *executor.Result {
	t.Helper()
	res := b.runner.Run(t.Context(), task)
	b.nothingLeft(t, task.Job.Name)
	return res
}

// containers lists those of a job.
func (b *bench) containers(t *testing.T, job string) []string {
	t.Helper()
	var out []string
	for _, c := range containertest.Left(t, b.address, labelSandbox, "true") {
		if c.Labels[labelJob] == job {
			out = append(out, c.ID)
		}
	}
	return out
}

func (b *bench) nothingLeft(t *testing.T, job string) {
	t.Helper()
	if left := b.containers(t, job); len(left) > 0 {
		t.Errorf("containers are left: %q", left)
	}
}

// recorder is a Host that remembers.
type recorder struct {
	mu      sync.Mutex // guards what follows
	log     bytes.Buffer
	counted int
	count   bool // the bytes only
	slow    chan struct{}
	begun   chan struct{} // closed by the first output of a step
	once    sync.Once
	caches  []string
}

func (r *recorder) Begin(executor.Row)            {}
func (r *recorder) End(executor.RowResult)        {}
func (r *recorder) Rule(int, executor.RuleResult) {}
func (r *recorder) Reveal([]string)               {}
func (r *recorder) text() string                  { r.mu.Lock(); defer r.mu.Unlock(); return r.log.String() }
func (r *recorder) Log(row int, _ executor.Stream, p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counted += len(p)
	if !r.count {
		r.log.Write(p)
	}
	if row >= 0 {
		r.once.Do(func() { close(r.begun) })
		if r.slow != nil {
			<-r.slow
		}
	}
}
func (r *recorder) Emit(context.Context, executor.Emission) (string, error) { return "id", nil }
func (r *recorder) Secrets(context.Context, string) ([]executor.Secret, error) {
	return nil, nil
}
func (r *recorder) RestoreCache(_ context.Context, dir string, c executor.Cache) (executor.CacheHit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.caches = append(r.caches, dir+" "+strings.Join(c.Paths, ","))
	return executor.CacheHit{}, nil
}
func (r *recorder) SaveCache(_ context.Context, dir string, c executor.Cache) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.caches = append(r.caches, dir+" "+strings.Join(c.Paths, ","))
	return nil
}

func wantText(t *testing.T, got string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(got, w) {
			t.Errorf("lacks %q:\n%s", w, got)
		}
	}
}

func green(t *testing.T, b *bench) {
	if err := os.WriteFile(filepath.Join(b.dir, "input"), []byte("from outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	res := b.run(t, b.task(t, "await ctx.$`cat input; echo; pwd; cat /proc/1/comm; test -e /opt/kici/kici`; return { n: 1 };"))
	if res.Status != executor.Success || string(res.Outputs) != `{"n":1}` {
		t.Errorf("%+v", res)
	}
	wantText(t, b.host.text(), "from outside\n/workspace\n")
	if strings.Contains(b.host.text(), "bash") {
		t.Error("the container has no init process")
	}
}

func fails(t *testing.T, b *bench) {
	res := b.run(t, b.task(t, "await ctx.$`echo last words; exit 3`;"))
	f := res.Failure
	if res.Status != executor.Failed || f == nil || f.Exit == nil || *f.Exit != 3 || f.Line != 3 {
		t.Fatalf("%+v %+v", res, f)
	}
	// The sources are not in this job's workspace.
	wantText(t, f.Frame, "exit 3", ">")
}

func env(t *testing.T, b *bench) {
	task := b.task(t, "await ctx.$`echo \"$ADDED|$FROM_IMAGE|$KICI_RUN_ID|$ORG|$HOME|\\${TMPDIR-}|\\${SECRET_OF_THE_HOST-}|\"; test -w \"$HOME\"`;")
	task.Container.Env = map[string]string{"ADDED": "by the job", "ORG": "image"}
	task.Job.Variables = map[string]string{"ORG": "acme"}
	task.Job.System = append(task.Job.System, "SECRET_OF_THE_HOST=1", "TMPDIR=/nowhere")
	if res := b.run(t, task); res.Status != executor.Success {
		t.Errorf("%+v", res.Failure)
	}
	home := "/opt/kici/home"
	if os.Getuid() == 0 {
		home = "/root"
	}
	wantText(t, b.host.text(), "by the job|yes|run-1|acme|"+home+"|||")
}

// A reader that stops stops the job; every byte arrives.
func flood(t *testing.T, b *bench) {
	b.host.count, b.host.slow = true, make(chan struct{}, 1)
	const size = 48 << 20
	done := make(chan *executor.Result, 1)
	task := b.task(t, "await ctx.$`head -c 50331648 /dev/zero; touch finished`;")
	go func() { done <- b.runner.Run(t.Context(), task) }()
	select {
	case <-b.host.begun:
	case res := <-done:
		t.Fatalf("%+v", res.Failure)
	}
	// All of it cannot be on the way.
	select {
	case <-done:
		t.Fatal("the job went on although nobody read")
	case <-time.After(300 * time.Millisecond):
	}
	if _, err := os.Stat(filepath.Join(b.dir, "finished")); err == nil {
		t.Error("48 MiB were taken while nobody read")
	}
	close(b.host.slow)
	if res := <-done; res.Status != executor.Success || b.host.counted != size {
		t.Errorf("%+v, %d bytes of %d", res.Failure, b.host.counted, size)
	}
	b.nothingLeft(t, task.Job.Name)
}

func cancel(t *testing.T, b *bench) {
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	go func() { <-b.host.begun; stop(errors.New("superseded")) }()
	task := b.task(t, "await ctx.$`echo begun; (setsid sleep 300 &); sleep 300`;")
	task.Job.Limits.Grace = time.Second
	res := b.runner.Run(ctx, task)
	if res.Status != executor.Cancelled || res.Reason != "superseded" {
		t.Errorf("%+v", res)
	}
	b.nothingLeft(t, task.Job.Name)
}

func force(t *testing.T, b *bench) {
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	kill := make(chan struct{})
	go func() { <-b.host.begun; stop(errors.New("superseded")); close(kill) }()
	task := b.task(t, "await ctx.$`trap '' TERM; echo begun; while :; do sleep 1; done`;")
	task.Force = kill
	if res := b.runner.Run(ctx, task); res.Status != executor.Cancelled {
		t.Errorf("%+v", res)
	}
	b.nothingLeft(t, task.Job.Name)
}

func memory(t *testing.T, b *bench) {
	task := b.task(t, "await ctx.$`head -c 400m /dev/zero | tail`;")
	task.Resources = &executor.Resources{Limits: executor.Amount{Memory: 128 << 20, CPUs: 1}, Requests: executor.Amount{Memory: 64 << 20, CPUs: 0.5}}
	res := b.run(t, task)
	if res.Status != executor.Failed || res.Failure == nil {
		t.Fatalf("%+v", res)
	}
	wantText(t, res.Failure.Message, "out of memory", "128 MiB (resources.limits.memory)")
	wantText(t, b.host.text(), "out of memory")
}

func owned(t *testing.T, b *bench) {
	if res := b.run(t, b.task(t, "await ctx.$`mkdir made; echo x > made/file`;")); res.Status != executor.Success {
		t.Fatalf("%+v", res.Failure)
	}
	for _, name := range []string{"made", "made/file"} {
		info, err := os.Stat(filepath.Join(b.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if uid := uidOf(info); uid != os.Getuid() {
			t.Errorf("%s belongs to %d", name, uid)
		}
	}
}

func noBash(t *testing.T, b *bench) {
	b.runner.config.Mounts = nil
	task := b.task(t, "await ctx.$`echo hello`;")
	task.Container.Image = containertest.ImageBare
	res := b.run(t, task)
	if res.Status != executor.Failed || res.Failure == nil {
		t.Fatalf("%+v", res)
	}
	wantText(t, res.Failure.Message, `image "`+containertest.ImageBare+`" has no bash, which $ needs`)

	task = b.task(t, "console.log('no command');")
	task.Container.Image = containertest.ImageBare
	if res := b.run(t, task); res.Status != executor.Success {
		t.Errorf("without commands: %+v", res.Failure)
	}
}

func caches(t *testing.T, b *bench) {
	res := b.run(t, b.task(t, "await ctx.cache.restore({ key: 'k', paths: ['target', '/workspace/abs'] });\n"+
		"await ctx.cache.save({ key: 'k', paths: ['~/.cargo'] });"))
	wantText(t, strings.Join(b.host.caches, "\n"), b.dir+" target,"+filepath.Join(b.dir, "abs"))
	wantText(t, res.Reason+b.host.text(), "~/.cargo is inside of the container")
}

func mounted(t *testing.T, b *bench) {
	res := b.run(t, b.task(t, "const f = await ctx.secrets.mountFile({ sources: ['TOKEN'] });\nawait ctx.$`echo in ${f.path}; stat -f -c %T ${f.path}; cat ${f.path}`;"))
	if res.Status != executor.Success {
		t.Fatalf("%+v", res.Failure)
	}
	wantText(t, b.host.text(), "in /run/kici/", "tmpfs\n", "s3cr3t-value")
}

// A static program that is no kici says what it has to say.
func notARunner(t *testing.T, b *bench) {
	busybox, err := containertest.Program("busybox")
	if err != nil {
		t.Fatal(err)
	}
	b.runner.config.RunnerBinary = busybox
	res := b.run(t, b.task(t, ""))
	if res.Status != executor.Failed || !strings.Contains(res.Reason, "kici: applet not found") {
		t.Errorf("%+v", res)
	}
}

func missingImage(t *testing.T, b *bench) {
	task := b.task(t, "")
	task.Container.Image = "127.0.0.1:9/no/such:image"
	res := b.run(t, task)
	if res.Status != executor.Failed || res.Failure.Kind != executor.Infrastructure {
		t.Fatalf("%+v", res)
	}
	wantText(t, res.Reason, `image "127.0.0.1:9/no/such:image" is not on this machine and cannot be pulled: `)
	wantText(t, b.host.text(), "pulling image 127.0.0.1:9/no/such:image\n")

	task.Container.Image = "Not An Image"
	if res := b.run(t, task); res.Status != executor.Failed {
		t.Errorf("%+v", res)
	}
}

func missingFolder(t *testing.T, b *bench) {
	task := b.task(t, "")
	task.Job.Dir = filepath.Join(b.dir, "absent")
	res := b.run(t, task)
	if res.Status != executor.Failed || !strings.Contains(res.Reason, "absent") {
		t.Errorf("%+v", res)
	}
	if _, err := os.Stat(task.Job.Dir); err == nil {
		t.Error("the engine made the folder")
	}
}

func keeps(t *testing.T, b *bench) {
	b.runner.config.KeepFailed = true
	if res := b.run(t, b.task(t, "")); res.Status != executor.Success {
		t.Fatalf("%+v", res.Failure)
	}
	task := b.task(t, "throw new Error('look at me')")
	if res := b.runner.Run(t.Context(), task); res.Status != executor.Failed {
		t.Fatalf("%+v", res)
	}
	wantText(t, b.host.text(), "the container is kept: kici-sandbox-j---")
	left := b.containers(t, task.Job.Name)
	if len(left) != 1 {
		t.Fatalf("%d containers", len(left))
	}
	// A sweep does not take it away.
	if err := b.runner.engine.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := b.containers(t, task.Job.Name); len(again) != 1 {
		t.Error("the sweep took it away")
	}
	if err := b.runner.engine.removeContainer(t.Context(), left[0]); err != nil {
		t.Error(err)
	}
}

// When this process dies its connections do, and then the container ends by
// itself.
func abandoned(t *testing.T, b *bench) {
	task := b.task(t, "")
	box, _, err := b.runner.prepare(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := box.remove(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	p, err := box.launch(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	hello := make([]byte, 5)
	if _, err := io.ReadFull(p.Stdout(), hello); err != nil {
		t.Fatal(err)
	}
	p.(*process).stream.Close()
	p.Stdout().Close()
	select {
	case <-p.Done():
	case <-time.After(15 * time.Second):
		t.Error("the container goes on without anybody")
	}
}

// A container whose owner is gone is removed by whoever comes next.
func sweeps(t *testing.T, b *bench) {
	e, err := find(t.Context(), b.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.api.Close()
	task := b.task(t, "")
	img, err := e.image(t.Context(), containertest.ImageThin, func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	create := func(job, owner string) {
		spec, err := b.runner.spec(e, task, img)
		if err != nil {
			t.Fatal(err)
		}
		spec.Name += job
		spec.Config.Labels[labelJob], spec.Config.Labels[labelOwner] = job, owner
		if _, err := e.api.ContainerCreate(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	us := owner(os.Getpid())
	dead := us + "0" // born at another time
	create("orphan", dead)
	create("ours", us)
	create("strangers", "elsewhere/pid:[1]/1/1")
	if err := e.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for job, want := range map[string]int{"orphan": 0, "ours": 1, "strangers": 1} {
		left := b.containers(t, job)
		if len(left) != want {
			t.Errorf("%s: %d containers, want %d", job, len(left), want)
		}
		for _, id := range left {
			if err := e.removeContainer(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
	}
}
