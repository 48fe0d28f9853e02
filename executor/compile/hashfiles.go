package compile

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// assets resolves hashFiles: the files of each pattern, found on its own, are
// joined, sorted and digested. A pattern is relative to the root; wildcards do
// not match dot files, links are not followed, and "!x" on its own selects
// nothing, as published.
type assets struct {
	Paths  []string
	Digest string
	Empty  []string // patterns that matched nothing
}

func resolveAssets(root string, patterns []string) (assets, error) {
	var found assets
	for _, p := range patterns {
		paths, err := globFiles(root, p)
		if err != nil {
			return assets{}, fmt.Errorf("%q: %w", p, err)
		}
		if len(paths) == 0 {
			found.Empty = append(found.Empty, p)
		}
		found.Paths = append(found.Paths, paths...)
	}
	lockfile.SortPaths(found.Paths)
	found.Paths = slices.Compact(found.Paths)
	list := make([]lockfile.Asset, len(found.Paths))
	for i, p := range found.Paths {
		// A file that cannot be read counts by its name alone.
		content, _ := os.ReadFile(filepath.Join(root, filepath.FromSlash(p)))
		list[i] = lockfile.Asset{Path: p, Content: content}
	}
	found.Digest = lockfile.AssetDigest(list)
	return found, nil
}

// globFiles lists the regular files below root that one pattern selects.
func globFiles(root, text string) ([]string, error) {
	for strings.HasPrefix(text, "./") {
		text = text[2:]
	}
	if text == "" {
		return nil, fmt.Errorf("the pattern is empty")
	}
	if strings.HasPrefix(text, "!") {
		return nil, nil
	}
	if path.IsAbs(text) || filepath.IsAbs(text) || slices.Contains(strings.Split(text, "/"), "..") {
		return nil, fmt.Errorf("the pattern leaves the repository")
	}
	base, literal := staticPrefix(text)
	if literal {
		if info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(text))); err == nil && info.Mode().IsRegular() {
			return []string{path.Clean(text)}, nil
		}
		return nil, nil
	}
	glob, err := pattern.CompileGlob(text)
	if err != nil {
		return nil, err
	}
	w := globWalk{root: root, glob: glob, depth: depthOf(text), dots: strings.HasPrefix(text, ".") || strings.Contains(text, "/.") || strings.ContainsAny(text, "{(")}
	err = filepath.WalkDir(filepath.Join(root, filepath.FromSlash(base)), w.visit)
	return w.found, err
}

type globWalk struct {
	root  string
	glob  *pattern.Glob
	depth int  // most slashes a match can have, -1 without a bound
	dots  bool // the pattern may lead into a dot directory
	found []string
}

func (w *globWalk) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil { // what cannot be listed holds nothing that could be hashed
		return nil
	}
	rel, err := filepath.Rel(w.root, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	if entry.IsDir() {
		return w.enter(rel, entry.Name())
	}
	if !entry.Type().IsRegular() {
		return nil
	}
	ok, err := w.glob.Match(rel)
	if err != nil {
		return err
	}
	if ok {
		w.found = append(w.found, rel)
	}
	return nil
}

// enter decides whether a directory can hold matches: a repository with all its
// packages installed is large, and a compile has milliseconds.
func (w *globWalk) enter(rel, name string) error {
	switch {
	case rel == ".":
		return nil
	case name == ".git", !w.dots && strings.HasPrefix(name, "."):
		return fs.SkipDir
	case w.depth >= 0 && strings.Count(rel, "/") >= w.depth:
		return fs.SkipDir
	}
	return nil
}

// staticPrefix is the directory that every match lies in; literal means that
// the pattern has no wildcard at all.
func staticPrefix(text string) (base string, literal bool) {
	const special = `*?[]{}()!+@|\`
	if !strings.ContainsAny(text, special) {
		return "", true
	}
	segments := strings.Split(text, "/")
	n := slices.IndexFunc(segments, func(s string) bool { return strings.ContainsAny(s, special) })
	return path.Join(segments[:n]...), false
}

// depthOf bounds how deep matches lie; groups may hide slashes.
func depthOf(text string) int {
	if strings.Contains(text, "**") || strings.ContainsAny(text, "{(") {
		return -1
	}
	return strings.Count(text, "/")
}
