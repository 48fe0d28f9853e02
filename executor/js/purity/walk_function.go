package purity

import (
	"fmt"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// walker carries the current scope and the first reason against the function.
type walker struct {
	scope  *scope
	reason string
}

func (w *walker) fail(format string, args ...any) {
	if w.reason == "" {
		w.reason = fmt.Sprintf(format, args...)
	}
}

// block runs walk inside a fresh scope.
func (w *walker) block(walk func()) {
	w.scope = &scope{parent: w.scope}
	walk()
	w.scope = w.scope.parent
}

// function walks an arrow or function literal; outer says that its parameters
// are the caller's arguments.
func (w *walker) function(fn ast.Expression, outer bool) {
	k := local
	if outer {
		k = input
	}
	switch fn := fn.(type) {
	case *ast.ArrowFunctionLiteral:
		w.refuse(modifiers(fn.Async, false))
		w.block(func() {
			w.parameters(fn.ParameterList, k)
			switch body := fn.Body.(type) {
			case *ast.ExpressionBody:
				w.expression(body.Expression)
			case *ast.BlockStatement:
				w.statements(body.List)
			default:
				w.fail("has a body that cannot be read")
			}
		})
	case *ast.FunctionLiteral:
		w.refuse(modifiers(fn.Async, fn.Generator))
		w.block(func() {
			if fn.Name != nil {
				w.scope.declare(fn.Name.Name.String(), local)
			}
			w.parameters(fn.ParameterList, k)
			if fn.Body != nil {
				w.statements(fn.Body.List)
			}
		})
	default:
		w.fail("contains a function that cannot be read")
	}
}

// refuse fails with reason when there is one.
func (w *walker) refuse(reason string) {
	if reason != "" {
		w.fail("%s", reason)
	}
}

// parameters declares a parameter list from left to right. Default values are
// walked with the parameters before them in scope: a default that reads the
// process would fail at dispatch, not at compile time.
func (w *walker) parameters(list *ast.ParameterList, k kind) {
	if list == nil {
		return
	}
	for _, p := range list.List {
		if p.Initializer != nil {
			w.expression(p.Initializer)
		}
		w.bind(p.Target, k)
	}
	if list.Rest != nil {
		w.bind(list.Rest, local)
	}
}

// bindings walks const and let declarations.
func (w *walker) bindings(list []*ast.Binding) {
	for _, b := range list {
		if b.Initializer != nil {
			w.expression(b.Initializer)
		}
		w.alias(b.Initializer)
		w.bind(b.Target, w.kindOf(b.Initializer))
	}
}

// kindOf follows an initializer to the frozen event, so that
// `const l = event.labels; l.sort()` is seen for the write it is.
func (w *walker) kindOf(e ast.Expression) kind {
	if root, ok := w.chainRoot(e); ok {
		return root
	}
	return local
}

// alias refuses other names for the built-ins whose members are judged by name.
func (w *walker) alias(e ast.Expression) {
	if name := w.global(e); name == "Math" || name == "Object" {
		w.fail("gives %s another name", name)
	}
}

// bind declares the names of a binding target and walks what it evaluates.
func (w *walker) bind(target ast.Expression, k kind) {
	switch t := target.(type) {
	case nil:
	case *ast.Identifier:
		w.scope.declare(t.Name.String(), k)
	case *ast.AssignExpression: // a target with a default, inside a pattern
		if t.Operator != token.ASSIGN {
			w.fail("contains a pattern that cannot be read")
			return
		}
		w.expression(t.Right)
		w.bind(t.Left, k)
	case *ast.Binding:
		if t.Initializer != nil {
			w.expression(t.Initializer)
		}
		w.bind(t.Target, k)
	case *ast.ArrayPattern:
		for _, e := range t.Elements {
			w.bind(e, k)
		}
		w.bind(t.Rest, local)
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			w.bindProperty(p, k)
		}
		w.bind(t.Rest, local)
	default:
		w.fail("contains a pattern that cannot be read")
	}
}

func (w *walker) bindProperty(property ast.Property, k kind) {
	switch p := property.(type) {
	case *ast.PropertyShort:
		name := p.Name.Name.String()
		w.property(name)
		if p.Initializer != nil {
			w.expression(p.Initializer)
		}
		w.scope.declare(name, k)
	case *ast.PropertyKeyed:
		w.key(p)
		w.bind(p.Value, k)
	default:
		w.fail("contains a pattern that cannot be read")
	}
}
