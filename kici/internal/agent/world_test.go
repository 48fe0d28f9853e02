package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

func TestMain(m *testing.M) {
	if runner.IsChild(os.Args) {
		if err := runner.Serve(context.Background(), workflow.New(workflow.Options{}), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// repository is one that jobs are sent from.
type repository struct{ *agenttest.Repository }

func newRepository(t testing.TB, files map[string]string) *repository {
	t.Helper()
	return &repository{agenttest.New(t, files)}
}

// assignment is the job of that name as an orchestrator would send it.
func (r *repository) assignment(name string) Assignment { return r.of(r.Spec(name)) }

func (r *repository) of(spec jobspec.Spec) Assignment {
	id := fmt.Sprint(time.Now().UnixNano())
	return Assignment{
		Ref: Ref{Run: "run-1", Job: "job-" + spec.Name, Attempt: "att-" + id, Fence: 1}, Spec: spec,
		Input: jobspec.Input{Event: json.RawMessage(`{"type":"push","payload":{}}`)}, CacheScope: CacheTrusted,
		Source: clone.Source{URL: r.Dir, Ref: "refs/heads/main", SHA: r.SHA},
	}
}

// scribe is a Reporter that writes everything down.
type scribe struct {
	mu       sync.Mutex
	story    []string
	steps    []StepUpdate
	logs     map[int][]string
	batches  []LogBatch
	emitted  []executor.Emission
	finished Finish
	done     chan struct{}
	seen     chan string // lines, for who waits for one
	hold     chan struct{}
	store    cache.Store
	asked    func(environment string) ([]jobspec.Secret, error)
}

func newScribe() *scribe {
	return &scribe{logs: map[int][]string{}, done: make(chan struct{}), seen: make(chan string, 1<<20)}
}

func (s *scribe) note(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.story = append(s.story, fmt.Sprintf(format, args...))
	return nil
}

func (s *scribe) Accepted(context.Context) error           { return s.note("accepted") }
func (s *scribe) Started(context.Context, time.Time) error { return s.note("started") }
func (s *scribe) Context(_ context.Context, c Context) error {
	return s.note("context %s %s", c.Sandbox, c.Runtime)
}

func (s *scribe) Step(_ context.Context, u StepUpdate) error {
	s.mu.Lock()
	s.steps = append(s.steps, u)
	s.mu.Unlock()
	if u.Running {
		return s.note("step %d %s running", u.Index, u.Name)
	}
	return s.note("step %d %s %s", u.Index, u.Name, u.Status)
}

func (s *scribe) Log(ctx context.Context, b LogBatch) error {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, b)
	s.logs[b.Row] = append(s.logs[b.Row], b.Lines...)
	if b.Row != executor.PrepareRow {
		s.story = append(s.story, fmt.Sprintf("log %d", b.Row))
	}
	for _, line := range b.Lines {
		s.seen <- line
	}
	return nil
}

func (s *scribe) Finished(_ context.Context, f Finish) error {
	s.mu.Lock()
	s.finished = f
	s.mu.Unlock()
	close(s.done)
	return s.note("finished %s", f.Result.Status)
}

func (s *scribe) Emit(_ context.Context, e executor.Emission) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitted = append(s.emitted, e)
	return "evt-1", nil
}

func (s *scribe) Secrets(_ context.Context, environment string) ([]jobspec.Secret, error) {
	if s.asked == nil {
		return nil, errors.New("nobody asked for " + environment)
	}
	return s.asked(environment)
}

func (s *scribe) Cache() cache.Store { return s.store }

// await waits for a line that contains text.
func (s *scribe) await(t testing.TB, text string) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case line := <-s.seen:
			if strings.Contains(line, text) {
				return
			}
		case <-s.done:
			t.Fatalf("the job ended before it said %q: %+v", text, s.finished.Result)
		case <-timeout:
			t.Fatalf("nobody said %q", text)
		}
	}
}

func (s *scribe) wait(t testing.TB) jobspec.Result {
	t.Helper()
	select {
	case <-s.done:
	case <-time.After(60 * time.Second):
		t.Fatal("the job does not end")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finished.Result
}

// told is the story with repeated lines once.
func (s *scribe) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Clone(s.story))
}

type bundle struct {
	*Agent
	t    testing.TB
	data string
	stop func() // ends Run and waits for it
}

func start(t testing.TB, change func(*Config)) *bundle {
	t.Helper()
	b := &bundle{t: t, data: t.TempDir()}
	c := Config{DataDir: b.data, Environ: append(os.Environ(), "KICI_AGENT_TOKEN=kat_secret_of_the_agent")}
	if change != nil {
		change(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Agent = a
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- a.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-over; err != nil {
			t.Errorf("Run: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(b.data, "work", "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Cleanup(b.stop)
	select {
	case <-a.Ready():
	case err := <-over:
		t.Fatal(err)
	}
	return b
}

func (b *bundle) offer(a Assignment) *scribe {
	b.t.Helper()
	s := newScribe()
	if err := b.Offer(a, s); err != nil {
		b.t.Fatal(err)
	}
	return s
}
