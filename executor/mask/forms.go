package mask

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// MinLength is the length in bytes below which a value is never masked: hiding
// every "1" or "no" would tell more than it hides and destroy the log.
const MinLength = 3

// minLine is the length below which one line of a multi-line value is not
// masked on its own.
const minLine = 8

// minFragment is the length below which a base64 fragment of an unaligned
// value is not masked: shorter ones turn up in any base64 text by chance.
// Every value of five bytes or more has all three alignments covered.
const minFragment = 6

// forms lists the texts under which value may appear in output, without
// duplicates. The order does not matter.
func forms(value string) []string {
	seen := map[string]bool{}
	var out []string
	add := func(s string, least int) {
		if len(s) >= least && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	v := strings.TrimRight(value, "\r\n") // a file or a pipe leaves a newline at its end
	if len(v) < MinLength {
		return nil
	}
	for _, s := range spellings(v) {
		add(s, MinLength)
	}
	for _, e := range escapes(v) {
		add(e, MinLength)
	}
	for _, whole := range []string{v, value} {
		add(base64.StdEncoding.EncodeToString([]byte(whole)), MinLength)
		add(base64.URLEncoding.EncodeToString([]byte(whole)), MinLength)
	}
	for _, e := range base64Forms(v) {
		add(e, minFragment)
	}
	for _, line := range lines(value) {
		add(line, minLine)
		for _, e := range escapes(line) {
			add(e, minLine)
		}
	}
	return out
}

// spellings are the value as given and, for several lines, with the line ends
// of a terminal and folded into one line, as an unquoted shell variable is.
func spellings(v string) []string {
	if !strings.Contains(v, "\n") {
		return []string{v}
	}
	unix := strings.ReplaceAll(v, "\r\n", "\n")
	return []string{v, unix, strings.ReplaceAll(unix, "\n", "\r\n"), strings.ReplaceAll(unix, "\n", " ")}
}

// lines are the parts of a multi-line value that identify it on their own.
func lines(value string) []string {
	if !strings.Contains(strings.TrimRight(value, "\r\n"), "\n") {
		return nil
	}
	var out []string
	for line := range strings.SplitSeq(value, "\n") {
		line = strings.TrimSpace(line)
		if len(line) < minLine || strings.HasPrefix(line, "-----") {
			continue
		}
		out = append(out, line)
	}
	return out
}

// escapes are the spellings of v in URLs, JSON, JavaScript, shells and XML.
func escapes(v string) []string {
	out := []string{
		url.QueryEscape(v),
		url.PathEscape(v),
		encodeURIComponent(v),
		strings.ToLower(url.QueryEscape(v)),
		jsonBody(v, true),
		jsonBody(v, false),
		strings.ReplaceAll(v, `'`, `'\''`),
		strings.ReplaceAll(v, `'`, `'"'"'`),
		dollarQuoted(v),
		xmlEscaper().Replace(v),
		hex.EncodeToString([]byte(v)),
		strings.ToUpper(hex.EncodeToString([]byte(v))),
	}
	if lower := out[3]; lower == strings.ToLower(v) {
		out[3] = v // no escape in it: lower-casing would only hide other words
	}
	return out
}

// encodeURIComponent spells v as JavaScript's function of that name
// (ECMA-262, 19.2.6.4): as QueryEscape, but space is %20 and !'()* stand.
func encodeURIComponent(v string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.QueryEscape(v))
}

// jsonBody is v as it stands between the quotes of a JSON string, with or
// without the escaping of <, > and & that Go's encoder adds by default.
func jsonBody(v string, html bool) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	if err := enc.Encode(v); err != nil {
		return v
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// dollarQuoted is v as it stands inside bash's $'…', which is how `$` quotes.
func dollarQuoted(v string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`, "\x00", `\0`).Replace(v)
}

func xmlEscaper() *strings.Replacer {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
}

// base64Forms are the characters of v's base64 that do not depend on what
// stands before and after it, for the three ways in which v can lie on the
// 3-byte grid, in the standard and the URL alphabet.
func base64Forms(v string) []string {
	var out []string
	for offset := range 3 {
		padded := append(make([]byte, offset), v...)
		first := (offset*8 + 5) / 6 // first character made of v's bits alone
		last := len(padded) * 8 / 6 // one past the last such character
		std := base64.RawStdEncoding.EncodeToString(padded)
		out = append(out, std[first:last])
		out = append(out, base64.RawURLEncoding.EncodeToString(padded)[first:last])
	}
	return out
}
