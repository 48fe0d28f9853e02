package pattern

import (
	"errors"
	"slices"
	"strings"
)

// what stood before the cursor; several rules depend on it.
type globToken int

const (
	atStart globToken = iota
	afterText
	afterDot // a dot that may begin a hidden name
	afterSlash
	afterStar
	afterGlobstar
	afterBracket
	afterBrace
	afterParen
)

// globParser translates the general form of a glob, group by group.
type globParser struct {
	in     []rune
	pos    int
	out    strings.Builder
	prev   globToken
	before globToken // what stood before prev
	groups []globGroup
}

// globGroup is an open {, ( or extglob.
type globGroup struct {
	open  rune // '{', '(' or the extglob character
	start int  // of its contents in the glob
	at    int  // where its translation begins
}

var errOpenBrace = errors.New("a '{' is never closed (write \\{ for the character)")

func (g *globParser) rest() string { return string(g.in[g.pos:]) }

func (g *globParser) peek(n int) rune {
	if g.pos+n < len(g.in) {
		return g.in[g.pos+n]
	}
	return 0
}

func (g *globParser) emit(re string, t globToken) {
	g.out.WriteString(re)
	g.before, g.prev = g.prev, t
}

func (g *globParser) inside() *globGroup {
	if len(g.groups) == 0 {
		return nil
	}
	return &g.groups[len(g.groups)-1]
}

func (g *globParser) within(brace bool) bool {
	return slices.ContainsFunc(g.groups, func(o globGroup) bool { return (o.open == '{') == brace })
}

func (g *globParser) parse() error {
	for g.pos < len(g.in) {
		c := g.in[g.pos]
		if strings.ContainsRune("?*+!@", c) && g.extglobAhead(c) {
			g.openExtglob(c)
			continue
		}
		g.pos++
		switch c {
		case 0: // dropped, as in picomatch
		case '\\':
			g.escaped()
		case '"':
			g.quoted()
		case '/':
			g.slash()
		case '*':
			g.star()
		case '?':
			g.question()
		case '.':
			g.dot()
		case '+':
			g.plus()
		case '[':
			g.bracket()
		case '(':
			g.openParen()
		case ')':
			g.closeParen()
		case '{':
			g.groups = append(g.groups, globGroup{'{', g.pos, g.out.Len()})
			g.emit("(?:", afterBrace)
		case '}':
			g.closeBrace()
		case ',':
			if o := g.inside(); o != nil && o.open == '{' {
				g.emit("|", afterBrace)
			} else {
				g.emit(",", afterText)
			}
		case '|':
			g.emit("|", afterText)
		default:
			g.emit(escapeLiteral(c), afterText)
			g.plainText()
		}
	}
	if g.within(true) {
		return errOpenBrace
	}
	return nil
}

// plainText takes everything up to the next special character. A quote inside
// plain text is text; it only quotes where something special precedes it.
func (g *globParser) plainText() {
	for g.pos < len(g.in) && !strings.ContainsRune(`@![].,$*+?^{}()|\/`, g.in[g.pos]) {
		g.emit(escapeLiteral(g.in[g.pos]), afterText)
		g.pos++
	}
}

