package bundle

import (
	"hash/maphash"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
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
	for _, p := range r.Programs {
		s.add(sn, p)
	}
	return sn
}

// add puts a program's files into a snapshot, except those it has already.
func (s *session) add(sn snapshot, p Program) {
	for _, f := range p.Inputs {
		if _, done := sn[f]; done {
			continue
		}
		sn[f] = fingerprint(s.abs(f), inNodeModules(f), s.seed)
		dir := path.Dir(f)
		if _, done := sn[dir+"/"]; !done {
			sn[dir+"/"] = listing(s.abs(dir)) + s.manifests(dir)
		}
	}
}

// manifests fingerprints the files that steer resolution without being part of
// a program, from a directory up to the root.
func (s *session) manifests(dir string) string {
	var all strings.Builder
	for {
		for _, name := range []string{"package.json", "tsconfig.json"} {
			all.WriteString(fingerprint(filepath.Join(s.abs(dir), name), true, s.seed))
			all.WriteByte('/')
		}
		if dir == "." || dir == "/" || dir == path.Dir(dir) || strings.HasPrefix(dir, "..") {
			return all.String()
		}
		dir = path.Dir(dir)
	}
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
		return strconv.FormatInt(info.Size(), 36) + "." + strconv.FormatInt(info.ModTime().UnixNano(), 36)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "gone"
	}
	return printOf(raw, seed)
}

func printOf(raw []byte, seed maphash.Seed) string {
	return strconv.Itoa(len(raw)) + "." + strconv.FormatUint(maphash.Bytes(seed, raw), 36)
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
