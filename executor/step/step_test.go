package step

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeGuest answers describe with a description and fails the calls it is told
// to; it writes down what it was asked.
type fakeGuest struct {
	d     Description
	fail  map[string]string // call → error
	block map[string]bool   // calls that wait for their context

	mu    sync.Mutex
	calls []string
}

func (g *fakeGuest) Invoke(ctx context.Context, method string, p, result any) error {
	in := p.(params)
	name := method
	switch method {
	case MethodDescribe:
		data, err := json.Marshal(g.d)
		if err != nil {
			return err
		}
		return json.Unmarshal(data, result)
	case MethodStep:
		name = g.d.Steps[in.Step].Name
	case MethodHook:
		name = fmt.Sprintf("%s.%s(%s)", in.Level, in.Kind, in.Outcome.Status)
	}
	g.mu.Lock()
	g.calls = append(g.calls, name)
	g.mu.Unlock()
	if g.block[name] {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if text := g.fail[name]; text != "" {
		return &executor.Failure{Kind: executor.Thrown, Message: text}
	}
	return nil
}

type silentHost struct{ executor.Host }

func (silentHost) Begin(executor.Row)               {}
func (silentHost) Log(int, executor.Stream, []byte) {}
func (silentHost) Rule(int, executor.RuleResult)    {}
func (silentHost) End(executor.RowResult)           {}
func (silentHost) Reveal([]string)                  {}

type noProcesses struct{ proc.Spawner }

func (noProcesses) Mark() proc.Mark                                           { return 0 }
func (noProcesses) Terminate(context.Context, proc.Mark, time.Duration) error { return nil }

func all(kinds ...string) map[string]HookInfo {
	out := map[string]HookInfo{}
	for _, k := range kinds {
		out[k] = HookInfo{Timeout: 5000}
	}
	return out
}

// The order of a job, for every way it can end.
func TestOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fail     map[string]string
		block    string
		tolerate bool
		cancel   bool
		want     string
		status   executor.Status
		reason   string
	}{
		"success": {
			want:   "job.beforeStep(success) a step.cleanup(success) job.afterStep(success) job.beforeStep(success) b step.cleanup(success) job.afterStep(success) job.onSuccess(success) job.cleanup(success)",
			status: executor.Success,
		},
		"failure": {
			fail:   map[string]string{"a": "broke"},
			want:   "job.beforeStep(success) a step.cleanup(failed) job.afterStep(failed) job.onFailure(failed) job.cleanup(failed)",
			status: executor.Failed, reason: "broke",
		},
		"tolerated": {
			fail: map[string]string{"a": "broke"}, tolerate: true,
			want:   "job.beforeStep(success) a step.cleanup(failed) job.afterStep(failed) job.beforeStep(success) b step.cleanup(success) job.afterStep(success) job.onSuccess(success) job.cleanup(success)",
			status: executor.Success,
		},
		"onSuccess fails": {
			fail:   map[string]string{"job.onSuccess(success)": "hook"},
			want:   "job.beforeStep(success) a step.cleanup(success) job.afterStep(success) job.beforeStep(success) b step.cleanup(success) job.afterStep(success) job.onSuccess(success) job.cleanup(success)",
			status: executor.Failed, reason: "success (onSuccess hook failed: hook)",
		},
		"beforeStep fails": {
			fail:   map[string]string{"job.beforeStep(success)": "hook"},
			want:   "job.beforeStep(success) a step.cleanup(success) b step.cleanup(success) job.cleanup(success)",
			status: executor.Failed, reason: "success (beforeStep hook failed: hook)",
		},
		"cancelled": {
			block: "a", cancel: true,
			want:   "job.beforeStep(success) a step.onCancel(cancelled) step.cleanup(cancelled) job.onCancel(cancelled) job.cleanup(cancelled)",
			status: executor.Cancelled, reason: "stop it",
		},
		"step times out": {
			block:  "a",
			want:   "job.beforeStep(success) a step.cleanup(failed) job.afterStep(failed) job.onFailure(failed) job.cleanup(failed)",
			status: executor.Failed, reason: `step "a" timed out after 50 ms`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := all(OnCancel, Cleanup)
			limit := 50.0
			if tc.cancel {
				limit = 60_000
			}
			g := &fakeGuest{fail: tc.fail, block: map[string]bool{tc.block: true}, d: Description{
				Steps: []StepInfo{{Name: "a", Hooks: own, ContinueOnError: tc.tolerate, Timeout: limit}, {Name: "b", Hooks: own}},
				Hooks: all(OnCancel, Cleanup, OnSuccess, OnFailure, BeforeStep, AfterStep),
			}}
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			if tc.cancel {
				time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("stop it")) })
			}
			e := New(Config{Task: executor.Task{Job: &executor.Job{Kind: executor.KindJob}, Host: silentHost{}}, Env: js.NewEnv(nil), Procs: noProcesses{}})
			res := e.Run(ctx, func(context.Context) (Guest, error) { return g, nil })
			if got := strings.Join(g.calls, " "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if res.Status != tc.status || res.Reason != tc.reason {
				t.Errorf("got %s %q, want %s %q", res.Status, res.Reason, tc.status, tc.reason)
			}
		})
	}
}

func TestEnvironmentLayers(t *testing.T) {
	t.Parallel()
	env := Base(&executor.Job{
		System:    []string{"PATH=/bin", "AWS_SECRET=x", "HOME=/h", "broken", "=x"},
		Meta:      map[string]string{"KICI_RUN_ID": "1", "FORCE_COLOR": "2"},
		Variables: map[string]string{"A": "org"},
	})
	want := map[string]string{"PATH": "/bin", "HOME": "/h", "FORCE_COLOR": "2", "KICI_RUN_ID": "1", "A": "org"}
	if fmt.Sprint(env) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", env, want)
	}
}

func TestSecretFileNamesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string]string{
		"": "secret-1", "a.pem": "a.pem", "../escape": "escape", `..\..\x`: "x", "/etc/passwd": "passwd", "..": "secret-1", "a/": "secret-1", "a\x00b": "a_b",
	} {
		if got := fileName(wanted, 1); got != want {
			t.Errorf("%q: got %q, want %q", wanted, got, want)
		}
	}
}

func TestSetEnvCannotReplaceASecret(t *testing.T) {
	t.Parallel()
	env := js.NewEnv(nil)
	e := New(Config{Task: executor.Task{Host: silentHost{}, Job: &executor.Job{
		Secrets: []executor.Secret{{Key: "TOKEN", Value: "v"}, {Key: "PLAIN", Value: "p", Quiet: true}},
	}}, Env: env, Procs: noProcesses{}})
	for _, key := range []string{"TOKEN", "PLAIN", "FREE"} {
		e.setEnv(key, "set")
	}
	got := slices.DeleteFunc(env.Environ(), func(kv string) bool { return !strings.HasSuffix(kv, "=set") })
	if want := "FREE=set PLAIN=set"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
