package pattern

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// escape reads a backslash outside a class.
func (p *regexParser) escape() error {
	p.pos++
	if !p.more() {
		return fmt.Errorf("\\ at the end of the pattern")
	}
	if c := p.in[p.pos]; c >= '1' && c <= '9' {
		if p.backReference() {
			return nil
		}
		if p.flags.unicode {
			return fmt.Errorf("invalid escape \\%c", c)
		}
	}
	if p.next("k<") && (p.flags.unicode || len(p.names) > 0) {
		return p.namedReference()
	}
	set, err := p.escapedSet()
	if err != nil {
		return err
	}
	if len(set) == 1 && set[0][0] == set[0][1] {
		p.literal(set[0][0])
		return nil
	}
	if p.flags.ignoreCase && p.flags.unicode {
		set = set.fold(true)
	}
	set.write(&p.out)
	return nil
}

func (p *regexParser) backReference() bool {
	end := p.pos
	for end < len(p.in) && p.in[end] >= '0' && p.in[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(p.in[p.pos:end]))
	if err != nil || n > p.groups {
		return false
	}
	p.backtracking = true
	p.pos = end
	fmt.Fprintf(&p.out, `(?:\%d)`, n)
	return true
}

func (p *regexParser) namedReference() error {
	rest := string(p.in[p.pos+2:])
	name, _, closed := strings.Cut(rest, ">")
	number := p.names[name]
	if !closed || number == 0 {
		return fmt.Errorf("reference to unknown group %q", name)
	}
	p.backtracking = true
	p.pos += 3 + len([]rune(name))
	fmt.Fprintf(&p.out, `(?:\%d)`, number)
	return nil
}

// escapedSet reads what follows a backslash, in or out of a class.
func (p *regexParser) escapedSet() (charset, error) {
	c := p.in[p.pos]
	p.pos++
	switch c {
	case 'd':
		return digitSet, nil
	case 'D':
		return digitSet.invert(), nil
	case 'w':
		return p.wordSet(), nil
	case 'W':
		return p.wordSet().invert(), nil
	case 's':
		return spaceSet, nil
	case 'S':
		return spaceSet.invert(), nil
	case 'p', 'P':
		if p.flags.unicode {
			return p.property(c == 'P')
		}
	}
	r, err := p.escapedRune(c)
	return charset{{r, r}}, err
}

// wordSet is \w; with i and u it grows by what folds into it (the long s, the
// Kelvin sign), and \W shrinks accordingly.
func (p *regexParser) wordSet() charset {
	if p.flags.ignoreCase && p.flags.unicode {
		return wordSet.fold(true)
	}
	return wordSet
}

func (p *regexParser) escapedRune(c rune) (rune, error) {
	switch c {
	case 't':
		return '\t', nil
	case 'n':
		return '\n', nil
	case 'v':
		return '\v', nil
	case 'f':
		return '\f', nil
	case 'r':
		return '\r', nil
	case 'c':
		if p.more() && unicode.IsLetter(p.in[p.pos]) && p.in[p.pos] < 0x80 {
			p.pos++
			return p.in[p.pos-1] % 32, nil
		}
		if p.flags.unicode {
			return 0, fmt.Errorf("invalid escape \\c")
		}
		p.pos-- // the backslash stands for itself
		return '\\', nil
	case 'x':
		if r, ok := p.hex(2); ok {
			return r, nil
		}
	case 'u':
		if r, ok := p.codePoint(); ok {
			return r, nil
		}
	}
	if c >= '0' && c <= '7' {
		return p.octal(c)
	}
	if p.flags.unicode && !strings.ContainsRune(`^$\.*+?()[]{}|/`, c) {
		return 0, fmt.Errorf("invalid escape \\%c", c)
	}
	return c, nil
}

func (p *regexParser) octal(first rune) (rune, error) {
	v := first - '0'
	if p.flags.unicode {
		if first != '0' || p.more() && p.in[p.pos] >= '0' && p.in[p.pos] <= '9' {
			return 0, fmt.Errorf("octal escapes are not allowed with the u flag")
		}
		return 0, nil
	}
	for range 2 {
		if !p.more() || p.in[p.pos] < '0' || p.in[p.pos] > '7' || v*8+p.in[p.pos]-'0' > 0o377 {
			break
		}
		v = v*8 + p.in[p.pos] - '0'
		p.pos++
	}
	return v, nil
}

// hex reads exactly n digits, or nothing.
func (p *regexParser) hex(n int) (rune, bool) {
	if p.pos+n > len(p.in) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(p.in[p.pos:p.pos+n]), 16, 32)
	if err != nil {
		return 0, false
	}
	p.pos += n
	return rune(v), true
}

// codePoint reads the rest of \uXXXX, of \u{X…} and of a surrogate pair.
func (p *regexParser) codePoint() (rune, bool) {
	if p.flags.unicode && p.next("{") {
		text, _, closed := strings.Cut(string(p.in[p.pos+1:]), "}")
		v, err := strconv.ParseUint(text, 16, 32)
		if !closed || err != nil || v > unicode.MaxRune {
			return 0, false
		}
		p.pos += 2 + len(text)
		return rune(v), true
	}
	r, ok := p.hex(4)
	if !ok || !p.flags.unicode || !utf16.IsSurrogate(r) {
		return r, ok
	}
	back := p.pos
	if p.take(`\u`) {
		if low, ok := p.hex(4); ok {
			if pair := utf16.DecodeRune(r, low); pair != unicode.ReplacementChar {
				return pair, true
			}
		}
	}
	p.pos = back
	return r, true
}

// property reads \p{…}: general categories and scripts, by short or long name.
func (p *regexParser) property(negated bool) (charset, error) {
	text, _, closed := strings.Cut(string(p.in[p.pos:]), "}")
	name, isOpen := strings.CutPrefix(text, "{")
	if !closed || !isOpen {
		return nil, fmt.Errorf("invalid property escape")
	}
	p.pos += len([]rune(text)) + 1
	set, ok := propertySet(name)
	if !ok {
		return nil, fmt.Errorf("unknown property %q", name)
	}
	if negated {
		set = set.invert()
	}
	return set, nil
}

func propertySet(name string) (charset, bool) {
	key, value, qualified := strings.Cut(name, "=")
	if !qualified {
		value = key
	}
	byScript := key == "Script" || key == "sc" || key == "Script_Extensions" || key == "scx"
	if byScript {
		t, ok := unicode.Scripts[value]
		return tableSet(t), ok
	}
	if qualified && key != "General_Category" && key != "gc" {
		return nil, false
	}
	if name == "Any" {
		return charset{{0, unicode.MaxRune}}, true
	}
	if name == "ASCII" {
		return charset{{0, 0x7F}}, true
	}
	if short, ok := categoryNames[value]; ok {
		value = short
	}
	if t, ok := unicode.Categories[value]; ok {
		return tableSet(t), true
	}
	t, ok := unicode.Properties[value]
	return tableSet(t), ok && !qualified
}

// categoryNames are the long names JavaScript accepts for general categories.
var categoryNames = map[string]string{
	"Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
	"Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Number": "N", "Decimal_Number": "Nd",
	"Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Symbol": "S",
	"Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Separator": "Z", "Space_Separator": "Zs", "Other": "C", "Control": "Cc",
	"Uppercase": "Lu", "Lowercase": "Ll", "Alphabetic": "L",
}

func tableSet(t *unicode.RangeTable) charset {
	var out charset
	if t == nil {
		return nil
	}
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = append(out, [2]rune{lo, hi})
			return
		}
		for c := lo; c <= hi; c += stride {
			out = append(out, [2]rune{c, c})
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return out
}
