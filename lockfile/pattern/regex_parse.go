package pattern

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// expr is a piece of a parsed JavaScript expression, already in target syntax
// except for what depends on the engine: needsBacktracking is collected on the
// parser. One pass is enough because every construct translates locally.
type regexParser struct {
	in     []rune // UTF-16 units without u, characters with it
	pos    int
	flags  regexFlags
	out    strings.Builder
	names  map[string]int // number of a named group; names differ between engines, numbers do not
	groups int
	depth  int
	// backtracking is set by constructs that Go's engine does not have.
	backtracking bool
}

type regexFlags struct {
	ignoreCase, multiline, dotAll, unicode, sticky bool
}

// limits on what is worth compiling.
const (
	maxRegexLength = 64 << 10
	maxRegexDepth  = 200
)

func parseFlags(flags string) (f regexFlags, err error) {
	for i, c := range flags {
		if strings.ContainsRune(flags[:i], c) {
			return f, fmt.Errorf("flag %q is given twice", c)
		}
		switch c {
		case 'i':
			f.ignoreCase = true
		case 'm':
			f.multiline = true
		case 's':
			f.dotAll = true
		case 'u', 'v':
			f.unicode = true
		case 'y':
			f.sticky = true
		case 'd', 'g': // they steer what a match returns, not whether there is one
		default:
			return f, fmt.Errorf("unknown flag %q", c)
		}
	}
	if strings.Contains(flags, "u") && strings.Contains(flags, "v") {
		return f, fmt.Errorf("flags u and v exclude each other")
	}
	return f, nil
}

// translate rewrites a JavaScript expression. What it returns is valid for both
// engines; backtracking says that only the second one may run it.
func translate(source string, f regexFlags) (target string, backtracking bool, err error) {
	if len(source) > maxRegexLength {
		return "", false, fmt.Errorf("longer than %d bytes", maxRegexLength)
	}
	p := &regexParser{in: units(source, f.unicode), flags: f, names: map[string]int{}}
	if err := p.scanGroups(); err != nil {
		return "", false, err
	}
	if f.sticky {
		p.out.WriteString(`\A`)
	}
	p.out.WriteString("(?:")
	if err := p.alternatives(); err != nil {
		return "", false, err
	}
	p.out.WriteByte(')')
	if p.pos < len(p.in) {
		return "", false, fmt.Errorf("unmatched ')' at %d", p.pos)
	}
	return p.out.String(), p.backtracking, nil
}

// scanGroups counts capture groups beforehand: whether \2 is a back-reference
// or an octal escape depends on what comes later.
func (p *regexParser) scanGroups() error {
	class := false
	for i := 0; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '(' && !class:
			if i+1 >= len(p.in) || p.in[i+1] != '?' {
				p.groups++
			} else if i+3 < len(p.in) && p.in[i+2] == '<' && p.in[i+3] != '=' && p.in[i+3] != '!' {
				p.groups++
				name, _, closed := strings.Cut(string(p.in[i+3:]), ">")
				if !closed || !isGroupName(name) {
					return fmt.Errorf("invalid group name at %d", i)
				}
				if p.names[name] != 0 {
					return fmt.Errorf("two groups are called %q", name)
				}
				p.names[name] = p.groups
			}
		}
	}
	return nil
}

func (p *regexParser) more() bool { return p.pos < len(p.in) }

func (p *regexParser) next(s string) bool {
	r := []rune(s)
	if p.pos+len(r) > len(p.in) {
		return false
	}
	for i, c := range r {
		if p.in[p.pos+i] != c {
			return false
		}
	}
	return true
}

func (p *regexParser) take(s string) bool {
	if !p.next(s) {
		return false
	}
	p.pos += len([]rune(s))
	return true
}

func (p *regexParser) alternatives() error {
	if p.depth++; p.depth > maxRegexDepth {
		return fmt.Errorf("nested deeper than %d", maxRegexDepth)
	}
	defer func() { p.depth-- }()
	for p.more() && p.in[p.pos] != ')' {
		if p.take("|") {
			p.out.WriteByte('|')
			continue
		}
		if err := p.term(); err != nil {
			return err
		}
	}
	return nil
}

// lineEnds are JavaScript's line terminators; Go and .NET know only \n.
const lineEnds = "\n\r\u2028\u2029"

// term is an assertion, or an atom with its quantifier.
func (p *regexParser) term() error {
	start := p.out.Len()
	quantifiable := true
	switch c := p.in[p.pos]; {
	case p.take("^"):
		p.assertion(`\A`, `(?:(?<=[`+lineEnds+`])|\A)`)
		quantifiable = false
	case p.take("$"):
		p.assertion(`\z`, `(?:(?=[`+lineEnds+`])|\z)`)
		quantifiable = false
	case p.take(`\b`), p.take(`\B`):
		p.wordBoundary(p.in[p.pos-1])
		quantifiable = false
	case c == '(':
		ok, err := p.group()
		if err != nil {
			return err
		}
		quantifiable = ok
	case p.take("."):
		if p.flags.dotAll {
			p.out.WriteString(`(?s:.)`)
		} else {
			p.out.WriteString("[^" + lineEnds + "]")
		}
	case c == '[':
		if err := p.class(); err != nil {
			return err
		}
	case c == '\\':
		if err := p.escape(); err != nil {
			return err
		}
	case c == '*' || c == '+' || c == '?':
		return fmt.Errorf("nothing to repeat at %d", p.pos)
	case c == '{' && (p.flags.unicode || p.countAhead()):
		return fmt.Errorf("nothing to repeat at %d", p.pos)
	case (c == '}' || c == ']') && p.flags.unicode:
		return fmt.Errorf("lone %q at %d", c, p.pos)
	default:
		p.pos++
		p.literal(c)
	}
	return p.quantifier(start, quantifiable)
}

