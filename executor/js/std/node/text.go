package node

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// encode turns a JavaScript string into bytes, as Buffer.from does. ok is
// false for an encoding Node does not know.
func encode(s goja.String, encoding string) (b []byte, ok bool) {
	switch canonical(encoding) {
	case "utf8":
		return []byte(strings.ToValidUTF8(s.String(), "\uFFFD")), true
	case "latin1", "ascii":
		b = make([]byte, s.Length())
		for i := range b {
			b[i] = byte(s.CharAt(i))
		}
		return b, true
	case "utf16le":
		b = make([]byte, 0, 2*s.Length())
		for i := range s.Length() {
			c := s.CharAt(i)
			b = append(b, byte(c), byte(c>>8))
		}
		return b, true
	case "hex":
		text := s.String()
		n := 0 // Node stops at the first pair that is no number
		for n+1 < len(text) && isHex(text[n]) && isHex(text[n+1]) {
			n += 2
		}
		b, _ = hex.DecodeString(text[:n])
		return b, true
	case "base64", "base64url":
		return decodeBase64(s.String()), true
	}
	return nil, false
}

// decode is the other way.
func decode(b []byte, encoding string) (v goja.Value, ok bool) {
	switch canonical(encoding) {
	case "utf8":
		return goja.StringFromUTF16(utf16.Encode([]rune(validText(b)))), true
	case "latin1":
		return wide(b, 0xff), true
	case "ascii":
		return wide(b, 0x7f), true
	case "utf16le":
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		return goja.StringFromUTF16(u), true
	case "hex":
		return asciiValue(hex.EncodeToString(b)), true
	case "base64":
		return asciiValue(base64.StdEncoding.EncodeToString(b)), true
	case "base64url":
		return asciiValue(base64.RawURLEncoding.EncodeToString(b)), true
	}
	return nil, false
}

func wide(b []byte, mask byte) goja.Value {
	u := make([]uint16, len(b))
	for i, c := range b {
		u[i] = uint16(c & mask)
	}
	return goja.StringFromUTF16(u)
}

func asciiValue(s string) goja.Value {
	u := make([]uint16, len(s))
	for i := range len(s) {
		u[i] = uint16(s[i])
	}
	return goja.StringFromUTF16(u)
}

// validText replaces malformed UTF-8 as the encoding standard asks: one U+FFFD
// for each longest prefix of a character, where Go would put one for each byte.
func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = badPrefix(b)
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String()
}

// badPrefix is the length of the malformed sequence at the start of b.
func badPrefix(b []byte) int {
	lo, hi, want := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		want = 1
	case c >= 0xe0 && c <= 0xef:
		want = 2
		if c == 0xe0 {
			lo = 0xa0
		}
		if c == 0xed {
			hi = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		want = 3
		if c == 0xf0 {
			lo = 0x90
		}
		if c == 0xf4 {
			hi = 0x8f
		}
	}
	n := 1
	for ; n <= want && n < len(b) && b[n] >= lo && b[n] <= hi; n++ {
		lo, hi = 0x80, 0xbf
	}
	return n
}

func canonical(encoding string) string {
	switch e := strings.ToLower(encoding); e {
	case "", "utf8", "utf-8":
		return "utf8"
	case "latin1", "binary":
		return "latin1"
	case "ucs2", "ucs-2", "utf16le", "utf-16le":
		return "utf16le"
	default:
		return e
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// decodeBase64 takes both alphabets, skips what is neither and stops at "=".
func decodeBase64(s string) []byte {
	if i := strings.IndexByte(s, '='); i >= 0 {
		s = s[:i]
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '+', r == '/':
			return r
		}
		return -1
	}, s)
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	b, _ := base64.RawStdEncoding.DecodeString(clean)
	return b
}
