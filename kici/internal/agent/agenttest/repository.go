package agenttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// Repository is a committed project with a fresh lock file.
type Repository struct {
	t    testing.TB
	Dir  string
	SHA  string // of the last commit
	Lock *lockfile.File
}

// New writes, compiles and commits files.
func New(t testing.TB, files map[string]string) *Repository {
	t.Helper()
	r := &Repository{t: t, Dir: filepath.Join(t.TempDir(), "repo")}
	r.Write(files)
	r.Git("init", "-q", "-b", "main")
	result, err := compile.Compile(t.Context(), compile.Options{Dir: r.Dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	r.Lock = result.Lock
	r.Commit()
	return r
}

// Write changes files; the lock file stays as it is.
func (r *Repository) Write(files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		path := filepath.Join(r.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
}

// Commit commits everything.
func (r *Repository) Commit() {
	r.t.Helper()
	r.Git("add", "-A")
	r.Git("commit", "-q", "-m", "x")
	r.SHA = r.Git("rev-parse", "HEAD")
}

// Git runs git in the repository.
func (r *Repository) Git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@localhost", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@localhost")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Spec is the job of that name as an orchestrator would plan it.
func (r *Repository) Spec(name string) jobspec.Spec {
	r.t.Helper()
	for i := range r.Lock.Workflows {
		w := &r.Lock.Workflows[i]
		p, err := plan.Build(w, plan.Resolved{})
		if err != nil {
			r.t.Fatal(err)
		}
		if job := p.Find(name); job != nil {
			return jobspec.SpecFor(w, p, job)
		}
	}
	r.t.Fatalf("no job %q", name)
	return jobspec.Spec{}
}

// Flow is the files of a workflow "ci" with these jobs.
func Flow(jobs ...string) map[string]string {
	const head = "import { workflow, push, job, step } from '@kici-dev/sdk';\n"
	return map[string]string{".kici/workflows/ci.ts": head + "export default workflow('ci', { on: push(), jobs: [" + strings.Join(jobs, ", ") + "] });\n"}
}

// Job is a job of one step, "do", with this body; it knows ctx and $.
func Job(name, body string) string {
	return fmt.Sprintf("job('%s', { runsOn: 'default', steps: [step('do', async (ctx) => { const { $ } = ctx; %s })] })", name, body)
}
