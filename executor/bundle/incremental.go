package bundle

import (
	"context"
	"fmt"
	"slices"

	"github.com/evanw/esbuild/pkg/api"
)

// Incremental is a build that can be repeated. It keeps what esbuild parsed,
// and it keeps finished programs: a rebuild touches only the entries that an
// edited file leads to, because linking a hundred entries anew costs more than
// reading their files. It is for one goroutine.
type Incremental struct {
	s     *session
	whole *kept // all entries
	focus *kept // the entries of the last partial rebuild: an author edits one file many times
	last  *Result
	seen  snapshot // the files behind last
}

// kept is an esbuild context and the entries it was made for.
type kept struct {
	entries []string
	ctx     api.BuildContext
}

// Open prepares a repeatable build; nothing is read before Rebuild. The set of
// entries is fixed: when a file appears or goes, close it and open another.
func Open(o Options) (*Incremental, error) {
	s, err := newSession(o)
	if err != nil {
		return nil, err
	}
	return &Incremental{s: s}, nil
}

// Close releases what is kept between rebuilds.
func (inc *Incremental) Close() {
	for _, k := range []*kept{inc.whole, inc.focus} {
		if k != nil {
			k.ctx.Dispose()
		}
	}
	inc.whole, inc.focus, inc.last = nil, nil, nil
}

// Rebuild bundles all entries as they are on disk now.
func (inc *Incremental) Rebuild(ctx context.Context) (*Result, error) {
	inc.s.begin()
	now, stale := inc.stale()
	out := &outcome{programs: map[string]Program{}, seen: map[string]bool{}}
	if inc.last != nil {
		for _, p := range inc.last.Programs {
			if !slices.Contains(stale, p.Entry) {
				out.programs[p.Entry] = p
			}
		}
	}
	if len(stale) > 0 {
		if err := inc.build(ctx, out, stale); err != nil {
			inc.last = nil
			return nil, err
		}
	}
	res := inc.s.result(out)
	inc.remember(res, now, stale)
	return res, nil
}

// stale names the entries to be built, and hands back what it read of the
// files for that. Whenever there was anything to complain about, that is all
// of them: diagnostics cannot be told apart by entry.
func (inc *Incremental) stale() (snapshot, []string) {
	if inc.last == nil {
		return nil, inc.s.entries
	}
	now := inc.s.snapshot(inc.last)
	if !slices.Equal(now.listings(), inc.seen.listings()) {
		return now, inc.s.entries // a file came or went: imports may resolve differently
	}
	var stale []string
	for _, p := range inc.last.Programs {
		if slices.ContainsFunc(p.Inputs, func(f string) bool { return now[f] != inc.seen[f] }) {
			stale = append(stale, p.Entry)
		}
	}
	return now, stale
}

// remember keeps a flawless result for the next time. What was read before the
// build, or by it, goes before what is on disk now, so that an edit during the
// build is seen as new by the next one.
func (inc *Incremental) remember(res *Result, before snapshot, built []string) {
	inc.last = nil
	if len(res.Diagnostics) > 0 || len(res.Failed) > 0 {
		return
	}
	inc.last = res
	if before == nil {
		before = snapshot{}
	}
	inc.seen = before
	for _, p := range res.Programs {
		if slices.Contains(built, p.Entry) {
			inc.s.add(inc.seen, p)
		}
	}
	inc.s.mu.Lock()
	defer inc.s.mu.Unlock()
	for file, print := range inc.s.loaded {
		if _, ok := inc.seen[file]; ok {
			inc.seen[file] = print
		}
	}
}

// build runs esbuild for some entries and judges what comes out.
func (inc *Incremental) build(ctx context.Context, out *outcome, entries []string) error {
	slot := &inc.whole
	if len(entries) < len(inc.s.entries) {
		slot = &inc.focus
	}
	if k := *slot; k == nil || !slices.Equal(k.entries, entries) {
		bctx, cerr := api.Context(inc.s.esbuild(entries, api.PlatformNode))
		if cerr != nil {
			return fmt.Errorf("bundle: esbuild refuses its options: %w", cerr)
		}
		if k != nil {
			k.ctx.Dispose()
		}
		*slot = &kept{entries: slices.Clone(entries), ctx: bctx}
	}
	res, err := run(ctx, (*slot).ctx)
	if err != nil {
		return err
	}
	if len(res.Errors) == 0 {
		err = inc.s.accept(out, entries, res)
	} else {
		err = inc.s.salvage(ctx, out, entries, res)
	}
	if err != nil {
		return err
	}
	return inc.s.retryForBrowser(ctx, out, entries)
}
