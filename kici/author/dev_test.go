package author_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/author"
)

// project is a repository with its lock file committed.
func project(t *testing.T, workflow string) (dir string, o author.DevOptions) {
	t.Helper()
	dir = repository(t, workflow)
	if res, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir}); err != nil || res.Failed() {
		t.Fatal(res, err)
	}
	commit(t, dir, "lock")
	return dir, author.DevOptions{Dir: dir, Environ: append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())}
}

// commit commits everything, if only a note.
func commit(t *testing.T, dir, message string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "note"), []byte(message), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", message)
}

// audience writes down what a dev shows, and lets a test wait for it.
type audience struct {
	mu    sync.Mutex // guards what follows
	seen  []string
	ready author.DevReady
	runs  []author.DevRun
	next  chan struct{} // closed and replaced with every word
}

func newAudience() *audience { return &audience{next: make(chan struct{})} }

func (a *audience) say(words ...string) {
	a.seen = append(a.seen, strings.Join(words, " "))
	close(a.next)
	a.next = make(chan struct{})
}

func (a *audience) Ready(r author.DevReady) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ready = r
	a.say("ready")
}

func (a *audience) Arrived(d author.DevArrival) {
	a.mu.Lock()
	defer a.mu.Unlock()
	text := "arrived " + d.Event + " " + d.Ref
	if d.Err != nil {
		text += " " + d.Err.Error()
	}
	a.say(text)
}

func (a *audience) Begin(r author.DevRun) author.Observer {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runs = append(a.runs, r)
	a.say("begin", r.Workflow, r.Ref)
	return func(e author.RunEvent) {
		out, ok := e.(author.RunOutput)
		if !ok {
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		for line := range strings.Lines(string(out.Data)) {
			a.say(out.Job+":", strings.TrimSpace(line))
		}
	}
}

func (a *audience) End(r author.DevRun, w author.RunWorkflowResult) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.say("end", w.Name, r.Ref, string(w.Status))
}

func (a *audience) Notice(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.say("notice", text)
}

// wait waits for words that have not been waited for before, and forgets all up
// to them.
func (a *audience) wait(t *testing.T, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it ends a test that waits for ever
	defer cancel()
	for {
		a.mu.Lock()
		for i, s := range a.seen {
			if strings.HasPrefix(s, words) {
				a.seen = a.seen[i+1:]
				a.mu.Unlock()
				return
			}
		}
		next, seen := a.next, strings.Join(a.seen, "\n")
		a.mu.Unlock()
		select {
		case <-next:
		case <-ctx.Done():
			t.Fatalf("%q was never said:\n%s", words, seen)
		}
	}
}

// dev runs one until end is called, which gives what it returned.
func dev(t *testing.T, o author.DevOptions) (a *audience, end func(cause error) (bool, error)) {
	t.Helper()
	a = newAudience()
	ctx, cancel := context.WithCancelCause(context.Background())
	var interrupted bool
	var err error
	over := make(chan struct{})
	go func() {
		defer close(over)
		interrupted, err = author.Dev(ctx, o, a)
		a.Notice("over")
	}()
	end = func(cause error) (bool, error) {
		cancel(cause)
		<-over
		return interrupted, err
	}
	t.Cleanup(func() { _, _ = end(nil) })
	a.wait(t, "ready")
	return a, end
}

const everything = `import { dispatch, job, pr, push, tag, workflow } from '@kici-dev/sdk';
const say = (text) => [job('j', { runsOn: 'nowhere', run: async ({ log, rawPayload }) => { log.info(text + ' ' + (rawPayload.client_payload?.to ?? '')); } })];
export const branches = workflow('branches', { on: push({ branches: '**' }), jobs: say('a push') });
export const tags = workflow('tags', { on: tag({ patterns: 'v*' }), jobs: say('a tag') });
export const prs = workflow('prs', { on: pr(), jobs: say('a pull request') });
export const deploy = workflow('deploy', { on: dispatch({ types: ['deploy'] }), jobs: say('deployed') });
`

