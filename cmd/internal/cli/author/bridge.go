package author

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
)

// authorLibrary is the real library.
func authorLibrary() library {
	return library{
		compile: compileOnce, watch: compileAgain, runLocal: runForReal,
		devOnce: devOnceForReal, dev: devForReal, devTrigger: devTriggerForReal,
	}
}

func compileOnce(ctx context.Context, s *cli.State, o compileFlags) (compiled, error) {
	res, err := author.Compile(ctx, compileOptions(s, o))
	if err != nil {
		return compiled{}, err
	}
	return toCompiled(s, res), nil
}

func compileAgain(ctx context.Context, s *cli.State, o compileFlags, show func(compiled, error)) error {
	return author.Watch(ctx, compileOptions(s, o), func(res *author.CompileResult, err error) {
		if err != nil {
			show(compiled{}, err)
			return
		}
		show(toCompiled(s, res), nil)
	})
}

func compileOptions(s *cli.State, o compileFlags) author.CompileOptions {
	return author.CompileOptions{
		Dir: s.Dir, KiciDir: o.KiciDir, Check: o.Check, Locked: o.Locked,
		Environ: s.Environ(), Stdout: s.Stdout, Stderr: s.Stderr,
	}
}

func toCompiled(s *cli.State, res *author.CompileResult) compiled {
	c := compiled{Failed: res.Failed(), Wrote: res.Written, Findings: findings(s, res.Project.Root, res.Diagnostics)}
	if res.Lock != nil {
		c.Workflows = len(res.Lock.Workflows)
	}
	for _, f := range res.Files {
		c.Details = append(c.Details, fmt.Sprintf("%s: %s, loaded in %s", f.Path, plural(len(f.Workflows), "workflow"), f.Load.Round(time.Microsecond)))
	}
	var total time.Duration
	for _, p := range res.Phases {
		total += p.Took
		c.Details = append(c.Details, fmt.Sprintf("%s took %s", p.Name, p.Took.Round(time.Microsecond)))
	}
	for _, d := range res.Drift {
		c.Details = append(c.Details, "lock file: "+join(" ", d.Workflow, d.Reason))
	}
	c.Details = append(c.Details, "compiled in "+total.Round(10*time.Microsecond).String())
	return c
}

// findings turns the compiler's diagnostics into what is shown. The compiler
// names files from the git root, a terminal opens them from where it stands.
func findings(s *cli.State, root string, all []author.Diagnostic) []finding {
	shown := func(file string) string {
		if file == "" || root == "" || root == s.Dir {
			return file
		}
		return s.Shown(filepath.Join(root, filepath.FromSlash(file)))
	}
	out := make([]finding, 0, len(all))
	for _, d := range all {
		f := finding{
			// What concerns a file as a whole stands at its first line: tools parse
			// file:line:column.
			Place:   place{File: shown(d.File), Line: max(d.Line, 1), Column: max(d.Column, 1)},
			Warning: d.Severity == author.SeverityWarning, Code: string(d.Code),
			Message: d.Message, Suggestion: d.Hint, Frame: d.Frame,
		}
		for _, n := range d.Notes {
			at := place{File: shown(n.File), Line: n.Line, Column: n.Column}
			f.Notes = append(f.Notes, join(" ", at.String(), n.Text))
		}
		out = append(out, f)
	}
	return out
}
