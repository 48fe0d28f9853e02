package house

import (
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// call is a package-qualified name that some rooms may not use.
type call struct {
	Package, Name string // Name "*" is every name, "Print*" a prefix
	Why           string
}

func (c call) matches(pkg, name string) bool {
	if pkg != c.Package {
		return false
	}
	prefix, open := strings.CutSuffix(c.Name, "*")
	return name == c.Name || open && strings.HasPrefix(name, prefix)
}

// libraryBans hold outside cmd, examples and the entry of a child process.
func libraryBans() []call {
	env := "the environment is read in cmd and passed on as a value"
	return []call{
		{"os", "Getenv", env}, {"os", "LookupEnv", env}, {"os", "Environ", env},
		{"os", "Args", "arguments are read in cmd"},
		{"os", "Exit", "only a main ends a process"},
		{"log", "*", "log through the injected *slog.Logger"},
		{"fmt", "Print*", "a library returns what it has to say, or writes to the writer it was given"},
	}
}

// everywhereBans hold in shipped code of every room.
func everywhereBans() []call {
	return []call{
		{"os", "Setenv", "the environment of the process is shared by every job; keep one per job"},
		{"os", "Chdir", "the working directory of the process is shared by every job; keep one per job"},
	}
}

// ownProcess are the rooms that may look at their process, each with the reason.
func ownProcess() map[string]string {
	return map[string]string{
		"executor/internal/guide": "only tests use it, and KICI_GUIDE_FILE is how the guide's place reaches a test",
	}
}

func isCommand(p *pkg) bool { return p.under("cmd") || p.under("examples") }

func checkBans(tr *tree, child map[string]string) []string {
	var out []string
	for _, p := range tr.Pkgs {
		bans := everywhereBans()
		if !isCommand(p) && child[p.Rel] == "" {
			bans = append(bans, libraryBans()...)
		}
		for _, f := range p.Files {
			if !f.Test {
				out = append(out, banned(f, bans)...)
			}
		}
	}
	return out
}

func banned(f *file, bans []call) []string {
	var out []string
	names := f.imports()
	ast.Inspect(f.Ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok || id.Obj != nil { // a local that happens to be called like the package
			return true
		}
		for _, b := range bans {
			if b.matches(names[id.Name], sel.Sel.Name) {
				out = append(out, fmt.Sprintf("%s: %s.%s: %s", f.at(sel), id.Name, sel.Sel.Name, b.Why))
			}
		}
		return true
	})
	return out
}

// checkPure forbids the clock and randomness in rooms that are functions of
// their arguments.
func checkPure(tr *tree) []string {
	bans := []call{
		{"time", "Now", "a pure room takes now as an argument"},
		{"time", "Since", "a pure room takes now as an argument"},
		{"time", "After*", "a pure room owns no timer"}, {"time", "New*", "a pure room owns no timer"},
		{"time", "Sleep", "a pure room does not wait"},
		{"math/rand", "*", "a pure room gives the same answer twice"},
		{"math/rand/v2", "*", "a pure room gives the same answer twice"},
		{"crypto/rand", "*", "a pure room gives the same answer twice"},
	}
	var out []string
	for _, p := range tr.Pkgs {
		if !p.under("lockfile") && !p.under("engine/state") && !p.under("engine/trigger") && !p.under("engine/needs") {
			continue
		}
		for _, f := range p.Files {
			if !f.Test {
				out = append(out, banned(f, bans)...)
			}
		}
	}
	return out
}

func checkSleeps(tr *tree) []string {
	var out []string
	for _, p := range tr.Pkgs {
		for _, f := range p.Files {
			if f.Test {
				out = append(out, banned(f, []call{{"time", "Sleep", "wait for a signal, on Ready, or in a synctest bubble; a sleep is slow when it works and wrong when it does not"}})...)
			}
		}
	}
	return out
}

func checkInits(tr *tree) []string {
	var out []string
	for _, p := range tr.Pkgs {
		for _, f := range p.Files {
			for _, d := range f.Ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					out = append(out, fmt.Sprintf("%s: init(): what an import does silently cannot be tested in parallel nor left out; call it from the main", f.at(fn)))
				}
			}
		}
	}
	return out
}

