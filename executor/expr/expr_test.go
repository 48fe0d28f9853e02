package expr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/runner"
)

// The test binary is its own worker; an argument before makes it a bad one.
func TestMain(m *testing.M) {
	if IsWorker(os.Args) {
		actAsWorker()
		return
	}
	goleak.VerifyTestMain(m)
}

func actAsWorker() {
	switch {
	case slices.Contains(os.Args, "silent"):
		_, _ = io.Copy(io.Discard, os.Stdin)
	case slices.Contains(os.Args, "usage"):
		fmt.Println("usage: program [flags], and many more words than a hello has")
	case slices.Contains(os.Args, "old"):
		_ = send(os.Stdout, hello{workerName, 99})
		_, _ = io.Copy(io.Discard, os.Stdin)
	case slices.Contains(os.Args, "environment"):
		fmt.Fprintln(os.Stderr, os.Environ())
	default:
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func command(mode ...string) runner.Command {
	return runner.Command{Args: append([]string{os.Args[0]}, mode...), Environ: append(os.Environ(), "SECRET=hunter2")}
}

// running is an evaluator whose first worker is there.
func running(tb testing.TB, o Options) *Evaluator {
	tb.Helper()
	e := New(o)
	run(tb, e)
	return e
}

func run(tb testing.TB, e *Evaluator) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- e.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			tb.Error(err)
		}
	})
	select {
	case <-e.Ready():
	case <-time.After(20 * time.Second):
		tb.Fatal("no worker")
	}
}

const push = `{"type":"push","targetBranch":"main","payload":{"ref":"refs/heads/main"}}`

// ask1 asks again when nobody had time: on a machine that is busy with other
// tests that is an answer, and says nothing about the function.
func ask1(e *Evaluator, kind Kind, expression string) (string, error) {
	for try := 1; ; try++ {
		v, err := e.Evaluate(context.Background(), Request{Kind: kind, Expression: expression, Event: json.RawMessage(push)})
		if !errors.Is(err, ErrUnavailable) || try == 20 {
			return string(v), err
		}
	}
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	e := running(t, Options{Command: command()})
	got, err := ask1(e, Environment, `(event) => 'deploy-' + event.targetBranch`)
	if err != nil || got != `"deploy-main"` {
		t.Fatalf("got %s, %v", got, err)
	}
	if s, err := Text(json.RawMessage(got)); s != "deploy-main" || err != nil {
		t.Errorf("got %q, %v", s, err)
	}
	got, err = ask1(e, Env, `(event) => ({ BRANCH: event.targetBranch, N: 1 })`)
	if err != nil {
		t.Fatal(err)
	}
	if vars, err := Variables(json.RawMessage(got)); err != nil || vars["BRANCH"] != "main" || vars["N"] != "1" || len(vars) != 2 {
		t.Errorf("got %v, %v", vars, err)
	}
}

