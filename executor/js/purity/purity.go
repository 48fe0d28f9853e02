package purity

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

// MaxSource bounds the text of one function. The parser is recursive, and the
// text is copied into the lock file that every trigger decision reads.
const MaxSource = 64 << 10

// maxDepth bounds the nesting of brackets. Go's stack would survive more, but
// deeply nested text is the one thing that can kill the process that evaluates
// it, so it never gets there.
const maxDepth = 200

// Verdict is the answer about one function.
type Verdict struct {
	Pure       bool
	Expression string // the function as an expression, when pure
	Reason     string // completes "this function …", when impure
}

// Analyze judges the text of a function, as Function.prototype.toString prints
// it: an arrow, a function expression or a method in shorthand.
func Analyze(source string) Verdict {
	source = strings.TrimSpace(source)
	if len(source) > MaxSource {
		return impure("is larger than 64 KiB")
	}
	if tooDeep(source) {
		return impure("is nested too deeply")
	}
	fn, expression, reason := parseFunction(source)
	if reason != "" {
		return impure(reason)
	}
	w := &walker{}
	w.function(fn, true)
	if w.reason != "" {
		return impure(w.reason)
	}
	return Verdict{Pure: true, Expression: expression}
}

func impure(reason string) Verdict { return Verdict{Reason: reason} }

// parseFunction reads source as an expression, then as a method. It returns
// the function and the text that stands for it where an expression is expected.
func parseFunction(source string) (fn ast.Expression, expression, reason string) {
	parsed, source := parseWhole(source)
	switch e := parsed.(type) {
	case *ast.ArrowFunctionLiteral, *ast.FunctionLiteral:
		return e, source, ""
	case *ast.ClassLiteral:
		return nil, "", "is a class"
	case nil:
	default:
		return nil, "", "is not a plain function"
	}
	const open = "({"
	object, ok := parseExpression(open + source + "\n})").(*ast.ObjectLiteral)
	if !ok || len(object.Value) != 1 {
		return nil, "", "cannot be read as a function (it may be native or bound)"
	}
	method, ok := object.Value[0].(*ast.PropertyKeyed)
	if !ok || method.Kind != ast.PropertyKindMethod {
		return nil, "", "is an accessor"
	}
	literal, ok := method.Value.(*ast.FunctionLiteral)
	if !ok || literal.ParameterList == nil {
		return nil, "", "is not a plain function"
	}
	if reason := modifiers(literal.Async, literal.Generator); reason != "" {
		return nil, "", reason
	}
	// The method's own name is not visible inside its body, so it is dropped
	// instead of becoming the name of a function expression, which would be.
	start := int(literal.ParameterList.Opening) - len(open) - 1
	if start < 0 || start >= len(source) || source[start] != '(' {
		return nil, "", "is not a plain function"
	}
	return literal, "function " + source[start:], ""
}

// maxLost is how many closing parentheses of a body in parentheses are put
// back; printers write one pair at most.
const maxLost = 4

// parseWhole parses source as an expression, putting back what goja's toString
// cuts off: an arrow's text ends with its body, and `(e) => ({ a: 1 })` comes
// without the last parenthesis. A cut text never parses, so nothing else is
// mistaken for one.
func parseWhole(source string) (ast.Expression, string) {
	for n := 0; n <= maxLost; n++ {
		whole := source + strings.Repeat(")", n)
		if e := parseExpression("(" + whole + "\n)"); e != nil {
			return e, whole
		}
		if !strings.Contains(source, "=>") {
			break
		}
	}
	return nil, source
}

// parseExpression returns the one expression that text consists of, else nil.
func parseExpression(text string) ast.Expression {
	program, err := parser.ParseFile(new(file.FileSet), "", text, 0, parser.WithDisableSourceMaps)
	if err != nil || program == nil || len(program.Body) != 1 {
		return nil
	}
	statement, ok := program.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	return statement.Expression
}

// tooDeep counts brackets without regard for strings: a string full of
// brackets is refused wrongly, which only costs speed.
func tooDeep(source string) bool {
	depth := 0
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case '(', '[', '{':
			if depth++; depth > maxDepth {
				return true
			}
		case ')', ']', '}':
			depth--
		}
	}
	return false
}

func modifiers(async, generator bool) string {
	switch {
	case async:
		return "is async"
	case generator:
		return "is a generator"
	}
	return ""
}
