package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// TestFlood prints more lines than fit anywhere, to a reporter that stands still
// for a while: nothing is lost, and the lines are in order.
func TestFlood(t *testing.T) {
	t.Parallel()
	const n = 100_000
	r := newRepository(t, agenttest.Flow(agenttest.Job("flood", fmt.Sprintf("await $`for ((i = 0; i < %d; i++)); do echo line $i; done`;", n))))
	b := start(t, func(c *Config) { c.LogCap = 100 << 20 })
	s := newScribe()
	s.hold = make(chan struct{})
	if err := b.Offer(r.assignment("flood"), s); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { close(s.hold) })
	if res := s.wait(t); res.Status != jobspec.Success {
		t.Fatalf("%+v", res)
	}
	if len(s.logs[0]) != n {
		t.Fatalf("%d lines, want %d", len(s.logs[0]), n)
	}
	for i, line := range s.logs[0] {
		if line != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	chunk := int64(0)
	for _, batch := range s.batches {
		if batch.Row == 0 {
			if chunk++; batch.Chunk != chunk || batch.At.IsZero() {
				t.Fatalf("batch %d has number %d", chunk, batch.Chunk)
			}
		}
	}
	if chunk > n/batchLines {
		t.Errorf("%d batches although the reporter was behind", chunk)
	}
}

func TestLogCap(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow("job('a', { runsOn: 'default', steps: [step('loud', async ({ $ }) => { await $`for i in 1 2 3 4 5 6 7 8 9 10; do echo 123456789; done`; }), step('next', async ({ $ }) => { await $`echo hi`; })] })"))
	a := r.assignment("a")
	a.LogCap = 35
	s := start(t, nil).offer(a)
	if res := s.wait(t); res.Status != jobspec.Success {
		t.Fatalf("%+v", res)
	}
	if want := "123456789|123456789|123456789|[TRUNCATED: log output exceeded 35 bytes]"; strings.Join(s.logs[0], "|") != want {
		t.Errorf("log %q", s.logs[0])
	}
	if len(s.logs[1]) != 1 || s.steps[1].Bytes != 100 {
		t.Errorf("%v, %d bytes counted", s.logs, s.steps[1].Bytes)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	rep := newScribe()
	out := newOutbox(rep, time.Now, t.TempDir(), false)
	l := newLines(out, 1<<20)
	for _, w := range []struct {
		stream executor.Stream
		text   string
	}{{1, "a\nb"}, {2, "err"}, {1, "c\r\n\n"}, {2, "or\nlast"}, {1, strings.Repeat("x", maxLine+5)}} {
		l.write(t.Context(), 0, w.stream, []byte(w.text))
	}
	l.flush(t.Context())
	out.close()
	out.run(t.Context())
	want := []string{"a", "bc", "", "error", strings.Repeat("x", maxLine), "xxxxx", "last"}
	if fmt.Sprint(rep.logs[0]) != fmt.Sprint(want) {
		t.Errorf("%.200q", rep.logs[0])
	}
}

// TestReporterGone: a job whose reports nobody takes comes to its end.
func TestReporterGone(t *testing.T) {
	t.Parallel()
	out := newOutbox(failing{newScribe()}, time.Now, t.TempDir(), false)
	l := newLines(out, 1<<30)
	var work sync.WaitGroup
	work.Go(func() { out.run(context.Background()) })
	line := []byte(strings.Repeat("y", 1000) + "\n")
	for range 3 * queueBytes / len(line) {
		l.write(t.Context(), 0, executor.Stdout, line)
	}
	out.close()
	work.Wait()
}

type failing struct{ *scribe }

func (failing) Log(context.Context, LogBatch) error { return errors.New("gone") }

// TestBackPressure: a full queue blocks the job, and the end of reports frees it.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	rep := newScribe()
	rep.hold = make(chan struct{})
	out := newOutbox(rep, time.Now, t.TempDir(), false)
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { out.run(ctx) })
	blocked := make(chan struct{})
	work.Go(func() {
		defer close(blocked)
		l := newLines(out, 1<<30)
		line := []byte(strings.Repeat("z", 1<<10) + "\n")
		for range 2 * queueBytes / len(line) {
			l.write(ctx, 0, executor.Stdout, line)
		}
	})
	select {
	case <-blocked:
		t.Fatal("the job was not slowed down")
	case <-time.After(300 * time.Millisecond):
	}
	out.mu.Lock()
	if out.bytes > queueBytes+behindBytes {
		t.Errorf("%d bytes are waiting", out.bytes)
	}
	out.mu.Unlock()
	cancel()
	<-blocked
	out.close()
	work.Wait()
}

