package pattern

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gobwas/glob"
)

// ErrEmpty is returned for an empty pattern, which cannot match anything.
var ErrEmpty = errors.New("pattern: the pattern is empty")

// maxGlobLength is picomatch's own limit.
const maxGlobLength = 64 << 10

// Glob is a compiled glob.
type Glob struct {
	text    string
	literal bool // no special characters: equality decides
	// prefix and suffix are plain text every match begins and ends with (a slash
	// at the very end aside). They turn most values away without the engine.
	prefix, suffix string
	re             *Regexp
	plain          *glob.Pattern // decides instead of re, where it agrees
}

// CompileGlob compiles a glob. Broken globs (an open brace, an impossible range)
// are errors here, although picomatch would take them and never match.
func CompileGlob(text string) (*Glob, error) {
	switch {
	case text == "":
		return nil, ErrEmpty
	case !utf8.ValidString(text):
		return nil, fmt.Errorf("pattern: the glob %q is not valid UTF-8", text)
	case len(text) > maxGlobLength:
		return nil, fmt.Errorf("pattern: the glob is longer than %d bytes", maxGlobLength)
	case !strings.ContainsAny(text, "*?[]{}()!+@|\\\"\x00^$") && !strings.HasPrefix(text, "./"):
		return &Glob{text: text, literal: true}, nil
	}
	source, err := globSource(text)
	if err != nil {
		return nil, fmt.Errorf("pattern: glob %q: %w", text, err)
	}
	re, err := CompileRegexp(source, "")
	if err != nil {
		return nil, fmt.Errorf("pattern: glob %q is not valid: %w", text, err)
	}
	g := &Glob{text: text, re: re, plain: compilePlain(text)}
	g.prefix, g.suffix = fixedEnds(text)
	return g, nil
}

// fixedEnds finds the plain text at both ends of a glob.
func fixedEnds(text string) (prefix, suffix string) {
	// A bar separates alternatives anywhere, and quotes and escapes are not
	// worth the trouble; a leading "./" or "!" changes what the rest means.
	if strings.ContainsAny(text, "|\"\\\x00") || strings.HasPrefix(text, "!") || strings.HasPrefix(text, "./") {
		return "", ""
	}
	const special = "*?[]{}()!+@"
	prefix = text[:strings.IndexAny(text+"*", special)]
	if strings.HasPrefix(text[len(prefix):], "**") {
		prefix = strings.TrimSuffix(prefix, "/") // "a/**" matches "a"
	}
	return prefix, text[strings.LastIndexAny(text, special+"/")+1:]
}

// String is the glob as written.
func (g *Glob) String() string { return g.text }

// Match tells whether the whole of s fits. The empty text never does, and a
// text that is spelled like the glob always does. The error is ErrTimeout or nil.
func (g *Glob) Match(s string) (bool, error) {
	switch {
	case s == "":
		return false, nil
	case s == g.text:
		return true, nil
	case g.literal:
		return false, nil
	case !strings.HasPrefix(s, g.prefix) || !strings.HasSuffix(strings.TrimSuffix(s, "/"), g.suffix):
		return false, nil
	case g.plain != nil && !strings.HasSuffix(s, "/"): // picomatch forgives one slash at the end
		return g.plain.Match(s), nil
	}
	return g.re.Match(s)
}

// Pieces of the JavaScript expression a glob becomes. A segment never starts
// with a dot unless the glob says so; that is what the look-aheads are for.
const (
	reNoDot      = `(?!\.)`
	reNoDotSlash = `(?!\.{0,1}(?:\/|$))`
	reOneChar    = `(?=.)`
	reStar       = `[^/]*?`
	reGlobstar   = `(?:(?:(?!(?:^|\/)\.).)*?)`
)

// globSource translates a glob into a JavaScript expression.
func globSource(text string) (string, error) {
	switch text {
	case "***":
		text = "*"
	case "**/**", "**/**/**":
		text = "**"
	}
	body, negated := text, false
	if body[0] == '.' || body[0] == '*' {
		if out, ok := wholeGlob(strings.TrimPrefix(body, "./")); ok {
			return `^(?:` + out + `\/?)$`, nil
		}
	}
	body = strings.TrimPrefix(body, "./")
	for strings.HasPrefix(body, "!") && (!strings.HasPrefix(body, "!(") || strings.HasPrefix(body, "!(?")) {
		negated = !negated
		body = body[1:]
	}
	if body != text {
		body = strings.TrimPrefix(body, "./")
	}
	var out string
	if negated || strings.HasPrefix(text, "!") || strings.HasPrefix(text, "*") || strings.ContainsAny(text, `/()[]{}"`) {
		g := &globParser{in: []rune(body)}
		if err := g.parse(); err != nil {
			return "", err
		}
		out = g.finish()
	} else {
		out = flatGlob(body)
	}
	source := `^(?:` + out + `)$`
	if negated {
		source = `^(?!` + source + `).*$`
	}
	return source, nil
}

// wholeGlob knows the commonest shapes, which picomatch reads by a table and a
// little more generously than its general rules (a trailing slash is allowed).
func wholeGlob(text string) (string, bool) {
	deep := `(?:` + reNoDot + reGlobstar + `\/)?`
	switch text {
	case "*":
		return reNoDot + reOneChar + reStar, true
	case ".*":
		return `\.` + reOneChar + reStar, true
	case "*.*":
		return reNoDot + reStar + `\.` + reOneChar + reStar, true
	case "*/*":
		return reNoDot + reStar + `\/` + reOneChar + reNoDot + reStar, true
	case "**":
		return reNoDot + reGlobstar, true
	case "**/*":
		return deep + reNoDot + reOneChar + reStar, true
	case "**/*.*":
		return deep + reNoDot + reStar + `\.` + reOneChar + reStar, true
	case "**/.*":
		return deep + `\.` + reOneChar + reStar, true
	}
	dot := strings.LastIndexByte(text, '.')
	if dot < 0 || !isWord(text[dot+1:]) {
		return "", false
	}
	// The extension is the part behind the first dot that leaves only word
	// characters, which is the last dot.
	base, ok := wholeGlob(text[:dot])
	return base + `\.` + text[dot+1:], ok
}

func isWord(s string) bool {
	for _, c := range s {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// flatGlob translates a glob without slashes and groups, where only * and ?
// are special and no trailing slash is allowed.
func flatGlob(text string) string {
	var b strings.Builder
	in := []rune(text)
	for i := 0; i < len(in); i++ {
		switch c := in[i]; c {
		case '\\':
			run := 1
			for i+1 < len(in) && in[i+1] == '\\' {
				i++
				run++
			}
			if b.WriteByte('\\'); run%2 == 0 || i+1 == len(in) {
				b.WriteByte('\\') // pairs of them are one, as text
				continue
			}
			i++
			b.WriteRune(in[i])
		case '*':
			for i+1 < len(in) && in[i+1] == '*' {
				i++
			}
			b.WriteString(reStar)
		case '?':
			if i == 0 {
				b.WriteString(`[^./]`)
			} else {
				b.WriteString(`[^/]`)
			}
		default:
			b.WriteString(escapeRegex(string(c)))
		}
	}
	return b.String()
}

func escapeRegex(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune(`-*+?.^${}(|)[]\/`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}
