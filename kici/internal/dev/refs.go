package dev

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// refs are the branches and tags of a repository and their commits.
type refs map[string]string

// refs asks git.
func (r *repository) refs(ctx context.Context) (refs, error) {
	out, err := r.git(ctx, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "refs/heads", "refs/tags")
	if err != nil {
		return nil, err
	}
	all := refs{}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		switch len(words) {
		case 2:
			all[words[0]] = words[1]
		case 3: // an annotated tag, and what it is of
			all[words[0]] = words[2]
		}
	}
	return all, nil
}

// change is what became of one ref; before or after are empty when it was not
// there.
type change struct {
	Ref    string `json:"ref"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// since lists what is to be told. A branch that begins where something was known
// already is no news: no commit landed.
func (now refs) since(before refs) []change {
	known := map[string]bool{}
	for _, sha := range before {
		known[sha] = true
	}
	var out []change
	for _, name := range slices.Sorted(maps.Keys(now)) {
		is, was := now[name], before[name]
		switch {
		case is == was, was == "" && !strings.HasPrefix(name, tagPrefix) && known[is]:
			continue
		}
		out = append(out, change{name, was, is})
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if now[name] == "" {
			out = append(out, change{name, before[name], ""})
		}
	}
	return out
}

const (
	branchPrefix = "refs/heads/"
	tagPrefix    = "refs/tags/"
)

// racy is how long a file has to be unchanged until its time can be trusted:
// clocks of file systems tick slowly.
const racy = 100 * time.Millisecond

// stamp says when refs may have changed, without starting git: git renames what
// it writes, so that the folders show it. Settled is false when something was
// changed just now, and may be changed again under the same time.
func (r *repository) stamp(now time.Time) (stamp string, settled bool) {
	var b strings.Builder
	latest := time.Time{}
	note := func(path string, info fs.FileInfo) {
		fmt.Fprintf(&b, "%s %d %d\n", path, info.ModTime().UnixNano(), info.Size())
		if info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	for _, name := range []string{"packed-refs", filepath.Join("reftable", "tables.list")} {
		if info, err := os.Stat(filepath.Join(r.common, name)); err == nil {
			note(name, info)
		}
	}
	for _, name := range []string{"heads", "tags"} {
		_ = filepath.WalkDir(filepath.Join(r.common, "refs", name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() { // what is gone a moment later changes its folder
				return nil
			}
			if info, err := d.Info(); err == nil {
				note(path, info)
			}
			return nil
		})
	}
	return b.String(), now.Sub(latest) > racy
}

// pollInterval is how often a watch looks.
const pollInterval = 250 * time.Millisecond

// watch calls changed with the refs and what happened to them until ctx ends. It
// installs nothing in the repository, and starts git only when something moved.
func (r *repository) watch(ctx context.Context, known refs, changed func(refs, []change)) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	last, settled := "", false
	for {
		if stamp, still := r.stamp(time.Now()); stamp != last || !settled {
			last, settled = stamp, still
			now, err := r.refs(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if news := now.since(known); len(news) > 0 {
				changed(now, news)
			}
			known = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
