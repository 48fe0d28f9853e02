package purity

import (
	"regexp"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

func (w *walker) object(o *ast.ObjectLiteral) {
	for _, property := range o.Value {
		switch p := property.(type) {
		case *ast.PropertyShort:
			w.identifier(&p.Name)
			w.property(p.Name.Name.String())
		case *ast.SpreadElement:
			w.expression(p.Expression)
		case *ast.PropertyKeyed:
			if p.Kind == ast.PropertyKindGet || p.Kind == ast.PropertyKindSet {
				w.fail("contains an accessor")
				return
			}
			w.key(p)
			w.expression(p.Value)
		default:
			w.fail("contains a property that cannot be read")
		}
	}
}

// key walks a property name: a computed one is an expression, any other is text.
func (w *walker) key(p *ast.PropertyKeyed) {
	if p.Computed {
		if s, ok := p.Key.(*ast.StringLiteral); ok {
			w.property(s.Value.String())
			return
		}
		w.expression(p.Key)
		return
	}
	switch key := p.Key.(type) {
	case *ast.StringLiteral:
		w.property(key.Value.String())
	case *ast.Identifier:
		w.property(key.Name.String())
	}
}

// regexp admits what Go's linear-time engine can run. A backtracking engine
// cannot be interrupted, and its time limit would read as "no match".
func (w *walker) regexp(e *ast.RegExpLiteral) {
	if !linear(e.Pattern, e.Flags) {
		w.fail("uses the regular expression %s, whose work cannot be bounded", clip(e.Literal))
	}
}

func linear(pattern, flags string) bool {
	transformed, err := parser.TransformRegExp(pattern, strings.Contains(flags, "s"), strings.ContainsAny(flags, "uv"))
	if err != nil {
		return false
	}
	_, err = regexp.Compile(transformed)
	return err == nil
}

// pattern watches the string methods that make a regular expression of
// whatever they are given.
func (w *walker) pattern(method string, args []ast.Expression) {
	if len(args) == 0 || (method != "match" && method != "matchAll" && method != "search") {
		return
	}
	switch arg := args[0].(type) {
	case *ast.RegExpLiteral: // judged where it was walked
	case *ast.StringLiteral:
		if !linear(arg.Value.String(), "") {
			w.fail("uses the regular expression %s, whose work cannot be bounded", clip(arg.Literal))
		}
	default:
		w.fail("makes a regular expression of a value with .%s()", method)
	}
}

func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
