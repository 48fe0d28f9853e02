package bundle

import (
	"hash/maphash"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// session is what all esbuild calls of one Options value share.
type session struct {
	opts    Options
	root    string
	runRoot string
	entries []string // relative to root, slash-separated
	seed    maphash.Seed

	mu sync.Mutex // guards the maps below: esbuild calls plugins from many goroutines
	// zodMajor remembers, per importing directory, which zod a bare import finds.
	zodMajor map[string]int
	// loaded holds the fingerprint of each file of the author's as esbuild got it.
	loaded map[string]string
	// remapped holds the author's text of the files that were rewritten before
	// bundling, to put diagnostics right.
	remapped map[string][]byte
}

// begin forgets what may have changed on disk since the last call.
func (s *session) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zodMajor = map[string]int{}
	s.loaded = map[string]string{}
	s.remapped = map[string][]byte{}
}

// rel names an absolute path the way all output does.
func (s *session) rel(path string) string {
	r, err := filepath.Rel(s.root, path)
	if err != nil { // another drive on Windows
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(r)
}

// The names that generated code and host agree on. They are unlikely enough
// that no author's variable collides.
const (
	entryNamespace = "kici-entry"
	hostNamespace  = "kici-host"
	metaNamespace  = "kici-meta"
	prefix         = `(async (__kici_require, __kici_import) => { "use strict"; let __kici_namespace;`
	suffix         = "return __kici_namespace;\n})\n"
)

// esbuild gives the options of a call for some of the entries. Output n is
// named n.js and lies in root, which makes the sources in its map
// root-relative.
func (s *session) esbuild(entries []string, platform api.Platform) api.BuildOptions {
	points := make([]api.EntryPoint, len(entries))
	for i, e := range entries {
		points[i] = api.EntryPoint{InputPath: entryNamespace + ":" + e, OutputPath: strconv.Itoa(i)}
	}
	return api.BuildOptions{
		AbsWorkingDir:       s.root,
		EntryPointsAdvanced: points,
		Outdir:              s.root,
		Bundle:              true,
		Write:               false,
		Metafile:            true,
		Format:              api.FormatESModule,
		Platform:            platform,
		Target:              api.ESNext,
		Supported:           workflowGaps(),
		Charset:             api.CharsetUTF8,
		TreeShaking:         api.TreeShakingTrue,
		LegalComments:       api.LegalCommentsNone,
		Sourcemap:           api.SourceMapExternal,
		SourcesContent:      api.SourcesContentExclude,
		ResolveExtensions:   []string{".tsx", ".ts", ".mts", ".cts", ".jsx", ".js", ".mjs", ".cjs", ".json"},
		Loader:              map[string]api.Loader{".node": api.LoaderEmpty, ".wasm": api.LoaderEmpty},
		Define: map[string]string{
			"import.meta": "__kici_meta",
			"__dirname":   "__kici_meta.dirname",
			"__filename":  "__kici_meta.filename",
		},
		LogLevel:    api.LogLevelSilent,
		LogOverride: logLevels(),
		Plugins:     []api.Plugin{s.plugin(entries, platform)},
	}
}

// workflowGaps extends gojaGaps by the regular expressions that goja would
// misread: printed as constructor calls they can be found and repaired.
func workflowGaps() map[string]bool {
	gaps := gojaGaps()
	gaps["regexp-unicode-property-escapes"] = false
	gaps["regexp-set-notation"] = false
	gaps["regexp-match-indices"] = false
	return gaps
}

// logLevels raises the messages that decide about the runtime from debug
// chatter to something that is reported, and silences the ones that are only
// true of other build set-ups.
func logLevels() map[string]api.LogLevel {
	return map[string]api.LogLevel{
		"unsupported-dynamic-import": api.LogLevelWarning,
		"unsupported-require-call":   api.LogLevelWarning,
		"unsupported-regexp":         api.LogLevelWarning,
		"ignored-bare-import":        api.LogLevelSilent,
		"ignored-dynamic-import":     api.LogLevelSilent,
		"suspicious-define":          api.LogLevelSilent,
		"direct-eval":                api.LogLevelSilent,
		"missing-source-map":         api.LogLevelSilent,
		"invalid-source-mappings":    api.LogLevelSilent,
	}
}

// inNodeModules tells a package's file from the author's own.
func inNodeModules(path string) bool {
	return strings.Contains(filepath.ToSlash(path), "/node_modules/") || strings.HasPrefix(path, "node_modules/")
}
