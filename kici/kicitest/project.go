package kicitest

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici/author"
)

// Project is a set of compiled workflows, ready to be sent events. It may be
// used by any number of tests at once; each takes its own view with
// [Project.With].
type Project struct {
	t    T
	core *core
	base *settings
}

// core is what all views of a project share.
type core struct {
	compiled *author.CompileResult
	matcher  *trigger.Matcher
	engine   *workflow.Engine
	source   bool // the files came from Source: they are the workspace too

	mu   sync.Mutex // guards jobs
	jobs map[string]*bench
}

// Load compiles the workflows of a .kici folder, given by its path or by the
// path of the folder that holds it. A workflow that does not compile ends the
// test with the compiler's diagnostics. Nothing is written: a lock file that
// is missing or stale stays as it is (see [Project.WantFreshLock]).
func Load(t T, dir string, options ...Option) *Project {
	t.Helper()
	if filepath.Base(dir) == compile.DefaultKiciDir {
		dir = filepath.Dir(dir)
	}
	return open(t, dir, false, options)
}

// Source compiles workflows given as texts, by file name. A bare name such as
// "ci.ts" is a workflow file; a path, such as "src/a.txt" or ".kici/lib/x.ts",
// is any file of the repository. All of them are in the folder that steps work
// in.
func Source(t T, files map[string]string, options ...Option) *Project {
	t.Helper()
	dir := t.TempDir()
	for _, name := range slices.Sorted(keys(files)) {
		place := name
		if !strings.Contains(name, "/") && isWorkflow(name) {
			place = ".kici/workflows/" + name
		}
		if !fs.ValidPath(place) {
			t.Fatalf("kicitest: %q is no path of a file in a repository", name)
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(place)), files[name]); err != nil {
			t.Fatalf("kicitest: %v", err)
		}
	}
	return open(t, dir, true, options)
}

func isWorkflow(name string) bool {
	return !strings.HasSuffix(name, ".d.ts") && slices.Contains([]string{".ts", ".mjs"}, path.Ext(name))
}

func open(t T, dir string, source bool, options []Option) *Project {
	t.Helper()
	result, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir, Check: true})
	if err != nil {
		t.Fatalf("kicitest: compile %s: %v", dir, err)
	}
	if err := result.Err(); err != nil {
		t.Fatalf("kicitest: the workflows do not compile:\n%s", diagnostics(result.Diagnostics))
	}
	c := &core{compiled: result, matcher: trigger.Compile(result.Lock), source: source, jobs: map[string]*bench{}}
	c.engine = workflow.New(workflow.Options{Processes: c.processes, Client: &http.Client{Transport: network{}}, Watch: watch})
	p := &Project{t: t, core: c, base: &settings{}}
	p.base.add(options)
	return p
}

// Diagnose compiles like [Source] and returns what the compiler has to say,
// for tests of code that writes workflows.
func Diagnose(t T, files map[string]string) []author.Diagnostic {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if !strings.Contains(name, "/") {
			name = ".kici/workflows/" + name
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), text); err != nil {
			t.Fatalf("kicitest: %v", err)
		}
	}
	result, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir, Check: true})
	if err != nil {
		t.Fatalf("kicitest: %v", err)
	}
	return slices.DeleteFunc(result.Diagnostics, func(d author.Diagnostic) bool {
		return d.Code == compile.StaleLockWarning // nobody expects a lock file here
	})
}

// With returns a view of the project that reports to another test and has
// further options. The compiled workflows are shared; scripts and settings
// added to the view do not reach the project it came from.
func (p *Project) With(t T, options ...Option) *Project {
	view := &Project{t: t, core: p.core, base: p.base.clone()}
	view.base.add(options)
	return view
}

// Command scripts a command for all events that follow; see [Command].
func (p *Project) Command(text string) *Script {
	s := Command(text)
	p.base.add([]Option{s})
	return s
}

// CommandPrefix scripts commands for all events that follow; see
// [CommandPrefix].
func (p *Project) CommandPrefix(prefix string) *Script {
	s := CommandPrefix(prefix)
	p.base.add([]Option{s})
	return s
}

// Fetch scripts a request for all events that follow; see [Fetch].
func (p *Project) Fetch(request string) *Reply {
	r := Fetch(request)
	p.base.add([]Option{r})
	return r
}

// Workflows lists the names of the compiled workflows.
func (p *Project) Workflows() []string {
	var out []string
	for i := range p.core.compiled.Lock.Workflows {
		out = append(out, p.core.compiled.Lock.Workflows[i].Name)
	}
	return out
}

// Lock is the lock file as `kici compile` would write it.
func (p *Project) Lock() []byte { return slices.Clone(p.core.compiled.Text) }

// WantFreshLock fails the test when the committed lock file is not what the
// workflows compile to.
func (p *Project) WantFreshLock() *Project {
	p.t.Helper()
	if p.core.compiled.Unchanged {
		return p
	}
	var why strings.Builder
	for _, d := range p.core.compiled.Drift {
		fmt.Fprintf(&why, "\n  %s %s", d.Workflow, d.Reason)
	}
	p.t.Errorf("kicitest: the lock file is stale, run `kici compile`:%s", why.String())
	return p
}

func diagnostics(list []author.Diagnostic) string {
	var b strings.Builder
	for _, d := range list {
		if d.Severity != author.SeverityError {
			continue
		}
		b.WriteString("  " + d.String() + "\n")
		if d.Frame != "" {
			b.WriteString(indent(d.Frame, "    "))
		}
		if d.Hint != "" {
			b.WriteString("    " + d.Hint + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func writeFile(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// copyTree copies a work tree, without what git and package managers keep there.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, info.Mode().Perm())
	})
}

func mkdirs(names ...string) error {
	for _, name := range names {
		if err := os.MkdirAll(name, 0o755); err != nil {
			return err
		}
	}
	return nil
}
