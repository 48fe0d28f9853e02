package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/executor/bundle/internal/unicodeset"
)

// regexpCall is what esbuild prints for a literal that the runtime cannot
// parse; authors write the same by hand.
const regexpCall = "new RegExp("

// expandRegexps replaces patterns with \p{…}, which goja would misread, by
// calls of a helper that knows the expanded pattern. The call is padded to the
// length of what it replaces, so that no column of the source map moves. The
// helper compiles each pattern once and clones it afterwards: a literal in a
// loop yields a new object each time, and the classes are long. It returns the
// helper's declaration for the wrapper's first line.
func expandRegexps(code []byte) (expanded []byte, helper string, err error) {
	var table [][2]string
	for at := 0; ; {
		i := bytes.Index(code[at:], []byte(regexpCall))
		if i < 0 {
			break
		}
		start := at + i
		at = start + len(regexpCall)
		pattern, flags, end := regexpArguments(code, at)
		if end < 0 || !strings.Contains(flags, "u") || !hasProperty(pattern) {
			continue
		}
		plain, xerr := unicodeset.Expand(pattern)
		if xerr != nil {
			err = fmt.Errorf("in the regular expression /%s/%s: %w", pattern, flags, xerr)
			continue // the runtime's own SyntaxError is what Node would throw as well
		}
		call := fmt.Sprintf("__kici_rx(%d)", len(table))
		table = append(table, [2]string{plain, flags})
		if len(expanded) == 0 {
			expanded = bytes.Clone(code)
		}
		n := copy(expanded[start:end], call)
		for j := start + n; j < end; j++ {
			expanded[j] = ' '
		}
		at = end
	}
	if len(table) == 0 {
		return code, "", err
	}
	text, jerr := json.Marshal(table)
	if jerr != nil {
		return nil, "", jerr
	}
	helper = " const __kici_rx = ((t, c) => (i) => new RegExp(c[i] ??= new RegExp(t[i][0], t[i][1])))(" + string(text) + ", []);"
	return expanded, helper, err
}

func hasProperty(pattern string) bool {
	return strings.Contains(pattern, `\p`) || strings.Contains(pattern, `\P`)
}

// regexpArguments reads `"pattern", "flags")`; end is -1 for anything else.
func regexpArguments(code []byte, at int) (pattern, flags string, end int) {
	pattern, at = stringLiteral(code, at)
	if at < 0 || !bytes.HasPrefix(code[at:], []byte(", ")) {
		return "", "", -1
	}
	flags, at = stringLiteral(code, at+2)
	if at < 0 || at >= len(code) || code[at] != ')' {
		return "", "", -1
	}
	return pattern, flags, at + 1
}

// stringLiteral decodes the literal at the position and returns the position
// behind it, -1 when there is none that esbuild would print on one line.
func stringLiteral(code []byte, at int) (string, int) {
	if at >= len(code) || code[at] != '"' && code[at] != '\'' && code[at] != '`' {
		return "", -1
	}
	quote := code[at]
	var out strings.Builder
	for i := at + 1; i < len(code); i++ {
		c := code[i]
		switch {
		case c == quote:
			return out.String(), i + 1
		case c == '\n', c == '$' && quote == '`':
			return "", -1
		case c != '\\':
			out.WriteByte(c)
		case i+1 < len(code):
			i++
			plain, ok := unescape(code[i])
			if !ok {
				return "", -1
			}
			out.WriteByte(plain)
		}
	}
	return "", -1
}

// unescape knows the escapes of one letter. esbuild keeps the charset, so that
// the numeric ones do not occur in what it makes of a regular expression.
func unescape(c byte) (byte, bool) {
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'v':
		return '\v', true
	case '\\', '"', '\'', '`', '/':
		return c, true
	}
	return 0, false
}
