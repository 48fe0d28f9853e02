package bundle

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/kici-dev/kici-go/executor/bundle/internal/unicodeset"
)

// gojaGaps lists the syntax that goja cannot parse; esbuild lowers each of
// them. Everything else stays ESNext: an older target would cost speed and
// make stack traces point at helpers.
func gojaGaps() map[string]bool {
	return map[string]bool{
		"async-generator": false,
		"for-await":       false,
		"dynamic-import":  false,
		"using":           false,
		"decorators":      false,
	}
}

// Library bundles one of our own TypeScript entries into a CommonJS body: text
// with the free variables require, module, exports and __native. Relative
// imports are bundled in, bare ones stay require calls. root is the folder
// that the paths in comments are relative to, so the output does not depend on
// where the checkout lies.
func Library(root, entry string) ([]byte, error) {
	o := commonJS(root, entry)
	o.Supported = gojaGaps()
	o.LegalComments = api.LegalCommentsInline
	code, err := library(entry, o)
	return leaner(code), err
}

// leaner replaces the helpers by which esbuild copies exports from object to
// object, twice for each module and importer: the getters it has defined are
// good enough, and a host module's namespace is the host's to make.
func leaner(code []byte) []byte {
	const from, to = "(mod) => __copyProps(__defProp({}, \"__esModule\", { value: true }), mod);", "(mod) => __defProp(mod, \"__esModule\", { value: true });"
	code = bytes.Replace(code, []byte(from), []byte(to), 1)
	return hostViews(code, "require")
}

// Vendored bundles a package of somebody else's into a CommonJS body, once and
// for all: whitespace and long-winded syntax go, because nobody reads it and
// every program that uses it pays for its size; names stay, because error
// messages carry them.
func Vendored(root, entry string) ([]byte, error) {
	o := commonJS(root, entry)
	o.Supported = gojaGaps()
	o.MinifySyntax = true
	o.MinifyWhitespace = true
	o.LegalComments = api.LegalCommentsNone // the generator writes the licence header
	code, err := library(entry, o)
	if err != nil {
		return nil, err
	}
	return expandEscaped(code)
}

// expandEscaped expands the properties in patterns that are kept as strings
// (\\p{…}) until a constructor compiles them. Only a vendored package is
// treated so: somebody has looked at its strings.
func expandEscaped(code []byte) ([]byte, error) {
	var failed error
	out := regexp.MustCompile(`\\\\[pP]\{\w+\}`).ReplaceAllFunc(code, func(m []byte) []byte {
		// zod writes them inside classes only; brackets of their own would end those.
		plain, err := unicodeset.Expand("[" + string(m[1:]) + "]")
		if err != nil {
			failed = err
			return m
		}
		return []byte(strings.ReplaceAll(plain[1:len(plain)-1], `\`, `\\`))
	})
	return out, failed
}

func commonJS(root, entry string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: root,
		EntryPoints:   []string{entry},
		Bundle:        true,
		Packages:      api.PackagesExternal,
		Format:        api.FormatCommonJS,
		Platform:      api.PlatformNeutral,
		Target:        api.ESNext,
		Charset:       api.CharsetUTF8,
		TreeShaking:   api.TreeShakingTrue,
		Plugins:       []api.Plugin{externalKici()},
		Outfile:       filepath.Join(root, "out.js"),
		Write:         false,
		LogLevel:      api.LogLevelSilent,
	}
}

func library(entry string, o api.BuildOptions) ([]byte, error) {
	res := api.Build(o)
	if len(res.Errors) > 0 {
		msgs := api.FormatMessages(res.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return nil, fmt.Errorf("bundle: library %s:\n%s", entry, strings.Join(msgs, ""))
	}
	return res.OutputFiles[0].Contents, nil
}

// externalKici keeps the house's own virtual modules ("kici:host") outside:
// esbuild would read the colon as an unknown URL scheme.
func externalKici() api.Plugin {
	return api.Plugin{Name: "kici-external", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^(kici|node):`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, "node:"), External: true}, nil
		})
	}}
}