func TestFunctionFailures(t *testing.T) {
	t.Parallel()
	e := running(t, Options{Command: command(), Workers: 1})
	var thrown *ThrownError
	if _, err := ask1(e, Environment, `(event) => event.none.more`); !errors.As(err, &thrown) || !strings.HasPrefix(err.Error(), "environment: the function threw TypeError: Cannot read") {
		t.Errorf("got %v", err)
	}
	var value *ValueError
	if _, err := ask1(e, ConcurrencyGroup, `(event) => event.none`); !errors.As(err, &value) || err.Error() != "concurrencyGroup must be a string, not undefined" {
		t.Errorf("got %v", err)
	}
	if _, err := ask1(e, Env, `(event) => ['A']`); !errors.As(err, &value) || err.Error() != "env must be an object of strings, not an array" {
		t.Errorf("got %v", err)
	}
	var large *TooLargeError
	if _, err := ask1(e, Env, `() => '`+strings.Repeat("x", MaxExpression)+`'`); !errors.As(err, &large) || large.Hint() == "" {
		t.Errorf("got %v", err)
	}
	event := json.RawMessage(`"` + strings.Repeat("x", MaxEvent) + `"`)
	if _, err := e.Evaluate(context.Background(), Request{Kind: Env, Expression: "(e) => e", Event: event}); !errors.As(err, &large) {
		t.Errorf("got %v", err)
	}
	if _, err := ask1(e, "matrix", `() => 'x'`); err == nil {
		t.Error("a field that cannot hold a function was evaluated")
	}
	if _, err := e.Evaluate(context.Background(), Request{Kind: Env, Expression: "(e) => e", Event: json.RawMessage(`{`)}); err == nil {
		t.Error("an event that is not JSON was taken")
	}
	// None of that cost the worker its life, and it still works.
	if got, err := ask1(e, Environment, `() => 'fine'`); got != `"fine"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	e := running(t, Options{Command: command(), Workers: 2})
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			want := fmt.Sprintf(`"main-%d"`, i)
			if got, err := ask1(e, Environment, fmt.Sprintf(`(e) => e.targetBranch + '-%d'`, i)); got != want || err != nil {
				t.Errorf("got %s, %v; want %s", got, err, want)
			}
		})
	}
	all.Wait()
}

// A program that is no worker must not hang anybody, and says what to do.
func TestNoWorker(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]error{"usage": runner.ErrHandshake, "old": ErrUnavailable, "silent": ErrUnavailable} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			e := New(Options{Command: command(mode), Workers: 1, Wait: 3 * time.Second})
			ctx, cancel := context.WithCancel(context.Background())
			over := make(chan error, 1)
			go func() { over <- e.Run(ctx) }()
			var err error
			for try := 0; try < 20 && !errors.Is(err, want); try++ { // the program may not have begun yet
				_, err = e.Evaluate(context.Background(), Request{Kind: Environment, Expression: `() => 'x'`, Event: json.RawMessage(push)})
				if !errors.Is(err, ErrUnavailable) {
					t.Fatalf("got %v", err)
				}
			}
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			cancel()
			if err := <-over; err != nil {
				t.Error(err)
			}
			if _, err := ask1(e, Environment, `() => 'x'`); !errors.Is(err, ErrClosed) {
				t.Errorf("after Run has ended: %v", err)
			}
		})
	}
}

func TestCallerGoes(t *testing.T) {
	t.Parallel()
	e := running(t, Options{Command: command(), Workers: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	r := Request{Kind: Environment, Expression: `() => { for (;;) {} }`, Event: json.RawMessage(push)}
	// On a busy machine the worker may be the first to lose its patience.
	var late *TimeoutError
	if _, err := e.Evaluate(ctx, r); !errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &late) {
		t.Errorf("got %v", err)
	}
	if got, err := ask1(e, Environment, `() => 'next'`); got != `"next"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// A worker that ends while nobody asks is replaced.
func TestIdleDeath(t *testing.T) {
	t.Parallel()
	e := New(Options{Command: command(), Workers: 1})
	launch := e.launch
	started := make(chan runner.Process, 2)
	e.launch = func(ctx context.Context, stderr io.Writer) (runner.Process, error) {
		p, err := launch(ctx, stderr)
		started <- p
		return p, err
	}
	run(t, e)
	(<-started).Kill()
	<-started // its successor
	if got, err := ask1(e, Environment, `() => 'again'`); err != nil || got != `"again"` {
		t.Fatalf("got %s, %v", got, err)
	}
}

// Secrets of the orchestrator's environment do not reach the worker.
func TestBareEnvironment(t *testing.T) {
	t.Parallel()
	e := New(Options{Command: command("environment")})
	_, err := start(context.Background(), e.launch)
	if err == nil || !strings.Contains(err.Error(), "GOTRACEBACK=none") || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "PATH=") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	e := running(b, Options{Command: command(), Workers: 1})
	for b.Loop() {
		if _, err := ask1(e, Environment, `(event) => { const p = event.targetBranch.split('/'); return p[p.length - 1]; }`); err != nil {
			b.Fatal(err)
		}
	}
}
