package compile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// regexp2 keeps a clock running for a while after a match with a limit.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

const good = `import { workflow, job } from '@kici-dev/sdk';
export default workflow('ci', { jobs: [job('j', { runsOn: 'default', run: async () => {} })] });
`

func run1(t *testing.T, o Options) *Result {
	t.Helper()
	result, err := Compile(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// want requires a diagnostic of a code whose text holds part.
func want(t *testing.T, r *Result, code Code, part string) {
	t.Helper()
	for _, d := range r.Diagnostics {
		if d.Code == code && strings.Contains(d.File+" "+d.Message+" "+d.Hint, part) {
			return
		}
	}
	t.Errorf("no %s with %q among:\n%s", code, part, render(r.Diagnostics))
}

func TestBrokenProjects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, repo string)
		code    Code
		part    string
	}{
		"kici is a file":                  {func(t *testing.T, r string) { write(t, r, ".kici", "x") }, NoWorkflows, ".kici is a file"},
		"workflows is a file":             {func(t *testing.T, r string) { write(t, r, ".kici/workflows", "x") }, NoWorkflows, "workflows is a file"},
		"no workflows":                    {func(t *testing.T, r string) { write(t, r, ".kici/package.json", "{}") }, NoWorkflows, "no workflows directory"},
		"only a directory named like one": {func(t *testing.T, r string) { write(t, r, ".kici/workflows/x.ts/y.ts", good) }, NoWorkflows, "no workflow files"},
		"ten megabytes": {func(t *testing.T, r string) {
			write(t, r, ".kici/workflows/big.ts", good+"// "+strings.Repeat("x", 10<<20))
		}, TooMuch, "10.0 MB"},
		"deeply nested": {func(t *testing.T, r string) {
			write(t, r, ".kici/workflows/deep.ts", good+"export const x = "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+";")
		}, LoadFailed, "deep.ts"},
		"dangling link": {func(t *testing.T, r string) {
			write(t, r, ".kici/workflows/a.ts", good)
			if err := os.Symlink("nowhere.ts", filepath.Join(r, ".kici/workflows/link.ts")); err != nil {
				t.Skip(err)
			}
		}, SkippedFile, "link.ts"},
		"unreadable": {func(t *testing.T, r string) {
			write(t, r, ".kici/workflows/secret.ts", good)
			path := filepath.Join(r, ".kici/workflows/secret.ts")
			if err := os.Chmod(path, 0); err != nil {
				t.Fatal(err)
			}
			if f, err := os.Open(path); err == nil {
				f.Close()
				t.Skip("this user reads everything")
			}
		}, NoWorkflows, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo := newRepo(t, "")
			c.prepare(t, repo)
			result := run1(t, Options{Dir: repo})
			want(t, result, c.code, c.part)
			if severityOf(c.code) == Error && !result.Failed() {
				t.Error("the compile did not fail")
			}
			var failure *Failure
			if err := result.Err(); err != nil && !errors.As(err, &failure) {
				t.Errorf("Err() is %T", err)
			}
		})
	}
}

func TestFailureLeavesTheLockAlone(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	write(t, repo, ".kici/workflows/a.ts", good)
	write(t, repo, ".kici/workflows/b.ts", "export default (")
	write(t, repo, ".kici/kici.lock.json", "precious")
	result := run1(t, Options{Dir: repo})
	if !result.Failed() || result.Written || optional(repo, ".kici/kici.lock.json") != "precious" {
		t.Errorf("failed=%v written=%v lock=%q", result.Failed(), result.Written, optional(repo, ".kici/kici.lock.json"))
	}
	left, _ := filepath.Glob(filepath.Join(repo, ".kici", ".kici.lock*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLockThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	write(t, repo, ".kici/workflows/a.ts", good)
	write(t, repo, ".kici/kici.lock.json/x", "a directory in the way")
	if _, err := Compile(context.Background(), Options{Dir: repo}); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("error: %v", err)
	}
}

func TestCheckAndDrift(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	write(t, repo, ".kici/workflows/a.ts", good)
	lock := filepath.Join(repo, ".kici/kici.lock.json")

	r := run1(t, Options{Dir: repo, Check: true})
	want(t, r, StaleLockWarning, "no lock file yet")
	if _, err := os.Stat(lock); !os.IsNotExist(err) || r.Failed() {
		t.Errorf("--check wrote (%v) or failed (%v)", err, r.Failed())
	}
	if r = run1(t, Options{Dir: repo}); !r.Written || r.Unchanged {
		t.Error("the first compile did not write")
	}
	before, _ := os.ReadFile(lock)
	if r = run1(t, Options{Dir: repo}); r.Written || !r.Unchanged {
		t.Error("the second compile wrote the same again")
	}
	if r = run1(t, Options{Dir: repo, Check: true, Locked: true}); len(r.Diagnostics) > 0 {
		t.Errorf("a fresh lock: %s", render(r.Diagnostics))
	}

	write(t, repo, ".kici/workflows/a.ts", good+"// edited\n")
	write(t, repo, ".kici/workflows/b.ts", strings.Replace(good, "'ci'", "'new'", 1))
	r = run1(t, Options{Dir: repo, Check: true, Locked: true})
	want(t, r, StaleLock, `workflow "ci" has changed (.kici/workflows/a.ts) run`+" `kici compile`")
	want(t, r, StaleLock, `workflow "new" is new`)
	if !r.Failed() {
		t.Error("--locked did not fail")
	}
	if after, _ := os.ReadFile(lock); !bytes.Equal(before, after) {
		t.Error("--check changed the lock")
	}
	for text, part := range map[string]string{"{": "not usable", `{"schemaVersion":99,"workflows":[]}`: "schema version 99"} {
		write(t, repo, ".kici/kici.lock.json", text)
		want(t, run1(t, Options{Dir: repo, Check: true}), StaleLockWarning, part)
	}
}

func TestHelpersThatChangeTheLock(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	write(t, repo, ".kici/lib/name.ts", "export const name = 'one';")
	write(t, repo, ".kici/workflows/a.ts", strings.Replace(good, "'j'", "name", 1)+"import { name } from '../lib/name';")
	run1(t, Options{Dir: repo})
	write(t, repo, ".kici/lib/name.ts", "export const name = 'two';")
	want(t, run1(t, Options{Dir: repo, Check: true}), StaleLockWarning, "compiles to something else")
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	write(t, repo, ".kici/workflows/a.ts", "for (;;) {}")
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	if _, err := Compile(ctx, Options{Dir: repo}); !errors.Is(err, cause) {
		t.Errorf("error: %v", err)
	}
}

func TestGitRoots(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	write(t, repo, "module/.git", "gitdir: ../.git/modules/module\n")
	write(t, repo, "module/deep/x", "")
	write(t, repo, "fake/.git/readme", "not a repository")
	for dir, root := range map[string]string{"": "", "module": "module", "module/deep": "module", "fake": ""} {
		p, err := Locate(filepath.Join(repo, dir), "")
		if err != nil || p.Root != filepath.Join(repo, root) {
			t.Errorf("%s: root %s, %v", dir, p.Root, err)
		}
	}
	if _, err := Locate(filepath.Join(repo, "gone"), ""); err == nil {
		t.Error("a directory that is not there was accepted")
	}
}
