package pattern

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ohler55/ojg/jp"
)

// Path is a compiled JSONPath in the dialect of the JavaScript library that
// authors know: the leading $ may be missing, a dotted name may hold dashes or
// be an index, and .length of an array is its length.
type Path struct {
	text   string
	simple []string // dotted names only, walked without the library
	expr   jp.Expr
	length bool // the expression ended in .length
}

var simplePath = regexp.MustCompile(`^\$?(\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?$`)

// CompilePath compiles a path.
func CompilePath(text string) (p *Path, err error) {
	p = &Path{text: text}
	if text == "" {
		return nil, fmt.Errorf("pattern: the path is empty")
	}
	if simplePath.MatchString(text) {
		p.simple = []string{}
		if rest := strings.TrimPrefix(strings.TrimPrefix(text, "$"), "."); rest != "" {
			p.simple = strings.Split(rest, ".")
		}
		return p, nil
	}
	defer func() { // the parser has panicked on odd input before
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("pattern: path %q: %v", text, r)
		}
	}()
	source := strictEquality(text)
	if base, ok := strings.CutSuffix(source, ".length"); ok && !strings.HasSuffix(base, ".") {
		source, p.length = base, true
	}
	if p.expr, err = jp.ParseString(source); err != nil {
		return nil, fmt.Errorf("pattern: path %q: %w", text, err)
	}
	return p, nil
}

// strictEquality writes === and !== as the library's == and !=, which do not
// convert either. Quoted text stays.
func strictEquality(s string) string {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == '\\' && i+1 < len(s) {
				b.WriteByte(c)
				i++
				c = s[i]
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(s[i:], "===") || strings.HasPrefix(s[i:], "!=="):
			b.WriteByte(c)
			i += 2
			c = '='
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Get returns everything the path leads to in a decoded document.
func (p *Path) Get(doc any) (found []any) {
	if p.simple != nil {
		return walk(doc, p.simple)
	}
	defer func() {
		if recover() != nil { // a filter that cannot apply selects nothing
			found = nil
		}
	}()
	found = p.expr.Get(doc)
	if !p.length {
		return found
	}
	var lengths []any
	for _, f := range found {
		lengths = append(lengths, walk(f, []string{"length"})...)
	}
	return lengths
}

func walk(doc any, names []string) []any {
	for _, name := range names {
		switch v := doc.(type) {
		case map[string]any:
			next, ok := v[name]
			if !ok {
				return nil
			}
			doc = next
		case []any:
			if name == "length" {
				doc = float64(len(v))
				continue
			}
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			doc = v[i]
		default:
			return nil
		}
	}
	return []any{doc}
}
