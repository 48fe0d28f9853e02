package bundle

import (
	"fmt"
	"hash/maphash"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// snapshot holds a fingerprint of each file behind a result, and of the list of
// names in each of their directories, under the directory's name and a slash.
type snapshot map[string]string

// snapshot reads the author's files whole: they are few and small, and times
// of change are too coarse for an editor that saves twice. Packages go by
// size and time.
func (s *session) snapshot(r *Result) snapshot {
	sn := snapshot{}
	seed := s.seed
	for _, p := range r.Programs {
		for _, f := range p.Inputs {
			if _, done := sn[f]; done {
				continue
			}
			sn[f] = fingerprint(s.abs(f), inNodeModules(f), seed)
			if dir := path.Dir(f) + "/"; sn[dir] == "" {
				sn[dir] = listing(s.abs(path.Dir(f)))
			}
		}
	}
	return sn
}

func (s *session) abs(rel string) string {
	if filepath.IsAbs(filepath.FromSlash(rel)) {
		return filepath.FromSlash(rel)
	}
	return filepath.Join(s.root, filepath.FromSlash(rel))
}

func fingerprint(file string, byTime bool, seed maphash.Seed) string {
	if byTime {
		info, err := os.Stat(file)
		if err != nil {
			return "gone"
		}
		return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "gone"
	}
	return fmt.Sprint(len(raw), maphash.Bytes(seed, raw))
}

// listing names what a directory holds; editors' hidden swap files and the
// lock file that a compile writes do not matter.
func listing(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "gone"
	}
	var names strings.Builder
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), "~") {
			continue
		}
		names.WriteString(e.Name())
		names.WriteByte('/')
	}
	return names.String() + "."
}

// listings gives the part that says which files there are.
func (sn snapshot) listings() []string {
	var all []string
	for name, print := range sn {
		if strings.HasSuffix(name, "/") {
			all = append(all, name+print)
		}
	}
	slices.Sort(all)
	return all
}
