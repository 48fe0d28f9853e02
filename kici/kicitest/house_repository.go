package kicitest

import (
	"context"
	"crypto/sha1" //nolint:gosec // a name that looks like git's, and no secret
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/lockfile"
)

const (
	repositoryKind = "kicitest" // of the source
	repositoryName = "repository"
	defaultBranch  = "main"
	lockPath       = ".kici/" + lockfile.Path
)

// repository is the code of a house: commits in memory, without git. It is the
// provider that the orchestrator asks, and what agents make work trees of.
type repository struct {
	name string // owner/name
	temp func() string

	mu       sync.Mutex // guards what follows
	commits  map[string]*commit
	branches map[string]string            // the tips
	compiled map[string]map[string]string // what lock file some files have
}

// commit is a state of all files.
type commit struct {
	sha     string
	files   map[string]string
	changed []string // against the commit before
}

var (
	_ provider.Provider     = (*repository)(nil)
	_ provider.Resolver     = (*repository)(nil)
	_ provider.ChangedFiler = (*repository)(nil)
	_ provider.Cloner       = (*repository)(nil)
)

// commit puts files on a branch, and the lock file that belongs to them unless
// they bring their own. Without a change there is no new commit.
func (r *repository) commit(branch string, files map[string]string) (*commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	parent := r.commits[r.branches[branch]]
	if parent == nil { // a new branch begins where the default one is
		parent = r.commits[r.branches[defaultBranch]]
	}
	if parent == nil {
		parent = &commit{files: map[string]string{}}
	}
	all := maps.Clone(parent.files)
	for name, text := range files {
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("%q is no path of a file in a repository", name)
		}
		all[name] = text
	}
	if _, own := files[lockPath]; !own && !maps.Equal(all, parent.files) {
		if err := r.lock(all); err != nil {
			return nil, err
		}
	}
	c := parent
	if parent.sha == "" || !maps.Equal(all, parent.files) {
		c = &commit{sha: nameOf(parent.sha, all), files: all}
		for name, text := range all {
			if before, ok := parent.files[name]; !ok || before != text {
				c.changed = append(c.changed, name)
			}
		}
		slices.Sort(c.changed)
	}
	r.commits[c.sha], r.branches[branch] = c, c.sha
	return c, nil
}

// nameOf is a commit's.
func nameOf(parent string, files map[string]string) string {
	h := sha1.New() //nolint:gosec // see above
	h.Write([]byte(parent))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "\n%q %q", name, files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lock writes the lock file of the workflows among the files.
func (r *repository) lock(files map[string]string) error {
	delete(files, lockPath)
	if !slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(n string) bool { return strings.HasPrefix(n, ".kici/workflows/") }) {
		return nil // a repository without workflows has no lock file
	}
	key := nameOf("", files)
	if known := r.compiled[key]; known != nil {
		maps.Copy(files, known)
		return nil
	}
	dir := r.temp()
	for name, text := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), text); err != nil {
			return err
		}
	}
	result, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir, Check: true})
	if err != nil {
		return err
	}
	if result.Err() != nil {
		return fmt.Errorf("the workflows do not compile:\n%s", diagnostics(result.Diagnostics))
	}
	r.compiled[key] = map[string]string{lockPath: string(result.Text)}
	files[lockPath] = string(result.Text)
	return nil
}

// labels are all that static jobs ask for.
func (r *repository) labels() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]bool{"default": true}
	for _, c := range r.commits {
		f, err := lockfile.Parse([]byte(c.files[lockPath]))
		if err != nil {
			continue
		}
		for i := range f.Workflows {
			for k := range f.Workflows[i].Jobs {
				if j := f.Workflows[i].Jobs[k].Static; j != nil {
					for _, l := range j.RunsOn {
						seen[string(l)] = true
					}
				}
			}
		}
	}
	maps.DeleteFunc(seen, func(l string, _ bool) bool { return strings.HasPrefix(l, "kici:") || strings.HasPrefix(l, "!") })
	return slices.Sorted(maps.Keys(seen))
}

func (r *repository) find(sha string) (*commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.commits[sha]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("%w: %s", provider.ErrNoCommit, sha)
}

// tip is the newest commit of a branch, or of the default one.
func (r *repository) tip(branch string) (name string, c *commit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.commits[r.branches[branch]]; c != nil {
		return branch, c
	}
	return defaultBranch, r.commits[r.branches[defaultBranch]]
}

// Verify lets nothing in: what a house hears comes from its test.
func (r *repository) Verify(context.Context, *provider.Inbound) error { return provider.ErrForbidden }

// Normalize implements provider.Provider.
func (r *repository) Normalize(context.Context, *provider.Inbound) ([]provider.Event, error) {
	return nil, nil
}

// Lockfile implements provider.Provider.
func (r *repository) Lockfile(_ context.Context, _ *engine.Source, ref engine.Ref) ([]byte, error) {
	c, err := r.find(ref.SHA)
	if err != nil {
		return nil, err
	}
	text, ok := c.files[lockPath]
	if !ok {
		return nil, provider.ErrNoLockfile
	}
	return []byte(text), nil
}

// Resolve implements provider.Resolver.
func (r *repository) Resolve(_ context.Context, _ *engine.Source, ref engine.Ref) (engine.Ref, error) {
	branch, c := r.tip(strings.TrimPrefix(ref.Name, "refs/heads/"))
	ref.Name, ref.SHA = "refs/heads/"+branch, c.sha
	return ref, nil
}

// ChangedFiles implements provider.ChangedFiler.
func (r *repository) ChangedFiles(_ context.Context, _ *engine.Source, ev *provider.Event) ([]string, error) {
	c, err := r.find(ev.Ref.SHA)
	if err != nil {
		return nil, err
	}
	return c.changed, nil
}

// Clone implements provider.Cloner.
func (r *repository) Clone(context.Context, *engine.Source, engine.Ref) (provider.Clone, error) {
	return provider.Clone{URL: "kicitest://" + r.name}, nil
}

// Create makes a work tree. It implements the agent's Trees.
func (r *repository) Create(_ context.Context, src clone.Source, dir string) (*clone.Tree, error) {
	c, err := r.find(src.SHA)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for name, text := range c.files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), text); err != nil {
			return nil, err
		}
	}
	return &clone.Tree{Dir: dir, SHA: c.sha}, nil
}

// Collect implements the agent's Trees: nothing is kept.
func (r *repository) Collect(time.Time, time.Duration) {}

// readTree reads a folder, without what git and package managers keep there.
func readTree(dir string) (map[string]string, error) {
	out := map[string]string{}
	root := os.DirFS(dir)
	return out, fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		data, err := fs.ReadFile(root, name)
		out[name] = string(data)
		return err
	})
}

// places gives bare names of workflow files their folder.
func places(files map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(files))
	var errs []error
	for name, text := range files {
		place := name
		if !strings.Contains(name, "/") && isWorkflow(name) {
			place = path.Join(".kici/workflows", name)
		}
		if !fs.ValidPath(place) {
			errs = append(errs, fmt.Errorf("%q is no path of a file in a repository", name))
		}
		out[place] = text
	}
	return out, errors.Join(errs...)
}