// TestSpool: a reporter that takes nothing for long makes the job's lines go to
// disk, and the job goes on; all of them arrive in the end, in order.
func TestSpool(t *testing.T) {
	t.Parallel()
	for _, drop := range []bool{false, true} {
		rep := newScribe()
		rep.hold = make(chan struct{})
		dir := t.TempDir()
		out := newOutbox(rep, time.Now, dir, drop)
		out.pause = 50 * time.Millisecond
		var work sync.WaitGroup
		work.Go(func() { out.run(t.Context()) })
		pad := strings.Repeat(" ", 1000)
		n := 3 * queueBytes / len(pad)
		l := newLines(out, 1<<30)
		for i := range n {
			l.write(t.Context(), i/1000%2, executor.Stdout, fmt.Appendf(nil, "%d%s\n", i, pad))
		}
		if files, _ := os.ReadDir(dir); (len(files) == 1) == drop {
			t.Errorf("drop %v: %d spool files", drop, len(files))
		}
		out.mu.Lock()
		if out.bytes > queueBytes+behindBytes {
			t.Errorf("%d bytes in memory", out.bytes)
		}
		out.mu.Unlock()
		close(rep.hold)
		l.flush(t.Context())
		out.close()
		work.Wait()
		if files, _ := os.ReadDir(dir); len(files) > 0 {
			t.Errorf("left behind: %v", files)
		}
		if drop {
			kept, lost := 0, 0
			for _, line := range append(rep.logs[0], rep.logs[1]...) {
				var gap int
				if _, err := fmt.Sscanf(line, "[%d lines dropped due to backpressure]", &gap); err != nil {
					kept++
				}
				lost += gap
			}
			if lost == 0 || kept+lost != n {
				t.Errorf("%d lines arrived and %d are said to be lost, of %d", kept, lost, n)
			}
			continue
		}
		next := 0
		for _, batch := range rep.batches {
			for _, line := range batch.Lines {
				if line != fmt.Sprint(next)+pad || batch.Row != next/1000%2 {
					t.Fatalf("line %d is %.20q in row %d", next, line, batch.Row)
				}
				next++
			}
		}
		if next != n {
			t.Errorf("%d lines, want %d", next, n)
		}
	}
}

func TestQuietLinesDoNotWait(t *testing.T) {
	t.Parallel()
	rep := newScribe()
	out := newOutbox(rep, time.Now, t.TempDir(), false)
	var work sync.WaitGroup
	work.Go(func() { out.run(t.Context()) })
	out.line(t.Context(), 0, "only one")
	select {
	case <-rep.seen:
	case <-time.After(20 * time.Second):
		t.Error("the line is not sent")
	}
	out.close()
	work.Wait()
}

func TestCache(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow(agenttest.Job("c", "const h = await ctx.cache.restore({ key: 'k1', paths: ['out'] }); await $`echo hit ${String(h.hit)}; mkdir -p out; cat out/f || true; echo kept > out/f`; await ctx.cache.save({ key: 'k1', paths: ['out'] });")))
	b := start(t, nil)
	store := &cache.Dir{Path: t.TempDir()}
	for _, want := range []string{"hit false", "kept"} {
		s := newScribe()
		s.store = store
		if err := b.Offer(r.assignment("c"), s); err != nil {
			t.Fatal(err)
		}
		if res := s.wait(t); res.Status != jobspec.Success || !strings.Contains(strings.Join(s.logs[0], "\n"), want) {
			t.Errorf("%+v %v", res, s.logs)
		}
	}
}

func TestSecretsOfALaterEnvironment(t *testing.T) {
	t.Parallel()
	r := newRepository(t, agenttest.Flow("job('d', { runsOn: 'default', environment: () => process.cwd() ? 'prod' : 'test', steps: [step('do', async (ctx) => { await ctx.$`echo ${await ctx.secrets.get('K')}`; })] })"))
	b := start(t, nil)
	s := newScribe()
	s.asked = func(environment string) ([]jobspec.Secret, error) {
		return []jobspec.Secret{{Key: "K", Value: "value-of-" + environment}}, nil
	}
	if err := b.Offer(r.assignment("d"), s); err != nil {
		t.Fatal(err)
	}
	if res := s.wait(t); res.Status != jobspec.Success || res.Environment != "prod" || fmt.Sprint(s.logs[0]) != "[***]" {
		t.Errorf("%+v %v", res, s.logs)
	}
}
