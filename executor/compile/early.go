package compile

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/executor/bundle"
)

// maxScanned keeps the search for early uses to what authors write; larger
// bundles are packages.
const maxScanned = 1 << 20

// earlyUses reports constants that are read at top level before the statement
// that defines them, as a cycle of imports makes happen. Node throws a
// ReferenceError there; in a bundle, where esbuild has made variables of
// constants, it would be a silent undefined.
//
// The search is by tokens and errs on the side of silence: only plain
// statements of the module level and the object literals in them count, never
// functions, classes or blocks.
func (r *report) earlyUses(p *bundle.Program) {
	if len(p.Code) > maxScanned {
		return
	}
	src := string(p.Code)
	x := &index{src: src, tokens: tokenize(src)}
	body := x.body()
	if body < 0 {
		return
	}
	defined := x.definitions(body)
	x.uses(body, x.tokens[body].match, func(i int) {
		name := x.text(i)
		if at, ok := defined[name]; !ok || at <= i {
			return
		}
		file := moduleOf(src, x.tokens[i].start)
		if !r.ownFile(file) {
			return
		}
		at := r.sources.use(file, name)
		r.add(Diagnostic{
			Code: LoadFailed, File: file, Line: at.line, Column: at.column, Length: at.length,
			Message: fmt.Sprintf("%s is used before it is defined in %s", name, moduleOf(src, x.tokens[defined[name]].start)),
			Hint:    "when files import each other, one of them runs first: move what both need into a third",
		})
		delete(defined, name)
	})
}

func (x *index) text(i int) string { return x.src[x.tokens[i].start:x.tokens[i].end] }

// body is the brace that opens the bundle's function.
func (x *index) body() int {
	for i := 0; i < len(x.tokens) && i < 16; i++ {
		if x.tokens[i].kind == '{' && x.tokens[i].match > i {
			return i
		}
	}
	return -1
}

// definitions finds `var name =` at the level of the module.
func (x *index) definitions(body int) map[string]int {
	found := map[string]int{}
	for i := body + 1; i+2 < len(x.tokens) && i < x.tokens[body].match; i = x.after(i) {
		if x.tokens[i].kind == 'a' && x.text(i) == "var" && x.tokens[i+1].kind == 'a' && x.tokens[i+2].kind == '=' {
			if _, twice := found[x.text(i+1)]; !twice {
				found[x.text(i+1)] = i + 1
			}
		}
	}
	return found
}

// uses visits the names that run at once between two tokens.
func (x *index) uses(from, to int, visit func(i int)) {
	for i := from + 1; i < to && i < len(x.tokens); i++ {
		switch t := x.tokens[i]; t.kind {
		case '{':
			if !x.opensLiteral(i) {
				i = x.after(i) - 1
			}
		case '=':
			if i+1 < to && x.tokens[i+1].kind == '>' { // an arrow's body runs later
				i = x.skipExpression(i+2, to) - 1
			}
		case 'a':
			if word := x.text(i); word == "class" || word == "function" {
				i = x.skipBody(i, to)
			} else if x.reads(i) {
				visit(i)
			}
		}
	}
}

// opensLiteral tells an object literal from a block or a body.
func (x *index) opensLiteral(i int) bool {
	switch x.tokens[i-1].kind {
	case '=', '(', ',', '[', ':', '?':
		return x.tokens[i].match > i
	}
	return false
}

// reads tells a use of a variable from a property name and a key.
func (x *index) reads(i int) bool {
	if x.tokens[i-1].kind == '.' && x.text(i-1) == "." {
		return false
	}
	return i+1 >= len(x.tokens) || (x.tokens[i+1].kind != ':' && x.tokens[i+1].kind != '(' || x.tokens[i-1].kind != '{' && x.tokens[i-1].kind != ',')
}

func (x *index) skipExpression(i, to int) int {
	for ; i < to; i = x.after(i) {
		switch x.tokens[i].kind {
		case ',', ';', ')', ']', '}':
			return i
		}
	}
	return to
}

// skipBody is the last token of the braces that follow.
func (x *index) skipBody(i, to int) int {
	for ; i < to; i++ {
		if x.tokens[i].kind == '(' {
			i = x.after(i) - 1
			continue
		}
		if x.tokens[i].kind == '{' {
			return x.after(i) - 1
		}
	}
	return to
}

// moduleOf reads the bundler's comment that names the file of what follows.
func moduleOf(src string, at int) string {
	for head := src[:at]; head != ""; {
		line := strings.LastIndex(head, "\n// ")
		if line < 0 {
			return ""
		}
		name, _, _ := strings.Cut(src[line+4:], "\n")
		if !strings.Contains(name, " ") {
			return name
		}
		head = head[:line]
	}
	return ""
}

// use finds where a file reads a name: not where it imports it.
func (s *sources) use(file, name string) place {
	x := s.index(file)
	if x == nil {
		return place{file: file}
	}
	for i := range x.tokens {
		switch {
		case x.tokens[i].kind != 'a':
		case x.text(i) == "import":
			continue
		case x.text(i) == name && !x.inImport(i):
			return x.place(file, i)
		}
	}
	return place{file: file}
}

// inImport looks back to the start of the statement.
func (x *index) inImport(i int) bool {
	for ; i >= 0; i-- {
		switch x.tokens[i].kind {
		case ';':
			return false
		case 'a':
			if x.text(i) == "import" {
				return true
			}
		case '"', '`', '(', '=':
			return false
		}
	}
	return false
}
