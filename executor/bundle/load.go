package bundle

import (
	"encoding/json"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// loadSource reads a script and gives it what the runtime lacks. Files that
// need nothing are handed over as they are.
func (s *session) loadSource(a api.OnLoadArgs) (api.OnLoadResult, error) {
	raw, err := os.ReadFile(a.Path)
	if err != nil {
		return api.OnLoadResult{}, nil // esbuild words it and knows the importer
	}
	if !inNodeModules(a.Path) {
		s.mu.Lock()
		s.loaded[s.rel(a.Path)] = printOf(raw, s.seed)
		s.mu.Unlock()
	}
	if m := check(s.rel(a.Path), raw); m != nil {
		return api.OnLoadResult{Errors: []api.Message{*m}}, nil
	}
	text, loader := string(raw), loaderOf(a.Path)
	if lowered, ok := s.rewrite(a.Path, text); ok {
		text = lowered
		s.mu.Lock()
		s.remapped[s.rel(a.Path)] = raw
		s.mu.Unlock()
		switch loader {
		case api.LoaderTS:
			loader = api.LoaderJS
		case api.LoaderTSX:
			loader = api.LoaderJSX
		}
	}
	text = s.withMeta(a.Path, text)
	return api.OnLoadResult{Contents: &text, Loader: loader, ResolveDir: filepath.Dir(a.Path)}, nil
}

func loaderOf(path string) api.Loader {
	switch filepath.Ext(path) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	}
	return api.LoaderJS
}

// withMeta supplies import.meta, __dirname and __filename, which Define has
// renamed to __kici_meta. An ES module gets an import on a line after its
// last: imports are hoisted, and no position moves. A CommonJS file has
// nothing that is hoisted, so its first line grows; it is a package's.
func (s *session) withMeta(file, text string) string {
	named := strings.Contains(text, "import.meta")
	if !named && !strings.Contains(text, "__dirname") && !strings.Contains(text, "__filename") {
		return text
	}
	spec, err := json.Marshal(metaNamespace + ":" + s.rel(file))
	if err != nil {
		return text
	}
	if named || !inNodeModules(file) && filepath.Ext(file) != ".cjs" || isModule(text) {
		return text + "\nimport * as __kici_meta from " + string(spec) + ";"
	}
	return "var __kici_meta = require(" + string(spec) + "); " + text
}

// isModule guesses as Node's own syntax detection does: by an import or export
// at the start of a line.
func isModule(text string) bool {
	return regexp.MustCompile(`(?m)^\s*(import\s*["'{*\w]|export\s*[{*\w])`).MatchString(text)
}

// loadMeta is the import.meta of one file. The path is that of the checkout
// the program runs in, not of the one it was bundled in.
func (s *session) loadMeta(a api.OnLoadArgs) (api.OnLoadResult, error) {
	file := path.Join(filepath.ToSlash(s.runRoot), a.Path)
	if filepath.IsAbs(a.Path) {
		file = a.Path
	}
	slashed := file
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	u := url.URL{Scheme: "file", Path: slashed}
	vals, err := json.Marshal([]string{u.String(), filepath.FromSlash(file), filepath.FromSlash(path.Dir(file))})
	if err != nil {
		return api.OnLoadResult{}, err
	}
	code := "const v = " + string(vals) + ";\n" +
		"export const url = v[0], filename = v[1], dirname = v[2];\n"
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
}
