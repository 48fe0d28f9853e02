package pattern

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// charset is a set of characters as inclusive ranges.
type charset [][2]rune

// What JavaScript means by the class escapes. \s covers Unicode white space and
// all line terminators in both modes; \d and \w are ASCII.
var (
	digitSet = charset{{'0', '9'}}
	wordSet  = charset{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	spaceSet = charset{{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A},
		{0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}}
)

// invert returns everything that is not in s.
func (s charset) invert() charset {
	sorted := slices.Clone(s)
	slices.SortFunc(sorted, func(a, b [2]rune) int { return int(a[0] - b[0]) })
	var out charset
	from := rune(0)
	for _, r := range sorted {
		if r[0] > from {
			out = append(out, [2]rune{from, r[0] - 1})
		}
		from = max(from, r[1]+1)
	}
	if from <= unicode.MaxRune {
		out = append(out, [2]rune{from, unicode.MaxRune})
	}
	return out
}

// fold adds the other cases of every character, as JavaScript's i does.
func (s charset) fold(unicodeMode bool) charset {
	out := slices.Clone(s)
	for _, r := range s {
		// Beyond the last cased character there is nothing to add, and a range
		// over all of Unicode (an inverted class) holds both cases already.
		for c := r[0]; c <= min(r[1], 0x1E943); c++ {
			if c == 0x3100 { // ideographs and syllables have no case
				c = 0xA640
			}
			for o := unicode.SimpleFold(c); o != c; o = unicode.SimpleFold(o) {
				if sameFold(c, o, unicodeMode) && (o < r[0] || o > r[1]) {
					out = append(out, [2]rune{o, o})
				}
			}
		}
	}
	return out
}

// sameFold tells whether two characters of one folding orbit are equal under i.
// Without u JavaScript compares upper-case forms, and never lets a character
// outside ASCII meet one inside (so the Kelvin sign is no k).
func sameFold(a, b rune, unicodeMode bool) bool {
	if unicodeMode {
		return true
	}
	return upper(a) == upper(b)
}

func upper(c rune) rune {
	u := unicode.ToUpper(c)
	if c >= 128 && u < 128 {
		return c
	}
	return u
}

// write appends the set as a class both engines read alike: bare characters,
// punctuation behind a backslash.
func (s charset) write(b *strings.Builder) {
	if len(s) == 0 {
		b.WriteString(`[^\x00-` + string(unicode.MaxRune) + `]`)
		return
	}
	b.WriteByte('[')
	for _, r := range s {
		writeClassRune(b, r[0])
		if r[1] > r[0] {
			b.WriteByte('-')
			writeClassRune(b, r[1])
		}
	}
	b.WriteByte(']')
}

func writeClassRune(b *strings.Builder, c rune) {
	switch {
	case c == 0:
		b.WriteString(`\x00`)
		return
	case c < 0x80 && strings.ContainsRune(`\]^-[&~`, c):
		// As a number: an escaped dash cannot end a range in one of the engines.
		fmt.Fprintf(b, `\x%02x`, c)
		return
	case utf16.IsSurrogate(c):
		c = c - 0xD800 + surrogateBase
	}
	b.WriteRune(c)
}

// literal writes one character that stands for itself.
func (p *regexParser) literal(c rune) {
	if p.flags.ignoreCase {
		if s := (charset{{c, c}}).fold(p.flags.unicode); len(s) > 1 {
			s.write(&p.out)
			return
		}
	}
	switch {
	case c == 0:
		p.out.WriteString(`\x00`)
		return
	case strings.ContainsRune(`\.+*?()|[]{}^$#`, c):
		p.out.WriteByte('\\')
	case utf16.IsSurrogate(c):
		c = c - 0xD800 + surrogateBase
	}
	p.out.WriteRune(c)
}

// class reads […].
func (p *regexParser) class() error {
	p.pos++
	negated := p.take("^")
	var set charset
	for {
		if !p.more() {
			return fmt.Errorf("unterminated character class")
		}
		if p.take("]") {
			break
		}
		low, err := p.classAtom()
		if err != nil {
			return err
		}
		if !p.next("-") || p.next("-]") || !p.more() {
			set = append(set, low...)
			continue
		}
		p.pos++
		if !p.more() {
			return fmt.Errorf("unterminated character class")
		}
		high, err := p.classAtom()
		if err != nil {
			return err
		}
		if set, err = p.classRange(set, low, high); err != nil {
			return err
		}
	}
	if p.flags.ignoreCase {
		set = set.fold(p.flags.unicode)
	}
	if negated {
		set = set.invert()
	}
	set.write(&p.out)
	return nil
}

func (p *regexParser) classRange(set, low, high charset) (charset, error) {
	single := func(s charset) bool { return len(s) == 1 && s[0][0] == s[0][1] }
	if !single(low) || !single(high) { // \d-x: the dash is a dash
		if p.flags.unicode {
			return nil, fmt.Errorf("a class escape cannot bound a range")
		}
		return append(append(append(set, low...), high...), [2]rune{'-', '-'}), nil
	}
	if low[0][0] > high[0][0] {
		return nil, fmt.Errorf("range out of order in character class")
	}
	return append(set, [2]rune{low[0][0], high[0][0]}), nil
}

func (p *regexParser) classAtom() (charset, error) {
	c := p.in[p.pos]
	if c != '\\' {
		p.pos++
		return charset{{c, c}}, nil
	}
	p.pos++
	if !p.more() {
		return nil, fmt.Errorf("\\ at the end of the pattern")
	}
	switch {
	case p.take("b"):
		return charset{{'\b', '\b'}}, nil
	case p.flags.unicode && p.take("-"):
		return charset{{'-', '-'}}, nil
	}
	return p.escapedSet()
}
