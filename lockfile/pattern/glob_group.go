package pattern

import (
	"slices"
	"strings"
)

// extglobAhead: ?(…), *(…), +(…), @(…) and !(…), as opposed to a plain
// character before an expression group such as (?:…).
func (g *globParser) extglobAhead(c rune) bool {
	if g.peek(1) != '(' || !g.closes(g.pos+1) {
		return false
	}
	if g.peek(2) == '?' {
		return c == '!' && !strings.ContainsRune("!=<:", g.peek(3))
	}
	return c != '?' || g.prev != afterParen || !strings.HasSuffix(g.out.String(), "(")
}

// closes tells whether the parenthesis at i has its partner.
func (g *globParser) closes(i int) bool {
	depth := 0
	for ; i < len(g.in); i++ {
		switch g.in[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return true
			}
		}
	}
	return false
}

func (g *globParser) openExtglob(c rune) {
	g.pos += 2
	if g.out.Len() == 0 && c != '@' {
		g.out.WriteString(reOneChar)
	}
	g.groups = append(g.groups, globGroup{c, g.pos, g.out.Len()})
	if c == '!' {
		g.emit("(?:(?!(?:", afterParen)
		return
	}
	g.emit("(?:", afterParen)
}

func (g *globParser) openParen() {
	if !g.closes(g.pos - 1) {
		g.emit(`\(`, afterText)
		return
	}
	g.groups = append(g.groups, globGroup{'(', g.pos, g.out.Len()})
	g.emit("(", afterParen)
}

func (g *globParser) closeParen() {
	o := g.inside()
	if o == nil || o.open == '{' {
		g.emit(`\)`, afterText)
		return
	}
	group := *o
	g.groups = g.groups[:len(g.groups)-1]
	if group.open == '!' {
		g.closeNegation(group)
		return
	}
	g.emit(map[rune]string{'(': ")", '@': ")", '?': ")?", '*': ")*", '+': ")+"}[group.open], afterParen)
}

// closeNegation ends !(…). What it may match instead depends on what follows:
// at the end it must not match the whole rest, and before a plain extension the
// extension belongs to what is forbidden.
func (g *globParser) closeNegation(group globGroup) {
	inner := string(g.in[group.start : g.pos-1])
	star := reStar
	if len(inner) > 1 && strings.Contains(inner, "/") {
		star = reGlobstar
	}
	rest := g.rest()
	switch {
	case strings.Contains(inner, "*") && isExtension(rest):
		tail := &globParser{in: []rune(rest)}
		if tail.parse() == nil {
			g.emit(")"+tail.finish()+")"+star+")", afterParen)
			return
		}
		fallthrough
	case star != reStar || strings.Trim(rest, ")") == "":
		g.emit(")$))"+star, afterParen)
	default:
		g.emit("))"+star+")", afterParen)
	}
}

// isExtension: a dot and a name without further dots, slashes or escapes.
func isExtension(s string) bool {
	return len(s) > 1 && s[0] == '.' && !strings.ContainsAny(s[1:], `\/.`)
}

// closeBrace ends {…}: alternatives, a range, or just braces around text.
func (g *globParser) closeBrace() {
	o := g.inside()
	if o == nil || o.open != '{' {
		g.emit(`\}`, afterText)
		return
	}
	group := *o
	g.groups = g.groups[:len(g.groups)-1]
	inner := string(g.in[group.start : g.pos-1])
	before, translated := g.out.String()[:group.at], g.out.String()[group.at+len("(?:"):]
	switch {
	case strings.Contains(inner, "..") && !strings.Contains(inner, ","):
		g.out.Reset()
		g.out.WriteString(before + braceRange(inner))
		g.emit("", afterBrace)
	case commaAtTop(inner):
		g.emit(")", afterBrace)
	default:
		g.out.Reset()
		g.out.WriteString(before + `\{` + translated + `\}`)
		g.emit("", afterBrace)
	}
}

func commaAtTop(s string) bool {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		case ',':
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

// braceRange is {a..z}: a character class, as picomatch has it, so that {1..12}
// matches one of the characters 1 to 1, and 2. When it makes no class it is text.
func braceRange(inner string) string {
	ends := strings.Split(inner, "..")
	slices.Sort(ends)
	class := "[" + strings.Join(ends, "-") + "]"
	if _, _, err := translate(class, regexFlags{}); err == nil {
		return class
	}
	for i := range ends {
		ends[i] = escapeRegex(ends[i])
	}
	return strings.Join(ends, "..")
}

// posixClasses are the names inside [[:name:]].
var posixClasses = map[string]string{
	"alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "ascii": `\x00-\x7F`, "blank": ` \t`, "cntrl": `\x00-\x1F\x7F`,
	"digit": "0-9", "graph": `\x21-\x7E`, "lower": "a-z", "print": `\x20-\x7E `,
	"punct": `\-!"#$%&'()\*+,./:;<=>?@[\]^_` + "`{|}~", "space": ` \t\r\n\v\f`, "upper": "A-Z",
	"word": "A-Za-z0-9_", "xdigit": "A-Fa-f0-9",
}

// bracket reads […]. A class of plain characters also matches its own text.
func (g *globParser) bracket() {
	end := g.bracketEnd()
	if end < 0 {
		g.emit(`\[`, afterText)
		return
	}
	inner := string(g.in[g.pos:end])
	g.pos = end + 1
	class, posix := expandPosix(inner)
	switch {
	case posix:
		g.emit("["+class+"]", afterBracket)
	case strings.HasPrefix(inner, "^") && !strings.Contains(inner, "/"):
		g.emit("["+class+"/]", afterBracket)
	case strings.ContainsAny(inner, `-*+?.^${}(|)[]`):
		g.emit("["+class+"]", afterBracket)
	default:
		g.emit("(?:"+escapeRegex("["+inner+"]")+"|["+class+"])", afterBracket)
	}
}

// bracketEnd finds the ] that ends the class; one in first place is a member.
func (g *globParser) bracketEnd() int {
	i := g.pos
	if i < len(g.in) && g.in[i] == '^' {
		i++
	}
	for first := true; i < len(g.in); i, first = i+1, false {
		switch {
		case g.in[i] == '\\':
			i++
		case g.in[i] == '[' && i+1 < len(g.in) && g.in[i+1] == ':':
			if j := strings.Index(string(g.in[i:]), ":]"); j > 0 {
				i += len([]rune(string(g.in[i:])[:j])) + 1
			}
		case g.in[i] == ']' && !first:
			return i
		}
	}
	return -1
}

// expandPosix writes the class in JavaScript's syntax.
func expandPosix(inner string) (class string, posix bool) {
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		if strings.HasPrefix(inner[i:], "[:") {
			name, _, closed := strings.Cut(inner[i+2:], ":]")
			if set, known := posixClasses[name]; closed && known {
				b.WriteString(set)
				i += len(name) + 3
				posix = true
				continue
			}
		}
		switch c := inner[i]; {
		case c == '\\' && i+1 < len(inner):
			b.WriteString(inner[i : i+2])
			i++
		case c == '[', c == '-' && i == len(inner)-1, c == ']':
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), posix
}
