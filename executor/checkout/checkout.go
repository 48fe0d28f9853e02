package checkout

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Options say what to copy and where to.
type Options struct {
	Dir     string   // the project: the directory that holds .kici
	Base    string   // where the copy is made; "" is the system's temporary folder
	Environ []string // for git
	// IgnoreFile is a .kiciignore: the files whose local changes stay out.
	// It need not exist.
	IgnoreFile string
}

// Checkout is an isolated copy.
type Checkout struct {
	Root string // of the copied work tree
	Dir  string // the project in it
	Repo *Repository
}

// Create makes a copy. On error nothing is left.
func Create(ctx context.Context, o Options) (*Checkout, error) {
	var (
		repo   *Repository
		files  []string
		held   []string
		config []byte
	)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		repo, err = Inspect(gctx, o.Dir, o.Environ)
		return err
	})
	var filesErr, configErr error // Inspect words the common mistakes better
	g.Go(func() error {
		var out []byte
		out, filesErr = git(ctx, o.Dir, o.Environ, nil, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--full-name", "--deduplicate", "--", ":/")
		files = split(out)
		return nil
	})
	if _, err := os.Stat(o.IgnoreFile); o.IgnoreFile != "" && err == nil {
		// git itself reads the patterns: nobody else's reading of gitignore's
		// language is exact.
		g.Go(func() error {
			out, err := git(gctx, o.Dir, o.Environ, nil, "ls-files", "-z", "--cached", "--others", "--ignored", "--exclude-from="+o.IgnoreFile, "--full-name", "--deduplicate", "--", ":/")
			held = split(out)
			return err
		})
	}
	g.Go(func() error {
		config, configErr = git(ctx, o.Dir, o.Environ, nil, "config", "-z", "--local", "--list")
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := errors.Join(filesErr, configErr); err != nil {
		return nil, err
	}
	for entry := range strings.SplitSeq(string(config), "\x00") {
		if url, ok := strings.CutPrefix(entry, "remote.origin.url\n"); ok {
			repo.Origin = url
		}
	}
	root, err := makeRoot(o.Base)
	if err != nil {
		return nil, err
	}
	c := &Checkout{Root: root, Dir: filepath.Join(root, filepath.FromSlash(repo.Prefix)), Repo: repo}
	if err := c.fill(ctx, o, files, held, config); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// namePattern is kici-run- and six hexadecimal digits; GC believes it.
const namePrefix = "kici-run-"

func makeRoot(base string) (string, error) {
	if base == "" {
		base = os.TempDir()
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", fmt.Errorf("checkout: %w", err)
	}
	// On macOS the temporary folder is behind a link; tools compare paths.
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	for range 100 {
		var b [3]byte
		if _, err := rand.Read(b[:]); err != nil {
			return "", err
		}
		root := filepath.Join(base, namePrefix+hex.EncodeToString(b[:]))
		err := os.Mkdir(root, 0o700)
		if err == nil {
			return root, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("checkout: %w", err)
		}
	}
	return "", fmt.Errorf("checkout: no free name left in %s", base)
}

func (c *Checkout) fill(ctx context.Context, o Options, files, held []string, config []byte) error {
	kept := files
	if len(held) > 0 {
		out := make(map[string]bool, len(held))
		for _, f := range held {
			out[f] = true
		}
		kept = slices.DeleteFunc(files, func(f string) bool { return out[f] })
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.copyGit(gctx, config) })
	g.Go(func() error { return copyFiles(gctx, c.Repo.Top, c.Root, kept) })
	if err := g.Wait(); err != nil {
		return err
	}
	if err := c.fromHead(ctx, o, held); err != nil {
		return err
	}
	// The project's folder may hold ignored files only.
	return os.MkdirAll(c.Dir, 0o755)
}

// fromHead writes tracked files whose local changes are to stay out.
func (c *Checkout) fromHead(ctx context.Context, o Options, held []string) error {
	if len(held) == 0 {
		return nil
	}
	out, err := git(ctx, c.Root, o.Environ, nil, "ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD")
	if err != nil {
		return err
	}
	inHead := map[string]bool{}
	for _, name := range split(out) {
		inHead[name] = true
	}
	var list strings.Builder
	for _, name := range held {
		if inHead[name] {
			list.WriteString(name + "\x00")
		}
	}
	if list.Len() == 0 {
		return nil
	}
	_, err = git(ctx, c.Root, o.Environ, []byte(list.String()), "--literal-pathspecs", "checkout", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul", "HEAD")
	return err
}

// Remove deletes the copy.
func (c *Checkout) Remove() error { return RemoveAll(c.Root) }

// RemoveAll deletes a folder that steps have worked in. They leave read-only
// folders behind (module caches), which are made writable first when need be.
func RemoveAll(root string) error {
	if err := os.RemoveAll(root); err == nil {
		return nil
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	if err := os.RemoveAll(root); err != nil {
		return fmt.Errorf("checkout: remove %s: %w", root, err)
	}
	return nil
}
