package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

// Expect is a pair's expect.json. Absent keys are not checked.
type Expect struct {
	Args     *[]string          `json:"args"`
	Env      map[string]string  `json:"env"`
	Commit   map[string]string  `json:"commit"`
	Change   map[string]*string `json:"change"`
	Chmod    map[string]string  `json:"chmod"`
	Symlink  map[string]string  `json:"symlink"`
	Runtimes []string           `json:"runtimes"`

	Exit      int                 `json:"exit"`
	Workflows map[string]string   `json:"workflows"`
	Jobs      map[string]string   `json:"jobs"`
	Steps     map[string][]string `json:"steps"`
	Rules     map[string][]string `json:"rules"`
	Log       map[string][]string `json:"log"`
	Order     []string            `json:"order"`
	Never     []string            `json:"never"`
	Error     map[string]string   `json:"error"`
	At        map[string]string   `json:"at"`
	Stderr    []string            `json:"stderr"`
	Tree      map[string]*string  `json:"tree"`
	Processes []string            `json:"processes"`
}

// Pair is one scenario.
type Pair struct {
	Name   string
	Dir    string // its folder
	Expect Expect
}

// All reads every pair of a folder.
func All(dir string) ([]Pair, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	var pairs []Pair
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		p := Pair{Name: e.Name(), Dir: filepath.Join(dir, e.Name())}
		data, err := os.ReadFile(filepath.Join(p.Dir, "expect.json"))
		if err != nil {
			return nil, fmt.Errorf("scenario: %w", err)
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&p.Expect); err != nil {
			return nil, fmt.Errorf("scenario: %s/expect.json: %w", e.Name(), err)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// For reports whether the pair is for a runtime, "embedded" or "node".
func (p Pair) For(runtime string) bool {
	return len(p.Expect.Runtimes) == 0 || slices.Contains(p.Expect.Runtimes, runtime)
}

// Args are the arguments of `kici run local`.
func (p Pair) Args() []string {
	if p.Expect.Args == nil {
		return []string{"push"}
	}
	return *p.Expect.Args
}

// Environ is the environment to run in: everything a run keeps outside the
// repository lies in folders of the test's own. path is PATH.
func (p Pair) Environ(t testing.TB, path string) map[string]string {
	env := map[string]string{"PATH": path, "LANG": "C.UTF-8"}
	for _, name := range []string{"HOME", "TMPDIR", "KICI_RUN_DIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"} {
		env[name] = t.TempDir()
	}
	for k, v := range p.Expect.Env {
		env[k] = v
	}
	return env
}

// unversioned are the files of a .kici folder that nobody commits.
const unversioned = ".kici/.secrets\n.kici/.env.local\n.kici/secrets.yaml\n.kici/kici.lock.json\n"

// Repository makes the author's repository: everything committed but the
// secrets, then the changes that are not.
func (p Pair) Repository(t testing.TB) string {
	t.Helper()
	r := p.commit(t)
	r.change(p.Expect)
	return r.dir
}

// LockedRepository is Repository with the lock file in a second commit, for those who
// read it there. Workflows that do not compile have none.
func (p Pair) LockedRepository(t testing.TB, environ []string) string {
	t.Helper()
	r := p.commit(t)
	if _, err := author.Compile(context.Background(), author.CompileOptions{Dir: r.dir, Environ: environ}); err != nil {
		t.Logf("the workflows do not compile: %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, ".kici", "kici.lock.json")); err == nil {
		r.git("add", "-f", ".kici/kici.lock.json")
		r.git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "lock")
	}
	r.change(p.Expect)
	return r.dir
}

// commit makes the repository with everything committed.
func (p Pair) commit(t testing.TB) repository {
	t.Helper()
	r := repository{t, t.TempDir()}
	r.write(".gitignore", unversioned)
	r.must(filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "expect.json" {
			return err
		}
		rel, err := filepath.Rel(p.Dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		switch rel {
		case "workflow.ts":
			rel = ".kici/workflows/workflow.ts"
		case ".gitignore":
			data = append(data, unversioned...)
		}
		r.write(rel, string(data))
		return err
	}))
	for name, text := range p.Expect.Commit {
		r.write(name, text)
	}
	r.git("init", "-q", "-b", "main")
	r.git("add", "-A")
	r.git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
	return r
}

type repository struct {
	testing.TB
	dir string
}

func (r repository) change(e Expect) {
	r.Helper()
	for name, text := range e.Change {
		if text == nil {
			r.must(os.Remove(filepath.Join(r.dir, name)))
			continue
		}
		r.write(name, *text)
	}
	for name, mode := range e.Chmod {
		bits, err := strconv.ParseUint(mode, 8, 32)
		r.must(err)
		r.must(os.Chmod(filepath.Join(r.dir, name), fs.FileMode(bits)))
	}
	for name, target := range e.Symlink {
		r.must(os.Symlink(target, filepath.Join(r.dir, name)))
	}
}

func (r repository) write(name, text string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	r.must(os.MkdirAll(filepath.Dir(path), 0o755))
	r.must(os.WriteFile(path, []byte(text), 0o644))
}

func (r repository) git(args ...string) {
	r.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

func (r repository) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}