// Commits, tags and branches are events as they land, wherever git keeps them;
// nothing is installed and nothing runs for what was there before.
func TestDevRunsWhatLands(t *testing.T) {
	t.Parallel()
	dir, o := project(t, everything)
	a, end := dev(t, o)

	commit(t, dir, "one")
	a.wait(t, "arrived push main")
	a.wait(t, "begin branches main")
	a.wait(t, "j: a push")
	a.wait(t, "end branches main success")

	git(t, dir, "pack-refs", "--all")
	git(t, dir, "tag", "v1")
	a.wait(t, "end tags v1 success")
	git(t, dir, "branch", "topic") // where something is known already
	side := filepath.Join(t.TempDir(), "side")
	git(t, dir, "worktree", "add", "-q", side, "topic")
	commit(t, side, "two")
	a.wait(t, "arrived push topic")
	a.wait(t, "end branches topic success")
	git(t, dir, "worktree", "remove", "--force", side)
	git(t, dir, "branch", "-D", "topic")
	a.wait(t, "arrived delete")

	page, err := http.Get(a.runs[0].Logs)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	text, err := io.ReadAll(page.Body)
	if err != nil || !strings.Contains(string(text), "== j: success\n") || !strings.Contains(string(text), "\na push ") {
		t.Errorf("the page of logs says %v:\n%s", err, text)
	}
	if interrupted, err := end(errors.New("enough")); interrupted || err != nil {
		t.Errorf("an idle dev ends with %t, %v", interrupted, err)
	}
	if len(a.runs) != 3 {
		t.Errorf("runs: %+v", a.runs)
	}
}

