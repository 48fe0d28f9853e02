package deps

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor/cache"
)

// Options say what to install and where.
type Options struct {
	Root      string   // of the repository
	KiciDir   string   // absolute
	CacheDir  string   // the user's, for kici; empty: nothing is cached
	Environ   []string // of the package manager
	UserAgent string   // npm_config_user_agent

	Registries []Registry
	Secrets    map[string]string // installEnv: variables for a committed .npmrc
	// Private, when set, gives both; it is asked only when something is about
	// to be installed, so that nobody needs a secret for nothing.
	Private func() ([]Registry, map[string]string, error)

	// Progress hears one line when an install begins and one when it ended.
	Progress func(line string)
	Limit    time.Duration // of the install; default 10 minutes
}

// Outcome says what Ensure did.
type Outcome string

// The outcomes.
const (
	Nothing   Outcome = "nothing" // no dependencies, or they are there
	Restored  Outcome = "restored"
	Installed Outcome = "installed"
)

const defaultLimit = 10 * time.Minute

// stampFile holds what is installed; it lies where a package manager that
// starts over removes it.
const stampFile = ".kici-deps"

// Ensure installs the dependencies of the workflows unless they are there.
func Ensure(ctx context.Context, o Options) (Outcome, error) {
	m, ok := readManifest(o.KiciDir)
	if !ok {
		return Nothing, nil
	}
	p := Detect(o.Root, o.KiciDir, o.UserAgent)
	if err := Check(o.Root, o.KiciDir, p.Manager); err != nil {
		return Nothing, err
	}
	key := stamp(m, p)
	if len(m.wanted()) == 0 || current(o, m, p, key) {
		return Nothing, nil
	}
	unlock, err := o.lock(ctx)
	if err != nil {
		return Nothing, err
	}
	defer unlock()
	if current(o, m, p, key) { // another process did it while we waited
		return Nothing, nil
	}
	return o.install(ctx, p, key)
}

// stamp identifies a dependency tree: its lock file, or without one what is
// asked for; and the machine, because native packages differ.
func stamp(m manifest, p Project) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s/%s\n%s\n%s\n", runtime.GOOS, runtime.GOARCH, p.Manager, p.Hash)
	for _, group := range []map[string]string{m.Dependencies, m.OptionalDependencies} {
		for _, name := range slices.Sorted(maps.Keys(group)) {
			fmt.Fprintf(sum, "%s %s\n", name, group[name])
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// current reports whether what is installed is what is asked for. An install
// of the author's own has no stamp; it counts while it is younger than the lock
// file and every declared package is there.
func current(o Options, m manifest, p Project, key string) bool {
	modules := filepath.Join(o.KiciDir, "node_modules")
	if text, err := os.ReadFile(filepath.Join(modules, stampFile)); err == nil {
		return string(text) == key && present(o, m)
	}
	if !present(o, m) {
		return false
	}
	if p.Lock == "" {
		return true
	}
	lock, err := os.Stat(p.Lock)
	if err != nil {
		return false
	}
	for _, name := range []string{".package-lock.json", ".modules.yaml", ".yarn-integrity", ".yarn-state.yml", ""} {
		for _, dir := range []string{modules, filepath.Join(o.Root, "node_modules")} {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return !info.ModTime().Before(lock.ModTime())
			}
		}
	}
	return true
}

// present looks for every declared package where Node would.
func present(o Options, m manifest) bool {
	for _, name := range m.wanted() {
		found := false
		for at := o.KiciDir; ; at = filepath.Dir(at) {
			if _, err := os.Stat(filepath.Join(at, "node_modules", filepath.FromSlash(name), "package.json")); err == nil {
				found = true
				break
			}
			if at == o.Root || at == filepath.Dir(at) {
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// install restores or runs the package manager, then leaves the stamp.
func (o Options) install(ctx context.Context, p Project, key string) (Outcome, error) {
	began := time.Now()
	store, spec, places := o.store(p, key)
	if store != nil {
		got, err := cache.Restore(ctx, store, spec, places)
		if err == nil && got.Hit {
			o.say("dependencies of %s restored from the cache (%d files, %s)", o.name(), got.Files, since(began))
			return Restored, o.mark(key)
		}
		if ctx.Err() != nil {
			return Nothing, context.Cause(ctx)
		}
		// A damaged entry is as good as none: the install below replaces it.
	}
	if o.Private != nil {
		var err error
		if o.Registries, o.Secrets, err = o.Private(); err != nil {
			return Nothing, err
		}
	}
	argv := p.command(len(o.Registries)+len(o.Secrets) > 0)
	o.say("installing the dependencies of %s with %s …", o.name(), strings.Join(argv[:2], " "))
	if err := o.run(ctx, p, argv); err != nil {
		return Nothing, err
	}
	if err := o.build(ctx, p); err != nil {
		return Nothing, err
	}
	// A first install writes the lock file that the next call compares with.
	m, _ := readManifest(o.KiciDir)
	if err := o.mark(stamp(m, Detect(o.Root, o.KiciDir, o.UserAgent))); err != nil {
		return Nothing, err
	}
	if store != nil {
		if _, err := cache.Save(ctx, store, spec, places); err != nil && !errors.Is(err, cache.ErrNothingToSave) {
			o.say("the dependencies could not be cached: %v", err)
		}
	}
	o.say("dependencies installed (%s)", since(began))
	return Installed, nil
}

func since(t time.Time) string { return time.Since(t).Round(10 * time.Millisecond).String() }

func (o Options) say(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

func (o Options) name() string {
	if rel, err := filepath.Rel(o.Root, o.KiciDir); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return o.KiciDir
}

func (o Options) mark(key string) error {
	modules := filepath.Join(o.KiciDir, "node_modules")
	if err := os.MkdirAll(modules, 0o755); err != nil {
		return fmt.Errorf("deps: %w", err)
	}
	if err := os.WriteFile(filepath.Join(modules, stampFile), []byte(key), 0o644); err != nil {
		return fmt.Errorf("deps: %w", err)
	}
	return nil
}

// store is the cache of whole trees. Only a tree of its own that a lock file
// describes can be kept: a workspace's leads all over the repository.
func (o Options) store(p Project, key string) (cache.Store, cache.Spec, cache.Places) {
	if o.CacheDir == "" || p.Hash == "" || p.Workspace {
		return nil, cache.Spec{}, cache.Places{}
	}
	spec := cache.Spec{Key: fmt.Sprintf("deps/%s-%s/%s", runtime.GOOS, runtime.GOARCH, key), Paths: []string{"node_modules"}}
	return &cache.Dir{Path: filepath.Join(o.CacheDir, "deps")}, spec, cache.Places{Workspace: o.KiciDir, Home: o.CacheDir}
}

// nonce makes the names of token variables unguessable.
func nonce() string { return strings.ToLower(rand.Text()[:8]) }
