package purity

import "github.com/dop251/goja/ast"

func (w *walker) statements(list []ast.Statement) {
	for _, s := range list {
		if w.reason != "" {
			return
		}
		w.statement(s)
	}
}

func (w *walker) statement(s ast.Statement) {
	switch s := s.(type) {
	case nil, *ast.EmptyStatement, *ast.DebuggerStatement:
	case *ast.BranchStatement:
		if s.Label != nil {
			w.fail("uses a label")
		}
	case *ast.BlockStatement:
		w.block(func() { w.statements(s.List) })
	case *ast.ExpressionStatement:
		w.expression(s.Expression)
	case *ast.ReturnStatement:
		w.expression(s.Argument)
	case *ast.LexicalDeclaration:
		w.bindings(s.List)
	case *ast.IfStatement:
		w.expression(s.Test)
		w.nested(s.Consequent)
		w.nested(s.Alternate)
	case *ast.SwitchStatement:
		w.switchStatement(s)
	default:
		w.loop(s)
	}
}

// nested walks a statement that may stand without braces.
func (w *walker) nested(s ast.Statement) {
	w.block(func() { w.statement(s) })
}

func (w *walker) switchStatement(s *ast.SwitchStatement) {
	w.expression(s.Discriminant)
	w.block(func() {
		for _, c := range s.Body {
			w.expression(c.Test)
			w.statements(c.Consequent)
		}
	})
}

func (w *walker) loop(s ast.Statement) {
	switch s := s.(type) {
	case *ast.ForStatement:
		w.block(func() {
			w.initializer(s.Initializer)
			w.expression(s.Test)
			w.expression(s.Update)
			w.nested(s.Body)
		})
	case *ast.ForOfStatement:
		w.forInto(s.Into, s.Source, s.Body)
	case *ast.ForInStatement:
		w.forInto(s.Into, s.Source, s.Body)
	case *ast.WhileStatement:
		w.expression(s.Test)
		w.nested(s.Body)
	case *ast.DoWhileStatement:
		w.nested(s.Body)
		w.expression(s.Test)
	default:
		w.forbidden(s)
	}
}

func (w *walker) initializer(i ast.ForLoopInitializer) {
	switch i := i.(type) {
	case nil:
	case *ast.ForLoopInitializerExpression:
		w.expression(i.Expression)
	case *ast.ForLoopInitializerLexicalDecl:
		w.bindings(i.LexicalDeclaration.List)
	default:
		w.fail("declares a variable with var")
	}
}

func (w *walker) forInto(into ast.ForInto, source ast.Expression, body ast.Statement) {
	w.expression(source)
	w.block(func() {
		switch into := into.(type) {
		case *ast.ForDeclaration:
			w.bind(into.Target, w.kindOf(source))
		case *ast.ForIntoVar:
			w.fail("declares a variable with var")
		default:
			w.fail("assigns to a variable")
		}
		w.nested(body)
	})
}

func (w *walker) forbidden(s ast.Statement) {
	switch s.(type) {
	case *ast.VariableStatement:
		w.fail("declares a variable with var")
	case *ast.ThrowStatement:
		w.fail("throws")
	case *ast.TryStatement:
		w.fail("uses try/catch")
	case *ast.LabelledStatement:
		w.fail("uses a label")
	case *ast.FunctionDeclaration:
		w.fail("declares a function inside (a const arrow may be inlined)")
	case *ast.ClassDeclaration:
		w.fail("declares a class")
	case *ast.WithStatement:
		w.fail("uses with")
	default:
		w.fail("contains a statement that cannot be read")
	}
}
