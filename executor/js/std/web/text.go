package web

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/kici-dev/kici-go/executor/js"
)

func encodingNatives(h js.Host) (map[string]any, error) {
	rt := h.Runtime()
	return map[string]any{
		"encode": func(c goja.FunctionCall) goja.Value {
			return rt.ToValue(rt.NewArrayBuffer([]byte(strings.ToValidUTF8(c.Argument(0).String(), "\ufffd"))))
		},
		"decode": func(c goja.FunctionCall) goja.Value {
			buffer, _ := c.Argument(0).Export().(goja.ArrayBuffer)
			from := c.Argument(1).ToInteger()
			data := buffer.Bytes()[from : from+c.Argument(2).ToInteger()]
			text, ok := decodeText(data, c.Argument(3).String(), c.Argument(5).ToBoolean())
			if !ok && c.Argument(4).ToBoolean() {
				e := rt.NewTypeError("The encoded data was not valid for encoding " + c.Argument(3).String())
				_ = e.Set("code", "ERR_ENCODING_INVALID_ENCODED_DATA")
				panic(e)
			}
			return rt.ToValue(text)
		},
		"label": func(c goja.FunctionCall) goja.Value { return rt.ToValue(encodingOf(c.Argument(0).String())) },
		"atob": func(c goja.FunctionCall) goja.Value {
			text, ok := fromBase64(c.Argument(0).String())
			if !ok {
				return goja.Undefined()
			}
			return rt.ToValue(text)
		},
		"btoa": func(c goja.FunctionCall) goja.Value {
			text := c.Argument(0).String()
			data := make([]byte, 0, len(text))
			for _, r := range text {
				if r > 0xFF {
					return goja.Undefined()
				}
				data = append(data, byte(r))
			}
			return rt.ToValue(base64.StdEncoding.EncodeToString(data))
		},
	}, nil
}

func encodingOf(label string) string {
	switch label {
	case "utf-8", "utf8", "unicode-1-1-utf-8":
		return "utf-8"
	case "utf-16le", "utf-16", "ucs-2", "unicode":
		return "utf-16le"
	case "latin1", "iso-8859-1", "ascii", "us-ascii", "windows-1252":
		return "windows-1252"
	}
	return ""
}

// decodeText replaces what is invalid and says whether all was valid.
func decodeText(data []byte, label string, keepBOM bool) (string, bool) {
	switch label {
	case "utf-16le":
		units := make([]uint16, len(data)/2)
		for i := range units {
			units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
		}
		text := string(utf16.Decode(units))
		if !keepBOM {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		return text, len(data)%2 == 0
	case "windows-1252":
		runes := make([]rune, len(data))
		for i, b := range data {
			runes[i] = rune(b)
		}
		return string(runes), true
	}
	text := string(data)
	if !keepBOM {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	if utf8.ValidString(text) {
		return text, true
	}
	return replaceInvalid(text), false
}

// replaceInvalid follows the Encoding standard: one replacement for each
// longest prefix of a sequence that could still have become valid.
func replaceInvalid(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r != utf8.RuneError || n > 1 {
			b.WriteString(text[i : i+n])
			i += n
			continue
		}
		b.WriteString("\ufffd")
		i += badPrefix(text[i:])
	}
	return b.String()
}

func badPrefix(s string) int {
	c := s[0]
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch {
	case c >= 0xC2 && c <= 0xDF:
		need = 1
	case c >= 0xE0 && c <= 0xEF:
		need = 2
		if c == 0xE0 {
			low = 0xA0
		} else if c == 0xED {
			high = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		need = 3
		if c == 0xF0 {
			low = 0x90
		} else if c == 0xF4 {
			high = 0x8F
		}
	}
	n := 1
	for n <= need && n < len(s) && s[n] >= low && s[n] <= high {
		n++
		low, high = 0x80, 0xBF
	}
	return n
}

// fromBase64 is the web's forgiving decoder: whitespace goes, padding is
// optional but must be right when present.
func fromBase64(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\f\r", r) {
			return -1
		}
		return r
	}, s)
	if len(s)%4 == 0 {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	}
	if strings.Contains(s, "=") {
		return "", false
	}
	data, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return "", false
	}
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes), true
}

func urlNatives(h js.Host) (map[string]any, error) {
	rt := h.Runtime()
	parts := func(u *whatwg.Url) goja.Value {
		origin := "null"
		switch u.Scheme() {
		case "http", "https", "ftp", "ws", "wss":
			origin = u.Protocol() + "//" + u.Host()
		}
		return rt.NewArray(u.Href(false), origin, u.Protocol(), u.Username(), u.Password(), u.Host(), u.Hostname(), u.Port(), u.Pathname(), u.Search(), u.Hash())
	}
	return map[string]any{
		"parse": func(c goja.FunctionCall) goja.Value {
			u, err := parseURL(c.Argument(0).String(), c.Argument(1))
			if err != nil {
				return goja.Undefined()
			}
			return parts(u)
		},
		"set": func(c goja.FunctionCall) goja.Value {
			u, err := whatwg.Parse(c.Argument(0).String())
			if err != nil {
				return goja.Undefined()
			}
			setPart(u, c.Argument(1).String(), c.Argument(2).String())
			return parts(u)
		},
	}, nil
}

func parseURL(input string, base goja.Value) (*whatwg.Url, error) {
	if goja.IsUndefined(base) {
		return whatwg.Parse(input)
	}
	return whatwg.ParseRef(base.String(), input)
}

func setPart(u *whatwg.Url, part, value string) {
	switch part {
	case "protocol":
		u.SetProtocol(value)
	case "username":
		u.SetUsername(value)
	case "password":
		u.SetPassword(value)
	case "host":
		u.SetHost(value)
	case "hostname":
		u.SetHostname(value)
	case "port":
		u.SetPort(value)
	case "pathname":
		u.SetPathname(value)
	case "search":
		u.SetSearch(value)
	case "hash":
		u.SetHash(value)
	}
}