// checkDocs wants a package comment of three sentences or more in doc.go; a
// main, and a package of a single file, may carry it beside the code.
func checkDocs(tr *tree) []string {
	var out []string
	for _, p := range tr.Pkgs {
		var text, where string
		shipped := 0
		for _, f := range p.Files {
			if !f.Test {
				shipped++
			}
			if f.Ast.Doc != nil && !f.Test {
				text, where = f.Ast.Doc.Text(), f.Path
			}
		}
		name := p.Rel
		if name == "" {
			name = "(root)"
		}
		switch {
		case shipped == 0:
		case text == "":
			out = append(out, name+": no package comment; doc.go says what the room owns, how a call flows, and what it must not do")
		case !p.Main && shipped > 1 && !strings.HasSuffix(where, "doc.go"):
			out = append(out, where+": the package comment stands in doc.go, where a reader looks for it")
		case sentences(text) < 3:
			out = append(out, where+": the package comment has fewer than three sentences: what it owns, how a call flows, what it must not do")
		}
	}
	return out
}

// sentences counts full stops in prose; snippets and tables do not count.
func sentences(text string) int {
	n := 0
	doc := new(comment.Parser).Parse(text)
	for _, block := range doc.Content {
		para, ok := block.(*comment.Paragraph)
		if !ok {
			continue
		}
		plain := string(new(comment.Printer).Text(&comment.Doc{Content: []comment.Block{para}}))
		for _, word := range strings.Fields(plain) {
			if strings.HasSuffix(word, ".") || strings.HasSuffix(word, ".)") || strings.HasSuffix(word, ":") {
				n++
			}
		}
	}
	return n
}

// checkVars allows at package level what never changes: errors, tables,
// compiled expressions, embeds, lazily built constants, guard lines.
func checkVars(tr *tree) []string {
	var out []string
	for _, p := range tr.Pkgs {
		vars := map[string]*ast.ValueSpec{}
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			for _, spec := range varSpecs(f) {
				out = append(out, complainVar(f, spec)...)
				for _, name := range spec.Names {
					if name.Name != "_" {
						vars[name.Name] = spec
					}
				}
			}
		}
		for _, f := range p.Files {
			if !f.Test {
				out = append(out, assignments(f, vars)...)
			}
		}
	}
	return out
}

func varSpecs(f *file) []*ast.ValueSpec {
	var out []*ast.ValueSpec
	for _, d := range f.Ast.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, s := range gen.Specs {
			spec := s.(*ast.ValueSpec)
			if spec.Doc == nil {
				spec.Doc = gen.Doc
			}
			out = append(out, spec)
		}
	}
	return out
}

func embedded(spec *ast.ValueSpec) bool {
	return spec.Doc != nil && slices.ContainsFunc(spec.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

func complainVar(f *file, spec *ast.ValueSpec) []string {
	if spec.Names[0].Name == "_" || embedded(spec) {
		return nil
	}
	if len(spec.Values) == 0 {
		return []string{fmt.Sprintf("%s: package-level var %s without a value is state that every user of the process shares; put it in a struct", f.at(spec), spec.Names[0].Name)}
	}
	var out []string
	for i, v := range spec.Values {
		if why := mutable(f, v); why != "" {
			out = append(out, fmt.Sprintf("%s: package-level var %s: %s", f.at(spec), spec.Names[i].Name, why))
		}
	}
	return out
}

// constructors build values that nobody can change afterwards.
func constructors() []call {
	return []call{
		{Package: "errors", Name: "New"}, {Package: "fmt", Name: "Errorf"},
		{Package: "regexp", Name: "MustCompile"}, {Package: "strings", Name: "NewReplacer"},
		{Package: "text/template", Name: "Must"}, {Package: "html/template", Name: "Must"},
		{Package: "sync", Name: "OnceValue*"}, // a constant that is too dear to build before it is wanted
		{Package: "encoding/base64", Name: "*"}, {Package: "reflect", Name: "TypeFor"},
		{Package: "unicode", Name: "*"},
	}
}

func mutable(f *file, v ast.Expr) string {
	switch v := v.(type) {
	case *ast.CompositeLit, *ast.BasicLit, *ast.BinaryExpr, *ast.FuncLit, *ast.Ident, *ast.SelectorExpr:
		return ""
	case *ast.UnaryExpr:
		return mutable(f, v.X)
	case *ast.ParenExpr:
		return mutable(f, v.X)
	case *ast.CallExpr:
		if _, conversion := v.Fun.(*ast.ArrayType); conversion {
			return ""
		}
		fun := v.Fun
		if index, ok := fun.(*ast.IndexExpr); ok {
			fun = index.X
		}
		if id, ok := fun.(*ast.Ident); ok && id.Name == "make" {
			return "an empty map or channel at package level is state; put it in a struct"
		}
		if sel, ok := fun.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				for _, c := range constructors() {
					if c.matches(f.imports()[id.Name], sel.Sel.Name) {
						return ""
					}
				}
			}
		}
		return "a call at package level runs before main and hides work and state; build it where it is used, or use sync.OnceValue for a read-only table"
	}
	return "only errors, read-only tables, compiled expressions, embeds and guard lines stand at package level"
}

