package clone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tree writes the work tree of a commit whose objects are in from.
func (s *Store) tree(ctx context.Context, src Source, dir string, from objects) error {
	if err := s.repository(src, dir, from); err != nil {
		return fault(err)
	}
	g := s.git(dir, src)
	// What a job sees is the same on every machine: nobody's filters, hooks or
	// line endings but the repository's.
	g.env = append(g.env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	if _, err := g.run(ctx, "reset", "--hard", "--quiet", src.SHA+"^{commit}"); err != nil {
		var e *Error
		if errors.As(err, &e) && e.Kind != ErrNoGit && localPath(src.URL) != "" && damaged(err) {
			e.Kind, e.Detail, e.Hint = ErrNoCommit, src.SHA, hint(ErrNoCommit, nil)
		}
		return err
	}
	head, err := os.ReadFile(filepath.Join(dir, ".git", "HEAD"))
	if err != nil {
		return fault(err)
	}
	if got := strings.TrimSpace(string(head)); got != src.SHA {
		return fault(fmt.Errorf("HEAD is at %s and not at %s", got, src.SHA))
	}
	if src.Standalone {
		return s.detach(ctx, g, dir)
	}
	return nil
}

// repository writes .git by hand: `git init` and `git clone --shared` are six
// processes for the same five files.
func (s *Store) repository(src Source, dir string, from objects) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	git := filepath.Join(dir, ".git")
	for _, d := range []string{"objects/info", "objects/pack", "refs", "info"} {
		if err := os.MkdirAll(filepath.Join(git, filepath.FromSlash(d)), 0o755); err != nil {
			return err
		}
	}
	files := map[string]string{
		"HEAD":                    src.SHA + "\n",
		"config":                  treeConfig(src),
		"objects/info/alternates": filepath.ToSlash(from.dir) + "\n",
		"packed-refs":             "# pack-refs with: peeled fully-peeled sorted \n" + treeRef(src),
	}
	switch shallow, err := os.ReadFile(from.shallow); {
	case err == nil:
		files["shallow"] = string(shallow)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(git, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func treeConfig(src Source) string {
	var b strings.Builder
	if len(src.SHA) == 64 {
		b.WriteString("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n")
	} else {
		b.WriteString("[core]\n\trepositoryformatversion = 0\n")
	}
	b.WriteString("[core]\n\tbare = false\n\tlogallrefupdates = true\n[gc]\n\tauto = 0\n")
	url := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(src.URL)
	fmt.Fprintf(&b, "[remote \"origin\"]\n\turl = \"%s\"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n", url)
	return b.String()
}

// treeRef names the commit as a fresh clone would.
func treeRef(src Source) string {
	ref := src.Ref
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		ref = "refs/remotes/origin/" + branch
	} else if !strings.HasPrefix(ref, "refs/") {
		return ""
	}
	return src.SHA + " " + ref + "\n"
}

// detach gives a tree objects of its own.
func (s *Store) detach(ctx context.Context, g *git, dir string) error {
	if _, err := g.run(ctx, "repack", "--quiet", "-a", "-d"); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, ".git", "objects", "info", "alternates")); err != nil {
		return fault(err)
	}
	return nil
}
