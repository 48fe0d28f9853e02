package bundle

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// rewrite lowers, in files that need it, what esbuild can only switch for a
// whole call. An arrow function that reads the arguments of the function
// around it makes goja panic, or answer with a wrong value. A \p{…} inside a
// class escapes esbuild's notice, so that every pattern with the flag u is
// printed as a constructor call, which expandRegexps then finds. Only such
// files pay, because lowering changes what toString() of their functions
// says; an async generator that says super is such a case too. The rewritten text carries a map that esbuild follows, so positions
// stay the author's.
func (s *session) rewrite(file, text string) (string, bool) {
	lower := map[string]bool{}
	if strings.Contains(text, "=>") && readsArguments(text) {
		lower["arrow"] = false
	}
	if propertyInClass(text) {
		lower["regexp-sticky-and-unicode-flags"] = false
	}
	if superInAsyncGenerator(text) {
		for _, feature := range []string{"async-await", "async-generator", "for-await"} {
			lower[feature] = false
		}
	}
	if len(lower) == 0 {
		return "", false
	}
	res := api.Transform(text, api.TransformOptions{
		Loader:         loaderOf(file),
		Sourcefile:     filepath.Base(file),
		Target:         api.ESNext,
		Supported:      lower,
		JSX:            api.JSXPreserve,
		Charset:        api.CharsetUTF8,
		Sourcemap:      api.SourceMapInline,
		SourcesContent: api.SourcesContentExclude,
		TsconfigRaw:    s.tsconfig(filepath.Dir(file)),
		LogLevel:       api.LogLevelSilent,
	})
	if len(res.Errors) > 0 {
		return "", false // the build itself reports them, at the same positions
	}
	return string(res.Code), true
}

// readsArguments reports whether the variable arguments occurs in code, that
// is outside strings and comments and not as a property.
func readsArguments(text string) bool {
	if !strings.Contains(text, "arguments") {
		return false
	}
	plain := regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`).ReplaceAllString(text, " ")
	return regexp.MustCompile(`(?:^|[^.\w$]|\.\.\.)arguments(?:[^\w$]|$)`).MatchString(plain)
}

// superInAsyncGenerator reports whether a file may have an async generator that
// says super. esbuild moves the body of such a method into a function, where
// super is a syntax error; only when async functions are lowered too does it
// take care of super. A false alarm costs speed in that file.
func superInAsyncGenerator(text string) bool {
	return strings.Contains(text, "super") && regexp.MustCompile(`\basync\s*\*`).MatchString(text) && regexp.MustCompile(`\bsuper\s*[.\[]`).MatchString(text)
}

// propertyInClass reports whether a \p{…} may stand inside the brackets of a
// class. A false alarm costs a millisecond and nothing else.
func propertyInClass(text string) bool {
	if !strings.Contains(text, `\p{`) && !strings.Contains(text, `\P{`) {
		return false
	}
	return regexp.MustCompile(`\[[^\]\n]*\\[pP]\{`).MatchString(text)
}

// tsconfig finds the options that decide how TypeScript is stripped, as
// esbuild does for files it reads itself: in the nearest tsconfig.json.
func (s *session) tsconfig(dir string) string {
	for {
		if raw, err := os.ReadFile(filepath.Join(dir, "tsconfig.json")); err == nil {
			return string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
		}
		up := filepath.Dir(dir)
		if up == dir || dir == s.root {
			return ""
		}
		dir = up
	}
}

// original puts a message right that points into a rewritten file. Its line
// and column mean the rewritten text; what it underlines, an import's
// specifier, occurs in the author's text as well.
func (s *session) original(l *api.Location) {
	s.mu.Lock()
	text, ok := s.remapped[filepath.ToSlash(l.File)]
	s.mu.Unlock()
	end := l.Column + l.Length
	if !ok || l.Column < 0 || end > len(l.LineText) {
		return
	}
	needle := strings.Trim(l.LineText[l.Column:end], `"'`)
	for i, line := range strings.Split(string(text), "\n") {
		at := strings.Index(line, needle)
		if needle == "" || at < 0 {
			continue
		}
		if at > 0 && (line[at-1] == '"' || line[at-1] == '\'') {
			at--
		}
		l.Line, l.Column, l.LineText = i+1, at, strings.TrimSuffix(line, "\r")
		return
	}
}
