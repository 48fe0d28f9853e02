package bundle

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

// Limits of what is handed to esbuild. A workflow of megabytes is a mistake
// (a data file, a build product); packages may ship large bundles.
const (
	maxOwnSource     = 4 << 20
	maxPackageSource = 64 << 20
	// esbuild recurses with the source, and a Go stack that overflows ends the
	// process: 100,000 nested arrows do. Real code, minified too, stays far
	// below both limits.
	maxNesting = 2_000
	maxChain   = 20_000 // operators and words in one expression without a comma
)

// check refuses what is no source text, before esbuild chokes on it. The
// message has a position wherever one exists.
func check(file string, raw []byte) *api.Message {
	limit := maxOwnSource
	if inNodeModules(file) {
		limit = maxPackageSource
	}
	if len(raw) > limit {
		return complaint(file, nil, 0, fmt.Sprintf("the file has %.1f MB; source files may have %d MB at most",
			float64(len(raw))/1e6, limit>>20), "load large data at run time with fs.readFileSync, or import it as JSON")
	}
	if at := bytes.IndexByte(raw, 0); at >= 0 {
		return complaint(file, raw, at, "this is not a text file: it contains a NUL byte", "save workflow files as UTF-8")
	}
	if !utf8.Valid(raw) {
		return complaint(file, raw, firstInvalid(raw), "this is not UTF-8 text", "save workflow files as UTF-8")
	}
	if at := tooDeep(raw); at >= 0 {
		return complaint(file, raw, at, "the source is nested too deeply to be compiled", "")
	}
	return nil
}

func firstInvalid(raw []byte) int {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

// tooDeep estimates the depth of the syntax tree without a grammar, and gives
// the offset where it passes the limit, -1 when it does not. Strings are
// skipped as well as a scan without a grammar can.
func tooDeep(raw []byte) int {
	depth, chain := 0, 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return i
			}
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case '"', '\'':
			i = endOfString(raw, i)
		case ';', ',', '\n':
			chain = 0
		case '!', '~', '+', '-', '=', '?', '.', '*', ' ':
			if chain++; chain > maxChain {
				return i
			}
		}
	}
	return -1
}

// endOfString returns the index of the closing quote, or the start when the
// line ends first: then the quote was part of a comment, regexp or template.
func endOfString(raw []byte, start int) int {
	for i := start + 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case raw[start]:
			return i
		case '\n':
			return start
		}
	}
	return start
}

// complaint is a message at a byte offset of a file, or of the whole file when
// raw is nil. The quoted line is cut short: a line of garbage has no end.
func complaint(file string, raw []byte, at int, text, advice string) *api.Message {
	l := &api.Location{File: file, Line: 1, Length: 1}
	if raw != nil {
		before := raw[:at]
		start := bytes.LastIndexByte(before, '\n') + 1
		l.Line = bytes.Count(before, []byte("\n")) + 1
		end := start + 1 + min(len(raw)-start-1, 120)
		if n := bytes.IndexByte(raw[start:end], '\n'); n >= 0 {
			end = start + n
		}
		l.LineText = string(bytes.ToValidUTF8(bytes.ReplaceAll(raw[start:end], []byte{0}, []byte("·")), []byte("·")))
		l.Column = at - start
	}
	m := &api.Message{Text: text, Location: l}
	if advice != "" {
		m.Notes = []api.Note{{Text: advice}}
	}
	return m
}
