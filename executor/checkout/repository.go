package checkout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// copyGit makes the .git directory of the copy.
func (c *Checkout) copyGit(ctx context.Context, config []byte) error {
	git := filepath.Join(c.Root, ".git")
	for _, dir := range []string{"", "objects", "refs", "info"} {
		if err := os.MkdirAll(filepath.Join(git, dir), 0o755); err != nil {
			return fmt.Errorf("checkout: %w", err)
		}
	}
	files := map[string]string{
		"HEAD":   c.Repo.Head + "\n",
		"config": newConfig(config),
	}
	if alternates := c.alternates(); alternates != "" {
		files["objects/info/alternates"] = alternates
	}
	for name, text := range files {
		name = filepath.Join(git, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("checkout: %w", err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("checkout: %w", err)
		}
	}
	shared, err := list(c.Repo.common, "packed-refs", "shallow", "refs", "reftable", "objects", "info/sparse-checkout")
	if err != nil {
		return err
	}
	if err := copyFiles(ctx, c.Repo.common, git, shared); err != nil {
		return err
	}
	own, err := list(c.Repo.gitDir, "index")
	if err != nil {
		return err
	}
	split, err := filepath.Glob(filepath.Join(c.Repo.gitDir, "sharedindex.*"))
	if err != nil {
		return err
	}
	for _, name := range split {
		own = append(own, filepath.Base(name))
	}
	return copyFiles(ctx, c.Repo.gitDir, git, own)
}

// list names all files at or below the given places. Locks and unfinished
// packs of the author's own git are somebody's work in progress, and
// alternates are rewritten.
func list(root string, places ...string) ([]string, error) {
	var out []string
	for _, place := range places {
		err := filepath.WalkDir(filepath.Join(root, place), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil || d.IsDir() {
				return err
			}
			base := d.Name()
			if strings.HasSuffix(base, ".lock") || strings.HasPrefix(base, "tmp_") || filepath.ToSlash(name) == "objects/info/alternates" {
				return nil
			}
			out = append(out, filepath.ToSlash(name))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("checkout: %w", err)
		}
	}
	return out, nil
}

// alternates are the object stores that the author's own repository borrows
// from. Copying those too would be right and, for the setups that use them,
// unaffordable; they are made absolute, because the copy lies elsewhere.
func (c *Checkout) alternates() string {
	objects := filepath.Join(c.Repo.common, "objects")
	data, err := os.ReadFile(filepath.Join(objects, "info", "alternates"))
	if err != nil {
		return ""
	}
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(objects, line)
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// keep says which settings of the author's repository the copy needs: how
// files look, what the object store is, where the remotes are. Hooks, aliases,
// credentials and included files stay behind.
func keep(key string) bool {
	section, _, _ := strings.Cut(key, ".")
	switch section {
	case "extensions":
		return key != "extensions.worktreeconfig"
	case "remote", "user", "index":
		return true
	}
	return slices.Contains([]string{
		"core.repositoryformatversion", "core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode",
		"core.autocrlf", "core.eol", "core.safecrlf", "core.sparsecheckout", "core.sparsecheckoutcone", "core.longpaths",
	}, key)
}

// newConfig writes the copy's config from `git config -z --list` of the
// author's. The -z form prints "key\nvalue", and a key without value alone.
func newConfig(listed []byte) string {
	var out strings.Builder
	out.WriteString("[core]\n\tbare = false\n\tlogallrefupdates = true\n")
	for entry := range bytes.SplitSeq(listed, []byte{0}) {
		key, value, has := strings.Cut(string(entry), "\n")
		if !keep(key) {
			continue
		}
		first, last := strings.Index(key, "."), strings.LastIndex(key, ".")
		if first == last {
			fmt.Fprintf(&out, "[%s]\n", key[:first])
		} else {
			fmt.Fprintf(&out, "[%s %s]\n", key[:first], quote(key[first+1:last]))
		}
		out.WriteString("\t" + key[last+1:])
		if has {
			out.WriteString(" = " + quote(value))
		}
		out.WriteString("\n")
	}
	return out.String()
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\b", `\b`).Replace(s) + `"`
}
