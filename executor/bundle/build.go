package bundle

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"slices"

	"github.com/evanw/esbuild/pkg/api"
)

// Build bundles every entry of o with one call of esbuild. Mistakes in the
// sources are diagnostics of the result; the error is for the caller's own
// mistakes (a relative Root, no entries) and for the end of ctx.
func Build(ctx context.Context, o Options) (*Result, error) {
	inc, err := Open(o)
	if err != nil {
		return nil, err
	}
	defer inc.Close()
	return inc.Rebuild(ctx)
}

// outcome gathers programs and diagnostics over the calls of one rebuild.
type outcome struct {
	programs map[string]Program // by entry
	diags    []Diagnostic
	seen     map[string]bool // what diags holds already
}

// run is one esbuild call that ends early with ctx.
func run(ctx context.Context, b api.BuildContext) (api.BuildResult, error) {
	if err := ctx.Err(); err != nil {
		return api.BuildResult{}, context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, b.Cancel)
	res := b.Rebuild()
	if !stop() {
		return res, context.Cause(ctx)
	}
	return res, nil
}

// once bundles a subset of the entries without keeping anything.
func (s *session) once(ctx context.Context, entries []string, p api.Platform) (api.BuildResult, error) {
	bctx, cerr := api.Context(s.esbuild(entries, p))
	if cerr != nil {
		return api.BuildResult{}, fmt.Errorf("bundle: esbuild refuses its options: %w", cerr)
	}
	defer bctx.Dispose()
	return run(ctx, bctx)
}

// salvage finds the healthy entries of a failed call. esbuild gives no output
// at all when one file is broken, so the entries that are named in the errors
// are taken out; when a shared helper is at fault instead, the rest is halved
// until the culprits stand alone.
func (s *session) salvage(ctx context.Context, out *outcome, entries []string, failed api.BuildResult) error {
	s.report(out, failed.Errors, Error)
	s.report(out, failed.Warnings, Warning)
	broken := map[string]bool{}
	for _, m := range failed.Errors {
		if m.Location != nil {
			broken[filepath.ToSlash(m.Location.File)] = true
		}
	}
	rest := slices.DeleteFunc(slices.Clone(entries), func(e string) bool { return broken[e] })
	if len(rest) == 0 || len(entries) == 1 {
		return nil
	}
	groups := [][]string{rest}
	if len(rest) == len(entries) {
		groups = [][]string{rest[:len(rest)/2], rest[len(rest)/2:]}
	}
	for _, g := range groups {
		res, err := s.once(ctx, g, api.PlatformNode)
		if err != nil {
			return err
		}
		if len(res.Errors) > 0 {
			err = s.salvage(ctx, out, g, res)
		} else {
			err = s.accept(out, g, res)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// result orders what was gathered: programs as the caller asked, diagnostics
// by file and position.
func (s *session) result(out *outcome) *Result {
	r := &Result{Diagnostics: out.diags}
	for _, e := range s.entries {
		if p, ok := out.programs[e]; ok {
			r.Programs = append(r.Programs, p)
		} else {
			r.Failed = append(r.Failed, e)
		}
	}
	slices.SortStableFunc(r.Diagnostics, compareDiagnostics)
	return r
}

// newSession checks the options and gives entries their names.
func newSession(o Options) (*session, error) {
	if !filepath.IsAbs(o.Root) {
		return nil, fmt.Errorf("bundle: root %q is not an absolute path", o.Root)
	}
	if len(o.Entries) == 0 {
		return nil, errors.New("bundle: no entries")
	}
	s := &session{opts: o, root: filepath.Clean(o.Root), runRoot: o.RunRoot, seed: maphash.MakeSeed()}
	if s.runRoot == "" {
		s.runRoot = s.root
	}
	for _, e := range o.Entries {
		if !filepath.IsAbs(e) {
			e = filepath.Join(s.root, e)
		}
		rel := s.rel(e)
		if !slices.Contains(s.entries, rel) {
			s.entries = append(s.entries, rel)
		}
	}
	return s, nil
}
