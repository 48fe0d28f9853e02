package bundle

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// explainMissing words esbuild's "Could not resolve" for somebody who writes
// workflows: which file or package, and what to do about it.
func (s *session) explainMissing(d *Diagnostic) {
	rest, ok := strings.CutPrefix(d.Text, `could not resolve "`)
	if !ok {
		return
	}
	spec := strings.TrimSuffix(rest, `"`)
	switch {
	case strings.HasPrefix(spec, "."), filepath.IsAbs(spec):
		d.Text = "cannot find " + quote(spec)
		d.Notes = nil
		if near := s.similar(d.File, spec); near != "" {
			d.Notes = []Note{{Text: "did you mean " + quote(near) + "?"}}
		}
	case strings.HasPrefix(spec, "#"):
	default:
		s.explainPackage(d, spec)
	}
}

// explainPackage tells a dependency that is not declared from one that is
// declared and not installed.
func (s *session) explainPackage(d *Diagnostic, spec string) {
	name := packageName(spec)
	dir, declared := s.manifest(d.File, name)
	if declared {
		d.Text = "package " + quote(name) + " is declared in " + path.Join(dir, "package.json") + " but not installed"
		d.Notes = []Note{{Text: "run `" + s.installer(dir) + " install` in " + dir}}
		return
	}
	if s.installed(d.File, name) {
		return // the package is there, and esbuild's notes say what it does not export
	}
	d.Text = "package " + quote(name) + " is not installed"
	d.Notes = []Note{{Text: "add it to the dependencies in " + path.Join(dir, "package.json") +
		" with `" + s.installer(dir) + " " + addVerb(s.installer(dir)) + " " + name + "` in " + dir}}
}

func packageName(spec string) string {
	parts := strings.SplitN(spec, "/", 3)
	if strings.HasPrefix(spec, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func addVerb(tool string) string {
	if tool == "npm" {
		return "install"
	}
	return "add"
}

// manifest finds the package.json that governs a file and whether it declares
// a dependency. Without any, it names the .kici folder, where one belongs.
func (s *session) manifest(file, name string) (dir string, declared bool) {
	for at := path.Dir(file); ; at = path.Dir(at) {
		raw, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(at), "package.json"))
		if err == nil {
			var p struct{ Dependencies, DevDependencies, OptionalDependencies, PeerDependencies map[string]string }
			if json.Unmarshal(raw, &p) == nil {
				for _, deps := range []map[string]string{p.Dependencies, p.DevDependencies, p.OptionalDependencies, p.PeerDependencies} {
					if _, ok := deps[name]; ok {
						return at, true
					}
				}
			}
			return at, false
		}
		if at == "." || at == "/" || strings.HasPrefix(at, "..") {
			return ".kici", false
		}
	}
}

// installed looks for the package's folder as Node would.
func (s *session) installed(file, name string) bool {
	for at := filepath.Join(s.root, filepath.FromSlash(path.Dir(file))); ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "node_modules", filepath.FromSlash(name))); err == nil {
			return true
		}
		if at == filepath.Dir(at) {
			return false
		}
	}
}

// installer guesses the package manager from the lock file beside the manifest.
func (s *session) installer(dir string) string {
	for _, c := range []struct{ file, tool string }{{"pnpm-lock.yaml", "pnpm"}, {"yarn.lock", "yarn"}} {
		if _, err := os.Stat(filepath.Join(s.root, filepath.FromSlash(dir), c.file)); err == nil {
			return c.tool
		}
	}
	return "npm"
}

// similar offers the file beside the missing one whose name is closest.
func (s *session) similar(importer, spec string) string {
	want := path.Base(strings.TrimSuffix(spec, path.Ext(spec)))
	dir := filepath.Join(s.root, filepath.FromSlash(path.Dir(importer)), filepath.FromSlash(path.Dir(spec)))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	best, distance := "", 3
	for _, e := range entries {
		base := strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))
		if path.Join(path.Dir(importer), path.Dir(spec), e.Name()) == importer {
			continue
		}
		if n := edits(want, base); n < distance {
			best, distance = path.Dir(spec)+"/"+base, n
		}
	}
	if best != "" && !strings.HasPrefix(best, ".") {
		best = "./" + best
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost = 1 + min(last, row[j], row[j+1])
			}
			last, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
