package cache

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// location is a path of a Spec: a folder and a clean slash path inside it. Its
// text, "w/…" or "h/…", is the name in the archive.
type location struct {
	home bool
	rel  string
}

// locate reads a path as an author writes it.
func locate(p string) (location, error) {
	text := filepath.ToSlash(strings.TrimSpace(p))
	var l location
	switch {
	case text == "":
		return l, fmt.Errorf("the path is empty")
	case text == "~" || text == "~/":
		return l, fmt.Errorf("%q is the whole home folder; name a folder in it", p)
	case strings.HasPrefix(text, "~/"):
		l = location{home: true, rel: path.Clean(text[2:])}
	case strings.HasPrefix(text, "~"):
		return l, fmt.Errorf("%q names another user's home; only \"~/…\" is known", p)
	case path.IsAbs(text) || filepath.IsAbs(p):
		return l, fmt.Errorf("%q is absolute; use a path relative to the repository, or \"~/…\"", p)
	default:
		l = location{rel: path.Clean(text)}
	}
	if l.rel == ".." || strings.HasPrefix(l.rel, "../") || path.IsAbs(l.rel) {
		return l, fmt.Errorf("%q leads out of its folder", p)
	}
	return l, nil
}

func (l location) String() string {
	if l.home {
		return path.Join("h", l.rel)
	}
	return path.Join("w", l.rel)
}

// parseLocation reads a name from an archive, which nobody has to trust.
func parseLocation(name string) (location, error) {
	folder, rel, _ := strings.Cut(path.Clean(name), "/")
	if (folder != "w" && folder != "h") || strings.HasPrefix(rel, "..") && (rel == ".." || rel[2] == '/') {
		return location{}, fmt.Errorf("the archive has an entry %q, which is in neither folder", name)
	}
	if rel == "" {
		rel = "."
	}
	return location{home: folder == "h", rel: rel}, nil
}

func (at Places) folder(l location) string {
	if l.home {
		return at.Home
	}
	return at.Workspace
}