func TestDevTrigger(t *testing.T) {
	t.Parallel()
	dir, o := project(t, everything)
	ask := func(event string, more ...func(*author.DevOptions)) (*author.DevTriggered, error) {
		q := o
		q.Event = event
		for _, f := range more {
			f(&q)
		}
		return author.DevTrigger(context.Background(), q)
	}
	if _, err := ask("push"); !errors.Is(err, author.ErrDevNotRunning) {
		t.Errorf("before there is a dev: %v", err)
	}
	a, end := dev(t, o)
	payload := func(q *author.DevOptions) { q.Payload = []byte(`{"action":"deploy","client_payload":{"to":"prod"}}`) }
	got, err := ask("dispatch:deploy", payload)
	if err != nil || len(got.Runs) != 1 || got.Runs[0].Workflow != "deploy" || !strings.HasPrefix(got.Runs[0].Logs, a.ready.URL) {
		t.Fatalf("%+v, %v", got, err)
	}
	a.wait(t, "j: deployed prod")
	a.wait(t, "end deploy")
	if got, err := ask("pr:opened"); err != nil || len(got.Runs) != 1 || got.Runs[0].Workflow != "prs" {
		t.Errorf("%+v, %v", got, err)
	}
	a.wait(t, "end prs main success")
	git(t, dir, "tag", "v3")
	a.wait(t, "end tags v3 success")
	if got, err := ask("tag", func(q *author.DevOptions) { q.Branch = "v3" }); err != nil || len(got.Runs) != 1 || got.Runs[0].Workflow != "tags" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ask("star"); err != nil || len(got.Runs) != 0 || len(got.Decisions) != 4 || got.Decisions[0].Summary == "" {
		t.Errorf("what nothing listens to: %+v, %v", got, err)
	}
	var usage *author.RunUsageError
	if _, err := ask("psuh"); !errors.As(err, &usage) {
		t.Errorf("a mistyped event: %v", err)
	}
	if _, err := ask("push", func(q *author.DevOptions) { q.Branch = "nope" }); !errors.As(err, &usage) {
		t.Errorf("a branch that is not there: %v", err)
	}

	var second *author.DevRunningError
	if _, err := author.Dev(context.Background(), o, newAudience()); !errors.As(err, &second) || second.URL != a.ready.URL || second.PID != os.Getpid() {
		t.Errorf("a second dev: %v", err)
	}
	res, err := http.Post(a.ready.URL+"/dev/trigger", "application/json", strings.NewReader(`{"event":"push"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the token: %s", res.Status)
	}
	info, err := os.Stat(filepath.Join(a.ready.State, "dev.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("dev.json: %v, %v", info, err)
	}
	text, err := os.ReadFile(filepath.Join(a.ready.State, "dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := end(errors.New("enough")); err != nil {
		t.Error(err)
	}
	// One that was killed leaves its file.
	if err := os.WriteFile(filepath.Join(a.ready.State, "dev.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ask("push"); !errors.Is(err, author.ErrDevNotRunning) {
		t.Errorf("with the file of a dev that is gone: %v", err)
	}
}

const slow = `import { job, push, workflow } from '@kici-dev/sdk';
export default workflow('slow', { on: push(), jobs: [job('j', {
  runsOn: 'x', run: async ({ $ }) => { await $` + "`echo begun; exec sleep 600`" + `; }, cleanup: async ({ $ }) => { await $` + "`echo cleaned up; SLEEP`" + `; } })] });
`

// The end of a dev cancels with the hooks, and by force when that is asked for.
func TestDevInterrupted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ after, want string }{
		"softly":   {"true", "end slow main cancelled"},
		"by force": {"exec sleep 600", "end slow main cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, o := project(t, strings.ReplaceAll(slow, "SLEEP", c.after))
			force := make(chan struct{})
			o.Force = force
			a, end := dev(t, o)
			commit(t, dir, "go")
			a.wait(t, "j: begun")
			over := make(chan struct{})
			go func() {
				defer close(over)
				if interrupted, err := end(errors.New("ctrl+c")); !interrupted || err != nil {
					t.Errorf("got %t, %v", interrupted, err)
				}
			}()
			a.wait(t, "j: cleaned up")
			if name == "by force" {
				close(force)
			}
			a.wait(t, c.want)
			<-over
		})
	}
}

func TestDevOnce(t *testing.T) {
	t.Parallel()
	dir, o := project(t, everything)
	once := func(event string) (*author.RunResult, string, error) {
		var said strings.Builder
		var mu sync.Mutex
		q := o
		q.Event = event
		res, err := author.DevOnce(context.Background(), q, func(e author.RunEvent) {
			mu.Lock()
			defer mu.Unlock()
			switch e := e.(type) {
			case author.RunNotice:
				said.WriteString(e.Text + "\n")
			case author.RunOutput:
				said.Write(e.Data)
			}
		})
		return res, said.String(), err
	}
	if res, said, err := once("push"); err != nil || res.Class != author.RunClassSuccess || len(res.Workflows) != 1 || strings.Contains(said, "uncommitted") {
		t.Errorf("%+v, %v\n%s", res, err, said)
	}
	if res, _, err := once("star"); err != nil || res.Class.ExitCode() != 0 || len(res.Workflows) != 0 || len(res.Decisions) != 4 {
		t.Errorf("what nothing listens to: %+v, %v", res, err)
	}

	path := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(source), "a push", "another push")
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, said, err := once("push"); err != nil || !strings.Contains(said, "1 uncommitted change is left out") || !strings.Contains(said, "a push") {
		t.Errorf("with changes: %v\n%s", err, said)
	}
	commit(t, dir, "stale")
	res, _, err := once("push")
	if err != nil || res.Class.ExitCode() != 1 || !strings.Contains(res.Workflows[0].Jobs[0].Reason, "kici compile") {
		t.Errorf("a stale lock file: %+v, %v", res, err)
	}
	git(t, dir, "rm", "-q", "--cached", ".kici/kici.lock.json")
	git(t, dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "none")
	var commitErr *author.DevCommitError
	if _, _, err := once("push"); !errors.As(err, &commitErr) || !strings.Contains(commitErr.Hint, "kici compile") {
		t.Errorf("no lock file: %v", err)
	}

	empty := t.TempDir()
	var usage *author.RunUsageError
	o.Dir = empty
	if _, _, err := once("push"); !errors.As(err, &usage) || usage.Hint == "" {
		t.Errorf("no repository: %v", err)
	}
	git(t, empty, "init", "-q")
	if _, _, err := once("push"); !errors.As(err, &commitErr) {
		t.Errorf("no commit: %v", err)
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}
