package purity

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

func (w *walker) expressions(list []ast.Expression) {
	for _, e := range list {
		w.expression(e)
	}
}

// expression walks the forms that only combine values; the rest is access,
// object literals and what is forbidden.
func (w *walker) expression(e ast.Expression) {
	if w.reason != "" || e == nil {
		return
	}
	switch e := e.(type) {
	case *ast.NullLiteral, *ast.BooleanLiteral, *ast.NumberLiteral, *ast.StringLiteral:
	case *ast.RegExpLiteral:
		w.regexp(e)
	case *ast.Identifier:
		w.identifier(e)
	case *ast.TemplateLiteral:
		w.expression(e.Tag)
		w.expressions(e.Expressions)
	case *ast.ArrayLiteral:
		w.expressions(e.Value)
	case *ast.ObjectLiteral:
		w.object(e)
	case *ast.SpreadElement:
		w.expression(e.Expression)
	case *ast.SequenceExpression:
		w.expressions(e.Sequence)
	case *ast.BinaryExpression:
		w.expression(e.Left)
		w.expression(e.Right)
	case *ast.ConditionalExpression:
		w.expression(e.Test)
		w.expression(e.Consequent)
		w.expression(e.Alternate)
	case *ast.OptionalChain:
		w.expression(e.Expression)
	case *ast.Optional:
		w.expression(e.Expression)
	case *ast.ArrowFunctionLiteral, *ast.FunctionLiteral:
		w.function(e, false)
	case *ast.UnaryExpression:
		w.unary(e)
	default:
		w.access(e)
	}
}

func (w *walker) identifier(e *ast.Identifier) {
	name := e.Name.String()
	if _, ok := w.scope.lookup(name); ok || safeGlobal(name) {
		return
	}
	w.fail("uses %q, which is neither a parameter nor a local constant", name)
}

func (w *walker) unary(e *ast.UnaryExpression) {
	switch e.Operator {
	case token.INCREMENT, token.DECREMENT:
		w.fail("changes a variable with %s", e.Operator)
	case token.DELETE:
		w.fail("deletes a property")
	default:
		w.expression(e.Operand)
	}
}

// access walks property access and calls.
func (w *walker) access(e ast.Expression) {
	switch e := e.(type) {
	case *ast.DotExpression:
		w.expression(e.Left)
		w.property(e.Identifier.Name.String())
		w.member(e.Left, e.Identifier.Name.String())
	case *ast.BracketExpression:
		w.expression(e.Left)
		if s, ok := e.Member.(*ast.StringLiteral); ok {
			w.property(s.Value.String())
			w.member(e.Left, s.Value.String())
			return
		}
		w.expression(e.Member)
		w.computed(e.Left)
	case *ast.CallExpression:
		w.expression(e.Callee)
		w.expressions(e.ArgumentList)
		w.call(e)
	default:
		w.forbiddenExpression(e)
	}
}

// property refuses the names that lead out of the sandbox.
func (w *walker) property(name string) {
	if escapes(name) {
		w.fail("reaches for %q, which leads out of the sandbox", name)
	}
}

// member refuses members of built-ins that are not functions of their arguments.
func (w *walker) member(object ast.Expression, name string) {
	if w.global(object) == "Math" && name == "random" {
		w.fail("uses Math.random, so its value does not depend on the event alone")
	}
}

// computed refuses `Math[key]` and `Object[key]`: what is looked up there is
// unknown, and both hold members that member and call refuse by name.
func (w *walker) computed(object ast.Expression) {
	if name := w.global(object); name != "" {
		w.fail("looks up a computed member of %s", name)
	}
}

// global names the built-in an expression stands for, or "".
func (w *walker) global(e ast.Expression) string {
	id, ok := unwrap(e).(*ast.Identifier)
	if !ok {
		return ""
	}
	name := id.Name.String()
	if _, shadowed := w.scope.lookup(name); shadowed {
		return ""
	}
	return name
}

// call looks for writes: the event is frozen where the expression will run.
func (w *walker) call(e *ast.CallExpression) {
	dot, ok := unwrap(e.Callee).(*ast.DotExpression)
	if !ok {
		return
	}
	method := dot.Identifier.Name.String()
	if w.global(dot.Left) == "Object" && method == "assign" && !freshFirst(e.ArgumentList) {
		w.fail("writes to an existing object with Object.assign (start from {} instead)")
		return
	}
	w.pattern(method, e.ArgumentList)
	if root, ok := w.chainRoot(dot.Left); ok && root == input && mutates(method) {
		w.fail("changes the event with .%s() (copy it first)", method)
	}
}

func freshFirst(args []ast.Expression) bool {
	if len(args) == 0 {
		return false
	}
	switch args[0].(type) {
	case *ast.ObjectLiteral, *ast.ArrayLiteral:
		return true
	}
	return false
}

// chainRoot follows a.b?.c[0] to the kind of the name a. Calls end the chain:
// what they return is a new value as far as anybody can tell.
func (w *walker) chainRoot(e ast.Expression) (kind, bool) {
	for {
		switch x := unwrap(e).(type) {
		case *ast.Identifier:
			return w.scope.lookup(x.Name.String())
		case *ast.DotExpression:
			e = x.Left
		case *ast.BracketExpression:
			e = x.Left
		default:
			return 0, false
		}
	}
}

// unwrap removes the markers that goja puts around optional access.
func unwrap(e ast.Expression) ast.Expression {
	for {
		switch x := e.(type) {
		case *ast.Optional:
			e = x.Expression
		case *ast.OptionalChain:
			e = x.Expression
		default:
			return e
		}
	}
}

func (w *walker) forbiddenExpression(e ast.Expression) {
	switch e.(type) {
	case *ast.AssignExpression:
		w.fail("assigns to a variable")
	case *ast.ThisExpression, *ast.SuperExpression:
		w.fail("uses this")
	case *ast.NewExpression:
		w.fail("uses new")
	case *ast.AwaitExpression:
		w.fail("uses await")
	case *ast.YieldExpression:
		w.fail("uses yield")
	case *ast.ClassLiteral:
		w.fail("contains a class")
	case *ast.MetaProperty:
		w.fail("uses new.target")
	default:
		w.fail("contains an expression that cannot be read")
	}
}
