package bundle

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
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
	res := api.Build(api.BuildOptions{
		AbsWorkingDir: root,
		EntryPoints:   []string{entry},
		Bundle:        true,
		Packages:      api.PackagesExternal,
		Format:        api.FormatCommonJS,
		Platform:      api.PlatformNeutral,
		Target:        api.ESNext,
		Supported:     gojaGaps(),
		Charset:       api.CharsetUTF8,
		TreeShaking:   api.TreeShakingTrue,
		LegalComments: api.LegalCommentsInline,
		Plugins:       []api.Plugin{externalKici()},
		Outfile:       filepath.Join(root, "out.js"),
		Write:         false,
		LogLevel:      api.LogLevelSilent,
	})
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
