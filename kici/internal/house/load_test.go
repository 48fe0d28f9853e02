package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
)

const modulePath = "github.com/kici-dev/kici-go"

// file is one parsed Go file; Path is relative to the module root, with
// slashes.
type file struct {
	Path  string
	Test  bool
	Ast   *ast.File
	Fset  *token.FileSet
	Lines int
}

// at is the position of n as a complaint shows it.
func (f *file) at(n ast.Node) string {
	return f.Fset.Position(n.Pos()).String()
}

// imports returns local name → path for the file.
func (f *file) imports() map[string]string {
	out := map[string]string{}
	for _, spec := range f.Ast.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		out[name] = path
	}
	return out
}

// pkg is one package of ours: Rel is its path below the module ("" for the
// root), Imports what its shipped files import on any platform.
type pkg struct {
	Rel     string
	Main    bool
	Imports []string
	Deps    []string
	Files   []*file
}

// under reports whether the package is the room or lies below it.
func (p *pkg) under(room string) bool {
	return p.Rel == room || strings.HasPrefix(p.Rel, room+"/")
}

// tree is the whole module as the checks see it.
type tree struct {
	Root string
	Pkgs []*pkg
}

// load is shared by all tests of the package: one `go list`, one parse.
var load = sync.OnceValues(loadTree)

func loadTree() (*tree, error) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Name,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports,Deps", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New("go list: " + err.Error() + ": " + stderr.String())
	}
	t := &tree{Root: root}
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var l struct {
			ImportPath, Dir, Name                              string
			GoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
			Imports, Deps                                      []string
		}
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return t, nil
		} else if err != nil {
			return nil, err
		}
		p := &pkg{Rel: relative(l.ImportPath), Main: l.Name == "main", Deps: l.Deps}
		tests := append(l.TestGoFiles, l.XTestGoFiles...)
		for _, name := range append(append(l.GoFiles, l.IgnoredGoFiles...), tests...) {
			f, err := parse(root, filepath.Join(l.Dir, name))
			if err != nil {
				return nil, err
			}
			p.Files = append(p.Files, f)
		}
		p.Imports = shippedImports(p)
		t.Pkgs = append(t.Pkgs, p)
	}
}

func relative(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, modulePath), "/")
}

func parse(root, path string) (*file, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	return parseSource(filepath.ToSlash(rel), src)
}

func parseSource(rel string, src []byte) (*file, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, rel, src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	return &file{
		Path: rel, Test: strings.HasSuffix(rel, "_test.go"),
		Ast: parsed, Fset: fset, Lines: bytes.Count(src, []byte("\n")),
	}, nil
}

// shippedImports unites the imports of all shipped files, those of other
// platforms too, which `go list` alone would not show.
func shippedImports(p *pkg) []string {
	seen := map[string]bool{}
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		for _, spec := range f.Ast.Imports { // not f.imports(): blank imports share a name
			seen[strings.Trim(spec.Path.Value, `"`)] = true
		}
	}
	out := make([]string, 0, len(seen))
	for path := range seen {
		out = append(out, path)
	}
	sort.Strings(out)
	return out
}

// house gives a test the module, or ends it.
func house(t *testing.T) *tree {
	t.Helper()
	tr, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// sketch builds a tree from sources, for the tests that prove that a check can
// fail: path → source.
func sketch(t *testing.T, sources map[string]string) *tree {
	t.Helper()
	byDir := map[string]*pkg{}
	tr := &tree{}
	paths := make([]string, 0, len(sources))
	for path := range sources {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		f, err := parseSource(path, []byte(sources[path]))
		if err != nil {
			t.Fatal(err)
		}
		dir := ""
		if i := strings.LastIndex(path, "/"); i >= 0 {
			dir = path[:i]
		}
		p := byDir[dir]
		if p == nil {
			p = &pkg{Rel: dir}
			byDir[dir] = p
			tr.Pkgs = append(tr.Pkgs, p)
		}
		p.Files = append(p.Files, f)
		p.Main = p.Main || f.Ast.Name.Name == "main"
	}
	for _, p := range tr.Pkgs {
		p.Imports = shippedImports(p)
	}
	return tr
}

// report fails the test with all complaints at once.
func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}

// mustComplain fails unless one complaint contains each of the wanted words.
func mustComplain(t *testing.T, complaints []string, want ...string) {
	t.Helper()
	all := strings.Join(complaints, "\n")
	for _, w := range want {
		if !strings.Contains(all, w) {
			t.Errorf("no complaint mentions %q; got:\n%s", w, all)
		}
	}
}