// escapeLiteral escapes what has a meaning in JavaScript expressions but none
// in globs.
func escapeLiteral(c rune) string {
	if c == '$' || c == '^' || c == ']' || c == '-' {
		return `\` + string(c)
	}
	return string(c)
}

// finish allows a slash after a trailing star or class, as shells do.
func (g *globParser) finish() string {
	if g.prev == afterStar || g.prev == afterBracket {
		return g.out.String() + `\/?`
	}
	return g.out.String()
}

func (g *globParser) escaped() {
	c := g.peek(0)
	switch {
	case g.pos == len(g.in):
		g.emit(`\\`, afterText)
	case c == '/' || c == '.' || c == ';': // the backslash is dropped
	default:
		g.pos++
		g.emit(`\`+string(c), afterText)
	}
}

func (g *globParser) quoted() {
	for g.pos < len(g.in) && g.in[g.pos] != '"' {
		g.emit(escapeRegex(string(g.in[g.pos])), afterText)
		g.pos++
	}
	g.pos++
	g.pos = min(g.pos, len(g.in))
}

func (g *globParser) question() {
	switch {
	case g.out.Len() > 0 && strings.HasSuffix(g.out.String(), "(") && g.prev == afterParen:
		if strings.ContainsRune("!=<:", g.peek(0)) && g.peek(0) != 0 {
			g.emit("?", afterText)
		} else {
			g.emit(`\?`, afterText)
		}
	case g.prev == atStart || g.prev == afterSlash:
		g.emit(`[^./]`, afterText)
	default:
		g.emit(`[^/]`, afterText)
	}
}

// dot: at the start of a segment, and anywhere in a group, a star that follows
// must not complete "." or "..".
func (g *globParser) dot() {
	if o := g.inside(); o != nil || g.prev == atStart || g.prev == afterSlash {
		g.emit(`\.`, afterDot)
		return
	}
	g.emit(`\.`, afterText)
}

// plus is a quantifier after a group and inside parentheses.
func (g *globParser) plus() {
	grouped := g.prev == afterBracket || g.prev == afterParen || g.prev == afterBrace || g.within(false)
	if grouped && !strings.HasSuffix(g.out.String(), "(") && !strings.HasSuffix(g.out.String(), "|") {
		g.emit("+", afterText)
		return
	}
	g.emit(`\+`, afterText)
}

// slash looks ahead for "**": between slashes it stands for any number of
// directories, at the end also for the directory itself.
func (g *globParser) slash() {
	first := g.prev == atStart
	n := 0 // characters of "**", with repetitions "/**" swallowed
	if g.peek(0) == '*' && g.peek(1) == '*' {
		n = 2 + g.repeats(g.pos+2)
	}
	rest := g.in[min(g.pos+n, len(g.in)):]
	switch {
	case n == 0 || first:
	case g.atEnd(rest) && g.prev != afterStar && g.prev != afterGlobstar:
		g.pos += n
		g.emit(`(?:\/`+reNoDot+reGlobstar+`|$)`, afterGlobstar)
		return
	case len(rest) > 0 && rest[0] == '/':
		g.pos += n + 1
		end := ""
		if len(rest) > 1 {
			end = "|$"
		}
		g.emit(`(?:\/`+reNoDot+reGlobstar+`\/|\/`+end+`)`, afterGlobstar)
		g.prev = afterSlash
		return
	}
	g.emit(`\/`, afterSlash)
}

// repeats counts the characters of "/**/**…" at i: the same as one.
func (g *globParser) repeats(i int) int {
	n := 0
	for i+n+2 < len(g.in) && string(g.in[i+n:i+n+3]) == "/**" {
		if after := i + n + 3; after < len(g.in) && g.in[after] != '/' {
			break
		}
		n += 3
	}
	return n
}

// atEnd: nothing follows but the parentheses that are open, none of them a
// negation (there the parent would change what is excluded).
func (g *globParser) atEnd(rest []rune) bool {
	if len(rest) == 0 {
		return true
	}
	parens := 0
	for _, o := range g.groups {
		switch o.open {
		case '!':
			return false
		case '{':
		default:
			parens++
		}
	}
	return parens > 0 && string(rest) == strings.Repeat(")", parens)
}

func (g *globParser) star() {
	segment := g.prev == atStart || g.prev == afterSlash
	double := g.peek(0) == '*'
	if double && g.peek(1) != '*' && g.globstar(segment) {
		return
	}
	for g.peek(0) == '*' {
		if g.peek(1) == '(' {
			break
		}
		g.pos++
	}
	switch {
	case g.prev == afterDot:
		g.out.WriteString(reNoDotSlash)
	case segment:
		g.out.WriteString(reNoDot)
	default:
		g.emit(reStar, afterStar)
		return
	}
	if !double {
		g.out.WriteString(reOneChar)
	}
	g.emit(reStar, afterStar)
}

// globstar translates "**" where it spans directories: a segment of its own, or
// right inside a group. The cursor is on the second star.
func (g *globParser) globstar(segment bool) bool {
	o := g.inside()
	opening := o != nil && (g.prev == afterBrace && g.out.Len() > 0 || g.prev == afterParen) && g.openedHere()
	if !segment && !opening {
		return false
	}
	n := 1 + g.repeats(g.pos+1)
	rest := g.in[min(g.pos+n, len(g.in)):]
	switch {
	case g.prev == atStart && len(rest) == 0:
		g.out.WriteString(reGlobstar)
	case g.prev == atStart && rest[0] == '/':
		n++
		g.pos += n
		g.emit(`(?:^|\/|`+reGlobstar+`\/)`, afterSlash)
		return true
	case len(rest) == 0 || rest[0] == '/' || rest[0] == ')' || o != nil && (rest[0] == ',' || rest[0] == '}' || rest[0] == '|'):
		if segment {
			g.out.WriteString(reNoDot)
		}
		g.out.WriteString(reGlobstar)
	default: // "**x" is no more than "*x"
		return false
	}
	g.pos += n
	g.emit("", afterGlobstar)
	return true
}

// openedHere: the group or alternative began right before the cursor.
func (g *globParser) openedHere() bool {
	out := g.out.String()
	return strings.HasSuffix(out, "(?:") || strings.HasSuffix(out, "(") || strings.HasSuffix(out, "|")
}
