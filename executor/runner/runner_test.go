package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/proc"
)

// The test binary is its own child; KICI_TEST_CHILD makes it a bad one.
func TestMain(m *testing.M) {
	if IsChild(os.Args) {
		actAsChild()
		return
	}
	goleak.VerifyTestMain(m)
}

func actAsChild() {
	switch os.Getenv("KICI_TEST_CHILD") {
	case "silent":
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "usage":
		fmt.Println("usage: program [flags]")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "old":
		_ = newWire(os.Stdin, os.Stdout).send(message{Type: typeHello, Protocol: 99})
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "exits":
		os.Exit(3)
	default:
		if err := Serve(context.Background(), script{}, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// script is an engine that does what the job's name says.
type script struct{}

func (script) Run(ctx context.Context, t executor.Task) *executor.Result {
	res := &executor.Result{Status: executor.Success}
	switch t.Job.Name {
	case "crash":
		os.Exit(7)
	case "panic":
		panic("boom")
	case "closes":
		os.Stdout.Close()
		select {}
	case "garbage":
		fmt.Print("this is no frame at all, is it?")
		select {}
	case "flood":
		chunk := bytes.Repeat([]byte("0123456789abcde\n"), 4096)
		for range 512 { // 32 MiB
			t.Host.Log(0, executor.Stdout, chunk)
		}
	case "waits":
		select {
		case <-ctx.Done():
			res.Status, res.Reason = executor.Cancelled, context.Cause(ctx).Error()
		case <-t.Force:
		}
	case "deaf":
		select {}
	case "deaf with a daemon":
		if _, err := proc.Adopt(); err != nil {
			panic(err)
		}
		out, err := exec.Command("bash", "-c", `env -i "$(command -v setsid)" sh -c '(sleep 300 >/dev/null 2>&1 & echo $!)'`).Output()
		if err != nil {
			panic(err)
		}
		t.Host.Log(0, executor.Stdout, out)
		select {}
	case "hog":
		if err := exec.Command("bash", "-c", "head -c 400m /dev/zero | tail >/dev/null").Run(); err != nil {
			res.Status, res.Reason, res.Failure = executor.Failed, err.Error(), &executor.Failure{Message: err.Error()}
		}
		// Gone from its session, and still of the group.
		_ = exec.Command("bash", "-c", "setsid sleep 300 >/dev/null 2>&1 &").Run()
	case "emits":
		id, err := t.Host.Emit(ctx, executor.Emission{Name: "x", Payload: json.RawMessage(`{"a":1}`)})
		res.Reason = fmt.Sprint(id, err)
	default:
		t.Host.Begin(executor.Row{Index: 1, Name: "s"})
		t.Host.Log(1, executor.Stderr, []byte("hello"))
		t.Host.Rule(-1, executor.RuleResult{Label: "l", Passed: true})
		t.Host.End(executor.RowResult{Row: executor.Row{Index: 1, Name: "s"}, Status: executor.Success})
		res.Outputs = json.RawMessage(fmt.Sprintf(`{"pid":%d,"code":%q}`, os.Getpid(), t.Job.Program.Code))
	}
	return res
}

// recorder is a Host.
type recorder struct {
	mu    sync.Mutex
	text  strings.Builder
	bytes int
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *recorder) Begin(row executor.Row) { r.note("begin %d %s", row.Index, row.Name) }
func (r *recorder) Log(row int, s executor.Stream, p []byte) {
	r.bytes += len(p)
	if r.bytes < 100 {
		r.note("log %d %d %s", row, s, p)
	}
}
func (r *recorder) Rule(row int, v executor.RuleResult) { r.note("rule %d %s", row, v.Label) }
func (r *recorder) End(v executor.RowResult)            { r.note("end %d %s", v.Index, v.Status) }
func (r *recorder) Reveal([]string)                     {}
func (r *recorder) Emit(_ context.Context, e executor.Emission) (string, error) {
	return "id-" + e.Name, nil
}
func (r *recorder) Secrets(context.Context, string) ([]executor.Secret, error) { return nil, nil }
func (r *recorder) RestoreCache(context.Context, string, executor.Cache) (executor.CacheHit, error) {
	return executor.CacheHit{}, nil
}
func (r *recorder) SaveCache(context.Context, string, executor.Cache) error { return nil }

func task(name string, h executor.Host) executor.Task {
	return executor.Task{Host: h, Job: &executor.Job{Kind: executor.KindJob, Name: name, Program: &executor.Program{Hash: "h", Code: []byte("code")}}}
}

func open(t testing.TB, env ...string) *Pool {
	p := NewPool(Command{Environ: append(os.Environ(), env...), Handshake: 20 * time.Second})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestEventsArriveInOrderAndTheChildIsReused(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.Warm(context.Background())
	var pids []int
	for range 2 {
		rec := &recorder{}
		res := p.Run(context.Background(), task("plain", rec))
		if want := "begin 1 s\nlog 1 2 hello\nrule -1 l\nend 1 success\n"; rec.text.String() != want {
			t.Errorf("got %q, want %q", rec.text.String(), want)
		}
		var out struct {
			Pid  int
			Code string
		}
		if err := json.Unmarshal(res.Outputs, &out); err != nil || out.Code != "code" {
			t.Errorf("%s %v", res.Outputs, err)
		}
		pids = append(pids, out.Pid)
	}
	if pids[0] != pids[1] || pids[0] == os.Getpid() {
		t.Errorf("pids %v", pids)
	}
}

func TestServiceCall(t *testing.T) {
	t.Parallel()
	if res := open(t).Run(context.Background(), task("emits", &recorder{})); res.Reason != "id-x<nil>" {
		t.Errorf("got %q", res.Reason)
	}
}

// A bad child costs its job and nothing else.
func TestMisbehavingChildIsReplaced(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"crash", "panic", "closes", "garbage"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			res := p.Run(context.Background(), task(name, &recorder{}))
			if res.Status != executor.Failed || res.Failure == nil || res.Failure.Kind != executor.Infrastructure {
				t.Fatalf("%+v", res)
			}
			if name == "panic" && !strings.Contains(res.Reason, "boom") {
				t.Errorf("the reason hides why: %s", res.Reason)
			}
			if res := p.Run(context.Background(), task("plain", &recorder{})); res.Status != executor.Success {
				t.Errorf("the next job: %+v", res)
			}
		})
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{"silent": "ServeChild", "usage": "ServeChild", "exits": "ServeChild", "old": "protocol 99"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := NewPool(Command{Environ: append(os.Environ(), "KICI_TEST_CHILD="+mode), Handshake: time.Second})
			defer p.Close()
			res := p.Run(context.Background(), task("plain", &recorder{}))
			if res.Status != executor.Failed || !strings.Contains(res.Reason, want) {
				t.Errorf("got %+v, want a reason with %q", res, want)
			}
		})
	}
}