// assignments finds writes to package-level variables: a table that is written
// to is state.
func assignments(f *file, vars map[string]*ast.ValueSpec) []string {
	var out []string
	written := func(e ast.Expr) {
		id := rootIdent(e)
		if id == nil || vars[id.Name] == nil {
			return
		}
		if id.Obj != nil && id.Obj.Decl != vars[id.Name] { // shadowed by a local
			return
		}
		out = append(out, fmt.Sprintf("%s: writes to package-level var %s: two users of the process would share it", f.at(e), id.Name))
	}
	ast.Inspect(f.Ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					written(e)
				}
			}
		case *ast.IncDecStmt:
			written(n.X)
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Obj == nil && (id.Name == "delete" || id.Name == "clear") {
				written(n.Args[0])
			}
		}
		return true
	})
	return out
}

func rootIdent(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func TestBans(t *testing.T)   { t.Parallel(); report(t, checkBans(house(t), ownProcess())) }
func TestPure(t *testing.T)   { t.Parallel(); report(t, checkPure(house(t))) }
func TestSleeps(t *testing.T) { t.Parallel(); report(t, checkSleeps(house(t))) }
func TestInits(t *testing.T)  { t.Parallel(); report(t, checkInits(house(t))) }
func TestDocs(t *testing.T)   { t.Parallel(); report(t, checkDocs(house(t))) }
func TestVars(t *testing.T)   { t.Parallel(); report(t, checkVars(house(t))) }

func TestSourceRulesCanFail(t *testing.T) {
	t.Parallel()
	tr := sketch(t, map[string]string{
		"executor/bad/doc.go":    "// Package bad says too little. Twice.\npackage bad",
		"executor/bad/a.go":      "package bad\nimport (\"os\";\"fmt\";\"log\")\nvar seen = map[string]bool{}\nvar cache = make(map[string]int)\nvar now = fmt.Sprint(1)\nvar state int\nfunc init() {}\nfunc F() { seen[\"x\"] = true; state++; fmt.Println(os.Getenv(\"A\")); log.Fatal(1) }",
		"executor/bad/a_test.go": "package bad\nimport \"time\"\nfunc g() { time.Sleep(1) }",
		"executor/good/doc.go":   "// Package good is good. It does good. It must not do bad.\npackage good",
		"executor/good/a.go":     "package good\nimport \"errors\"\nvar ErrGood = errors.New(\"good\")\nvar table = map[string]int{\"a\": 1}\nvar _ = table\nfunc F() { table := map[string]int{}; table[\"b\"] = 2 }",
		"executor/silent/a.go":   "package silent",
		"lockfile/plan/doc.go":   "// Package plan plans. It computes. It must not ask the clock.\npackage plan",
		"lockfile/plan/a.go":     "package plan\nimport \"time\"\nvar _ = time.Now",
		"cmd/kici/main.go":       "// Command kici starts. It reads arguments. It exits.\npackage main\nimport \"os\"\nfunc main() { os.Setenv(\"a\", \"b\"); os.Exit(len(os.Args)) }",
	})
	all := slices.Concat(checkBans(tr, nil), checkPure(tr), checkSleeps(tr), checkInits(tr), checkDocs(tr), checkVars(tr))
	mustComplain(t, all,
		"fmt.Println", "os.Getenv", "log.Fatal", "os.Setenv", "time.Now", "time.Sleep", "init()",
		"executor/bad/doc.go: the package comment has fewer", "executor/silent: no package comment",
		"writes to package-level var seen", "writes to package-level var state", "var cache", "var now", "var state")
	for _, c := range all {
		if strings.Contains(c, "executor/good") || strings.Contains(c, "os.Args") || strings.Contains(c, "os.Exit") {
			t.Errorf("complaint about good code: %s", c)
		}
	}
}
