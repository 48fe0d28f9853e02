package compile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Fixture is one exported fixture of `.kici/tests`: an event with a name, and
// what goes with it.
type Fixture struct {
	ID      string             `json:"id"`
	Export  string             `json:"export"`
	File    string             `json:"-"`     // relative to the root
	Event   []lockfile.Trigger `json:"event"` // one, or two for a push with tags
	Branch  string             `json:"branch"`
	SHA     string             `json:"sha"`
	Repo    string             `json:"repo"` // owner/name
	PR      int                `json:"pr"`
	Secrets map[string]string  `json:"secrets"` // name of a context → local context that backs it
	// Workflow is run whether or not its triggers match.
	Workflow string `json:"workflowName"`
}

// FixtureSet is every fixture of a project, by file and export name.
type FixtureSet struct {
	Project     Project
	Fixtures    []Fixture
	Diagnostics []Diagnostic
}

// Err is nil, or a *Failure.
func (s *FixtureSet) Err() error { return (&Result{Diagnostics: s.Diagnostics}).Err() }

// IDs lists the names.
func (s *FixtureSet) IDs() []string {
	var out []string
	for _, f := range s.Fixtures {
		out = append(out, f.ID)
	}
	return out
}

// Select returns the fixture of that name or, when there is none, those whose
// name matches it as a glob, sorted by name.
func (s *FixtureSet) Select(name string) ([]Fixture, error) {
	if i := slices.IndexFunc(s.Fixtures, func(f Fixture) bool { return f.ID == name }); i >= 0 {
		return s.Fixtures[i : i+1], nil
	}
	glob, err := pattern.CompileGlob(name)
	if err != nil {
		return nil, err
	}
	var out []Fixture
	for _, f := range s.Fixtures {
		matched, err := glob.Match(f.ID)
		if err != nil {
			return nil, err
		}
		if matched {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Fixture) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// Fixtures loads the fixtures of a project: every `.ts` and `.mjs` file below
// `.kici/tests`, named exports only. Options that are a function are asked
// here, once. Mistakes of authors are Diagnostics; a project without tests has
// no fixtures, which is no mistake.
func Fixtures(ctx context.Context, o Options) (*FixtureSet, error) {
	c, err := Open(o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.once = true
	sources := newSources(c.project.Root)
	r := &run{Compiler: c, result: &Result{Project: c.project}, sources: sources, report: &report{sources: sources}}
	set := &FixtureSet{Project: c.project}
	files, err := c.project.testFiles()
	if err != nil {
		return nil, err
	}
	if files = r.readable(files); len(files) > 0 {
		programs, err := r.bundle(ctx, files)
		if err != nil {
			return nil, err
		}
		if err := r.fixtures(ctx, programs, set); err != nil {
			return nil, err
		}
	}
	set.Diagnostics = r.report.sorted()
	return set, nil
}

// testFiles lists the files that may hold fixtures, sorted, relative to the
// root.
func (p Project) testFiles() ([]string, error) {
	var files []string
	err := filepath.WalkDir(filepath.Join(p.KiciDir, "tests"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("compile: fixtures: %w", err)
		case d.IsDir() && d.Name() == "node_modules":
			return fs.SkipDir
		case d.Type().IsRegular() && isWorkflowName(path) && !strings.HasSuffix(path, ".d.ts"):
			files = append(files, p.Rel(path))
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

// described is a fixture as describe.ts reports it.
type described struct {
	Fixture
	At      *site  `json:"at"`
	Problem string `json:"problem"`
}

// fixtures loads the programs one after the other in one VM: there are few, and
// one may set up what another asks.
func (r *run) fixtures(ctx context.Context, programs []bundle.Program, set *FixtureSet) error {
	e, err := newEvaluator(ctx, r.o)
	if err != nil {
		return err
	}
	defer func() { _ = e.close() }() // what a test file leaves running is not the run's business
	ahead := parse(ctx, programs, nil)
	defer ahead.work.Wait()
	for i := range programs {
		p := &programs[i]
		got := ahead.take(ctx, i)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		out := loaded{err: got.err}
		if got.err == nil {
			out = e.read(ctx, got.program, "describeFixtures")
		}
		for _, err := range []error{out.reported, out.err} {
			if err != nil {
				r.report.loadProblem(p, err, r.o.LoadTimeout)
			}
		}
		if out.data == nil || out.reported != nil {
			continue
		}
		if err := r.addFixtures(set, p.Entry, out.data); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) addFixtures(set *FixtureSet, file string, data json.RawMessage) error {
	var list []described
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("compile: description of %s: %w", file, err)
	}
	for _, d := range list {
		d.File = file
		at := Diagnostic{Code: BadFixture, File: file}
		if d.At != nil {
			at.File, at.Line, at.Column = d.At.File, d.At.Line, d.At.Column
		}
		twin := slices.IndexFunc(set.Fixtures, func(f Fixture) bool { return f.ID == d.ID })
		switch {
		case d.Problem != "":
			at.Message = fmt.Sprintf("fixture %q: %s", d.ID, d.Problem)
			r.report.add(at)
		case twin >= 0:
			first := set.Fixtures[twin]
			at.Code = DuplicateFixture
			at.Message = fmt.Sprintf("two fixtures are named %q: %s in %s and %s in %s", d.ID, exported(first.Export), first.File, exported(d.Export), file)
			at.Hint = "a fixture is called by its name, so every name may be there once"
			r.report.add(at)
		default:
			set.Fixtures = append(set.Fixtures, d.Fixture)
		}
	}
	return nil
}

// exported is an export as its author wrote it.
func exported(export string) string { return strings.TrimPrefix(export, "#") }