func TestChildrenHaveNoChildren(t *testing.T) {
	t.Parallel()
	_, err := Command{Environ: []string{DepthName + "=1"}}.environ()
	if !errors.Is(err, ErrNested) {
		t.Errorf("got %v", err)
	}
}

// A child that dies while it waits for a job costs a new one, and no job.
func TestDeadChildrenGetNoJob(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.Warm(context.Background())
	for _, how := range []string{"on its way", "idle"} {
		k, err := p.waiting()
		if err != nil || k == nil {
			t.Fatalf("%s: %v %v", how, k, err)
		}
		k.proc.Kill()
		<-k.proc.Done()
		p.give(k)
		if res := p.Run(context.Background(), task("plain", &recorder{})); res.Status != executor.Success {
			t.Errorf("%s: %+v", how, res)
		}
	}
}

func TestCancelIsGraceful(t *testing.T) {
	t.Parallel()
	p := open(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	p.Warm(ctx)
	done := make(chan *executor.Result)
	go func() { done <- p.Run(ctx, task("waits", &recorder{})) }()
	cancel(errors.New("superseded"))
	if res := <-done; res.Status != executor.Cancelled || res.Reason != "superseded" {
		t.Errorf("%+v", res)
	}
}

func TestForceKillsWhoDoesNotListen(t *testing.T) {
	t.Parallel()
	p := open(t)
	force := make(chan struct{})
	close(force)
	tk := task("deaf", &recorder{})
	tk.Force = force
	if res := p.Run(context.Background(), tk); res.Status != executor.Cancelled {
		t.Errorf("%+v", res)
	}
}

// A child that has to be killed takes along what its job hid.
func TestForceLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("nothing can be hidden from Linux alone")
	}
	force := make(chan struct{})
	started := &teller{told: make(chan string, 1)}
	tk := task("deaf with a daemon", started)
	tk.Force = force
	var pid int
	var bad error
	go func() {
		pid, bad = strconv.Atoi(strings.TrimSpace(<-started.told))
		close(force)
	}()
	if res := open(t).Run(context.Background(), tk); res.Status != executor.Cancelled {
		t.Errorf("%+v", res)
	}
	if bad != nil || pid == 0 {
		t.Fatal(pid, bad)
	}
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && !bytes.Contains(stat, []byte(") Z ")) {
		t.Errorf("the daemon lives on: %s", stat)
	}
}

// teller passes on what is logged.
type teller struct {
	recorder
	told chan string
}

func (r *teller) Log(_ int, _ executor.Stream, p []byte) { r.told <- string(p) }

// A reader that takes its time slows the child; every byte arrives.
func TestNothingIsDropped(t *testing.T) {
	t.Parallel()
	rec := &recorder{}
	res := open(t).Run(context.Background(), task("flood", rec))
	if res.Status != executor.Success || rec.bytes != 512*4096*16 {
		t.Errorf("%+v, %d bytes", res, rec.bytes)
	}
}

func TestClosedPool(t *testing.T) {
	t.Parallel()
	p := NewPool(Command{Environ: os.Environ()})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if res := p.Run(context.Background(), task("plain", &recorder{})); !strings.Contains(res.Reason, ErrClosed.Error()) {
		t.Errorf("%+v", res)
	}
}

func FuzzFrames(f *testing.F) {
	var seed bytes.Buffer
	w := newWire(nil, &seed)
	_ = w.send(message{Type: typeHello})
	_ = w.log(-1, executor.Stdout, []byte("text"))
	f.Add(seed.Bytes())
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 'M'})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newWire(bytes.NewReader(data), io.Discard)
		for {
			kind, body, err := r.read()
			if err != nil {
				return
			}
			if kind == frameLog {
				_, _, _, _ = splitLog(body)
			}
		}
	})
}

func BenchmarkLogThroughput(b *testing.B) {
	p := open(b)
	b.SetBytes(512 * 4096 * 16)
	for b.Loop() {
		p.Run(context.Background(), task("flood", &recorder{}))
	}
}

func BenchmarkSpawn(b *testing.B) {
	for b.Loop() {
		p := NewPool(Command{Environ: os.Environ(), Handshake: 20 * time.Second})
		p.Run(context.Background(), task("plain", &recorder{}))
		p.Close()
	}
}
