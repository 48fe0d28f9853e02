package unicodeset

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
)

// span is an inclusive range of code points.
type span struct{ lo, hi rune }

// set is sorted and free of overlaps.
type set []span

func (s set) complement() set {
	var out set
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			out = append(out, span{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, span{next, unicode.MaxRune})
	}
	return out
}

// lookup finds the set of "Lu", "General_Category=Lu", "Script=Latin",
// "scx=Grek" or "Emoji".
func lookup(property string) (set, error) {
	name, value, valued := strings.Cut(property, "=")
	var (
		s  set
		ok bool
	)
	switch {
	case !valued:
		if s, ok = category(name); !ok {
			s, ok = binaryProperty(name)
		}
	case name == "General_Category" || name == "gc":
		s, ok = category(value)
	case name == "Script" || name == "sc":
		s, ok = script(value)
	case name == "Script_Extensions" || name == "scx":
		s, ok = extensions(value)
	}
	if !ok {
		return nil, &UnknownError{Property: property}
	}
	return s, nil
}

// category resolves a general category by its short or long name.
func category(name string) (set, bool) {
	if short, ok := categoryNames()[name]; ok {
		name = short
	}
	switch name {
	case "LC":
		return union(unicode.Lu, unicode.Ll, unicode.Lt), true
	case "Cn":
		return assigned().complement(), true
	case "C":
		return union(unicode.C).or(assigned().complement()), true
	}
	t, ok := unicode.Categories[name]
	if !ok || len(name) > 2 {
		return nil, false
	}
	return union(t), true
}

func assigned() set {
	tables := []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z,
		unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs}
	return union(tables...)
}

func binaryProperty(name string) (set, bool) {
	switch name {
	case "ASCII":
		return set{{0, 0x7f}}, true
	case "Any":
		return set{{0, unicode.MaxRune}}, true
	case "Assigned":
		return assigned(), true
	}
	if long, ok := binaryAliases()[name]; ok {
		name = long
	}
	packed, ok := binaryTables()[name]
	return unpack(packed), ok
}

func script(name string) (set, bool) {
	t, ok := unicode.Scripts[longScript(name)]
	if !ok {
		return nil, false
	}
	return union(t), true
}

func extensions(name string) (set, bool) {
	if code, ok := scriptCodes()[name]; ok {
		name = code
	}
	packed, ok := scriptExtensions()[name]
	return unpack(packed), ok
}

func longScript(code string) string {
	if code == "Qaai" || code == "Qaac" { // Unicode's old codes
		code = map[string]string{"Qaai": "Zinh", "Qaac": "Copt"}[code]
	}
	for long, short := range scriptCodes() {
		if short == code {
			return long
		}
	}
	return code
}

// union merges tables of Go's into one set.
func union(tables ...*unicode.RangeTable) set {
	var s set
	for _, t := range tables {
		for _, r := range t.R16 {
			s = appendStrided(s, rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			s = appendStrided(s, rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return s.normal()
}

func appendStrided(s set, lo, hi, stride rune) set {
	if stride == 1 {
		return append(s, span{lo, hi})
	}
	for r := lo; r <= hi; r += stride {
		s = append(s, span{r, r})
	}
	return s
}

func (s set) or(t set) set { return slices.Concat(s, t).normal() }

// normal sorts and joins neighbours.
func (s set) normal() set {
	slices.SortFunc(s, func(a, b span) int { return int(a.lo - b.lo) })
	var out set
	for _, r := range s {
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// unpack reads a generated table: gap and length as varints, in base64.
func unpack(packed string) set {
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil
	}
	var s set
	at := rune(0)
	for len(raw) > 0 {
		gap, n := binary.Uvarint(raw)
		length, m := binary.Uvarint(raw[max(n, 0):])
		if n <= 0 || m <= 0 {
			return nil
		}
		raw = raw[n+m:]
		at += rune(gap)
		s = append(s, span{at, at + rune(length) - 1})
		at += rune(length)
	}
	return s
}

// categoryNames maps the long names of the standard, and its few aliases.
func categoryNames() map[string]string {
	return map[string]string{
		"Cased_Letter": "LC", "Close_Punctuation": "Pe", "Connector_Punctuation": "Pc", "Control": "Cc", "cntrl": "Cc",
		"Currency_Symbol": "Sc", "Dash_Punctuation": "Pd", "Decimal_Number": "Nd", "digit": "Nd", "Enclosing_Mark": "Me",
		"Final_Punctuation": "Pf", "Format": "Cf", "Initial_Punctuation": "Pi", "Letter": "L", "Letter_Number": "Nl",
		"Line_Separator": "Zl", "Lowercase_Letter": "Ll", "Mark": "M", "Combining_Mark": "M", "Math_Symbol": "Sm",
		"Modifier_Letter": "Lm", "Modifier_Symbol": "Sk", "Nonspacing_Mark": "Mn", "Number": "N", "Open_Punctuation": "Ps",
		"Other": "C", "Other_Letter": "Lo", "Other_Number": "No", "Other_Punctuation": "Po", "Other_Symbol": "So",
		"Paragraph_Separator": "Zp", "Private_Use": "Co", "Punctuation": "P", "punct": "P", "Separator": "Z",
		"Space_Separator": "Zs", "Spacing_Mark": "Mc", "Surrogate": "Cs", "Symbol": "S", "Titlecase_Letter": "Lt",
		"Unassigned": "Cn", "Uppercase_Letter": "Lu",
	}
}
