package sandboxtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// Run checks a sandbox. open is called for every test.
func Run(t *testing.T, open func(testing.TB) Subject) {
	t.Helper()
	for name, test := range map[string]func(*bench){
		"success": success, "failure": failure, "throws": throws, "environment": environment, "events": events,
		"flood": flood, "cancel": cancel, "force": force, "cancelled before": cancelledBefore, "leftovers": leftovers, "together": together,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(open(t).bench(t))
		})
	}
}

func success(b *bench) {
	if err := os.WriteFile(filepath.Join(b.dir, "given"), []byte("from outside"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	res := b.run(b.task("", "const given = await ctx.$`cat given; echo made > made`; return { given: given.stdout, n: 1 };"))
	b.status(res, executor.Success)
	b.wants(string(res.Outputs), `"n":1`, "from outside")
	b.wants(b.host.text(), "from outside")
	if got := b.file("made"); got != "made" {
		b.t.Errorf("the job left %q in its workspace", got)
	}
	if want := []string{"begin step s", "end step s success"}; !slices.Equal(b.host.rows, want) {
		b.t.Errorf("rows: %q, want %q", b.host.rows, want)
	}
}

func failure(b *bench) {
	res := b.run(b.task("", "await ctx.$`echo last words; exit 3`;"))
	b.status(res, executor.Failed)
	f := res.Failure
	if f == nil || f.Exit == nil || *f.Exit != 3 {
		b.t.Fatalf("the exit code is not told: %+v", f)
	}
	b.wants(b.host.text(), "last words")
	b.wants(f.Frame, "exit 3")
	if res.FailedRow() == nil {
		b.t.Error("no row failed")
	}
}

func throws(b *bench) {
	res := b.run(b.task("", "throw new TypeError('not like this');"))
	b.status(res, executor.Failed)
	if res.Failure == nil {
		b.t.Fatal("the failure is not told")
	}
	b.wants(res.Failure.Message, "not like this")
}

// What the job is given arrives; what the machine has besides does not.
func environment(b *bench) {
	task := b.task("", "await ctx.$`echo \"[$KICI_RUN_ID|$ORG|\\${HOST_SECRET-}]\"`; ctx.log.info('secret ' + (await ctx.secrets.get('TOKEN')).length);")
	task.Job.System = append(slices.Clone(task.Job.System), "HOST_SECRET=1")
	task.Job.Variables = map[string]string{"ORG": "acme"}
	task.Job.Secrets = []executor.Secret{{Key: "TOKEN", Value: "twelve chars"}}
	b.status(b.run(task), executor.Success)
	b.wants(b.host.text(), "[run-1|acme|]", "secret 12")
}

// An event leaves the job, and the answer comes back, good or bad.
func events(b *bench) {
	res := b.run(b.task("", "const { deliveryId } = await ctx.emit('built', { n: 1 });\n"+
		"const said = await ctx.emit('refused', {}).then(() => 'nothing', (e) => e.message); return { deliveryId, said };"))
	b.status(res, executor.Success)
	b.wants(string(res.Outputs), "delivery-1", "not wanted")
	if len(b.host.events) != 1 || b.host.events[0].Name != "built" || string(b.host.events[0].Payload) != `{"n":1}` {
		b.t.Errorf("%+v", b.host.events)
	}
}

// A host that takes no output stops the job; every byte arrives, in order.
func flood(b *bench) {
	b.host.gate = make(chan struct{})
	done := make(chan *executor.Result, 1)
	task := b.task("", "await ctx.$`seq 3000000; touch finished`;") // 22 MiB
	go func() { done <- b.Runner.Run(b.ctx, task) }()
	select {
	case <-b.host.spoke:
	case res := <-done:
		b.t.Fatalf("%+v %+v", res, res.Failure)
	}
	select {
	case <-done:
		b.t.Error("the job went on although nobody took its output")
	case <-time.After(300 * time.Millisecond):
	}
	if _, err := os.Stat(filepath.Join(b.dir, "finished")); err == nil {
		b.t.Error("22 MiB are held somewhere")
	}
	close(b.host.gate)
	b.status(<-done, executor.Success)
	lines := strings.Split(strings.TrimSpace(b.host.text()), "\n")
	if n := len(lines); n != 3_000_000 || lines[0] != "1" || lines[n-1] != "3000000" || lines[n/2] != "1500001" {
		b.t.Errorf("%d lines of 3000000, from %q to %q", n, lines[0], lines[n-1])
	}
}

// hooks write down that they ran.
const hooks = "onCancel: async ({ $ }) => { await $`echo ran > cancelled`; }, cleanup: async ({ $ }) => { await $`echo ran > cleaned`; },"

// A cancellation ends the step and runs the hooks; its reason is the job's.
func cancel(b *bench) {
	ctx, stop := context.WithCancelCause(b.ctx)
	defer stop(nil)
	b.afterwards(func() { stop(errors.New("superseded")) })
	task := b.task(hooks, "await ctx.$`echo begun; sleep 300`;")
	task.Job.Limits.Grace = time.Second
	res := b.Runner.Run(ctx, task)
	b.status(res, executor.Cancelled)
	if res.Reason != "superseded" {
		b.t.Errorf("the reason is %q", res.Reason)
	}
	if b.file("cancelled") != "ran" || b.file("cleaned") != "ran" {
		b.t.Error("the hooks did not run")
	}
}

// By force it ends whatever the job thinks of it, and without hooks.
func force(b *bench) {
	ctx, stop := context.WithCancelCause(b.ctx)
	defer stop(nil)
	kill := make(chan struct{})
	b.afterwards(func() { stop(errors.New("superseded")); close(kill) })
	task := b.task(hooks, "await ctx.$`trap '' TERM INT; echo begun; while :; do sleep 1; done`;")
	task.Force = kill
	begun := time.Now()
	b.status(b.Runner.Run(ctx, task), executor.Cancelled)
	if took := time.Since(begun); took > patience/4 {
		b.t.Errorf("it took %s", took)
	}
}

func cancelledBefore(b *bench) {
	ctx, stop := context.WithCancelCause(b.ctx)
	stop(errors.New("superseded"))
	res := b.Runner.Run(ctx, b.task("", "await ctx.$`touch ran`;"))
	b.status(res, executor.Cancelled)
	if _, err := os.Stat(filepath.Join(b.dir, "ran")); err == nil {
		b.t.Error("the job ran")
	}
}

// A process that leaves its session and its parent ends with the job all the same.
func leftovers(b *bench) {
	task := b.task("", "await ctx.$`(setsid bash -c 'while :; do echo . >> alive; sleep 0.05; done' >/dev/null 2>&1 &); until test -s alive; do sleep 0.05; done`;")
	b.status(b.run(task), executor.Success)
	size := func() int64 {
		info, err := os.Stat(filepath.Join(b.dir, "alive"))
		if err != nil {
			b.t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	<-time.After(300 * time.Millisecond)
	if after := size(); after != before {
		b.t.Error("a process of the job goes on after its end")
	}
}

// Several jobs at once keep apart.
func together(b *bench) {
	const jobs = 3
	var all [jobs]*bench
	var tasks [jobs]executor.Task
	for i := range jobs {
		all[i] = b.Subject.bench(b.t)
		tasks[i] = all[i].task("", "await ctx.$`echo ${ctx.env.ME} > me; sleep 0.2; cat me`; return { me: ctx.env.ME };")
		tasks[i].Job.Variables = map[string]string{"ME": string(rune('a' + i))}
	}
	var g sync.WaitGroup
	var results [jobs]*executor.Result
	for i := range jobs {
		g.Go(func() { results[i] = b.Runner.Run(b.ctx, tasks[i]) })
	}
	g.Wait()
	for i, res := range results {
		all[i].status(res, executor.Success)
		me := string(rune('a' + i))
		all[i].wants(string(res.Outputs), `"`+me+`"`)
		if got := all[i].file("me"); got != me || strings.TrimSpace(all[i].host.text()) != me {
			b.t.Errorf("job %s left %q and said %q", me, got, all[i].host.text())
		}
	}
}