func (p *regexParser) assertion(plain, multiline string) {
	if !p.flags.multiline {
		p.out.WriteString(plain)
		return
	}
	p.backtracking = true
	p.out.WriteString(multiline)
}

// wordBoundary spells \b out for the backtracking engine, where it would be
// Unicode; Go's is ASCII as JavaScript's.
func (p *regexParser) wordBoundary(which rune) {
	p.out.WriteString(`\` + string(which))
}

// group reads (…) in all its forms; it reports whether a quantifier may follow.
func (p *regexParser) group() (bool, error) {
	open, quantifiable := "(", true
	switch {
	case p.take("(?:"):
		open = "(?:"
	case p.take("(?="), p.take("(?!"):
		open, quantifiable = "(?"+string(p.in[p.pos-1]), !p.flags.unicode
		p.backtracking = true
	case p.take("(?<="), p.take("(?<!"):
		open, quantifiable = "(?<"+string(p.in[p.pos-1]), false
		p.backtracking = true
	case p.take("(?<"):
		end := p.pos
		for p.in[end] != '>' { // scanGroups saw that it is there
			end++
		}
		p.pos = end + 1
	case p.next("(?"):
		return false, fmt.Errorf("invalid group at %d", p.pos)
	default:
		p.pos++
	}
	p.out.WriteString(open)
	if err := p.alternatives(); err != nil {
		return false, err
	}
	if !p.take(")") {
		return false, fmt.Errorf("unterminated group")
	}
	p.out.WriteByte(')')
	return quantifiable, nil
}

func isGroupName(name string) bool {
	for i, c := range name {
		if c != '_' && c != '$' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c) && !unicode.IsMark(c)) {
			return false
		}
	}
	return name != ""
}

// countAhead tells whether {…} at the cursor is a quantifier. Without u a brace
// that is none stands for itself.
func (p *regexParser) countAhead() bool {
	_, _, _, ok := p.count()
	return ok
}

func (p *regexParser) count() (low, high string, end int, ok bool) {
	i := p.pos + 1
	digits := func() string {
		start := i
		for i < len(p.in) && p.in[i] >= '0' && p.in[i] <= '9' {
			i++
		}
		return string(p.in[start:i])
	}
	low = digits()
	high = low
	if i < len(p.in) && p.in[i] == ',' {
		i++
		high = digits()
	}
	return low, high, i + 1, low != "" && i < len(p.in) && p.in[i] == '}'
}

func (p *regexParser) quantifier(start int, allowed bool) error {
	if !p.more() {
		return nil
	}
	var q string
	switch c := p.in[p.pos]; {
	case c == '*' || c == '+' || c == '?':
		p.pos++
		q = string(c)
	case c == '{':
		low, high, end, ok := p.count()
		if !ok {
			return nil // the next term deals with it
		}
		var err error
		if q, err = p.bounded(low, high, p.in[p.pos:end]); err != nil {
			return err
		}
		p.pos = end
	default:
		return nil
	}
	if !allowed {
		return fmt.Errorf("nothing to repeat at %d", p.pos)
	}
	if p.take("?") {
		q += "?"
	}
	// A group of its own keeps a multi-character piece (an escape that became a
	// sequence) together and stops engines from reading a*+ as possessive.
	piece := p.out.String()
	p.out.Reset()
	p.out.WriteString(piece[:start] + "(?:" + piece[start:] + ")" + q)
	return nil
}

// maxGoRepeat is the largest count Go's engine accepts.
const maxGoRepeat = 1000

func (p *regexParser) bounded(low, high string, text []rune) (string, error) {
	l, err1 := strconv.Atoi(low)
	h := l
	var err2 error
	if high != "" {
		h, err2 = strconv.Atoi(high)
	}
	const most = 1 << 20
	if err1 != nil || err2 != nil || l > most || h > most {
		return "", fmt.Errorf("the count %s is too large", string(text))
	}
	if h < l {
		return "", fmt.Errorf("the counts in %s are out of order", string(text))
	}
	// Nested counts multiply; leave anything big to the engine that can.
	if max(l, h) > maxGoRepeat {
		p.backtracking = true
	}
	return string(text), nil
}

// surrogateBase is where UTF-16 surrogates live while matching: without the u
// flag JavaScript sees two units in one emoji, and no Go string can hold one
// unit alone. The last 2,048 private-use characters stand in for them, in the
// pattern and in the text alike.
const surrogateBase = 0x10F800

// units splits a text into what JavaScript counts as characters.
func units(s string, unicodeMode bool) []rune {
	runes := []rune(s)
	if unicodeMode {
		return runes
	}
	out := make([]rune, 0, len(runes))
	for _, r := range runes {
		if r < 0x10000 {
			out = append(out, r)
			continue
		}
		high, low := utf16.EncodeRune(r)
		out = append(out, high-0xD800+surrogateBase, low-0xD800+surrogateBase)
	}
	return out
}
