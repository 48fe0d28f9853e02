package bundle

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// unresolvedHost marks a nested resolve that our own hooks must let pass.
type unresolvedHost struct{}

// plugin is the resolver of the house: virtual entries, host modules, zod, and
// the author's files with their repairs.
func (s *session) plugin(entries []string, platform api.Platform) api.Plugin {
	return api.Plugin{Name: "kici", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^kici-(entry|meta):`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			ns, path, _ := strings.Cut(a.Path, ":")
			return api.OnResolveResult{Path: path, Namespace: ns, SideEffects: sideEffects(ns == entryNamespace)}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: entryNamespace}, s.loadEntry)
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: metaNamespace}, s.loadMeta)
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: hostNamespace}, loadHost)

		b.OnResolve(api.OnResolveOptions{Filter: builtinFilter()}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return s.resolveBuiltin(b, a, platform), nil
		})
		b.OnResolve(api.OnResolveOptions{Filter: `^@kici-dev/`}, s.resolveSDK)
		b.OnResolve(api.OnResolveOptions{Filter: `^zod(/v4)?$`}, s.resolveZod)
		b.OnLoad(api.OnLoadOptions{Filter: `\.(tsx?|[mc]ts|jsx?|[mc]js)$`, Namespace: "file"}, s.loadSource)
	}}
}

func sideEffects(has bool) api.SideEffects {
	if has {
		return api.SideEffectsTrue
	}
	return api.SideEffectsFalse
}

// loadEntry is the virtual module that hands the whole namespace of a workflow
// file, default export included, to the wrapper.
func (s *session) loadEntry(a api.OnLoadArgs) (api.OnLoadResult, error) {
	abs := filepath.Join(s.root, filepath.FromSlash(a.Path))
	quoted, err := json.Marshal(abs)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	code := "import * as ns from " + string(quoted) + "; __kici_namespace = ns;"
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS, ResolveDir: s.root}, nil
}

// host resolves to a module that stays outside the bundle. It claims to be
// free of side effects, so that an unused import of it vanishes.
func host(name string) api.OnResolveResult {
	return api.OnResolveResult{Path: name, Namespace: hostNamespace, SideEffects: api.SideEffectsFalse}
}

// loadHost is a CommonJS module, because its exports are known to the host
// only. A static ESM import would not do: the bundle is the body of a function.
func loadHost(a api.OnLoadArgs) (api.OnLoadResult, error) {
	quoted, err := json.Marshal(a.Path)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	code := "module.exports = __kici_require(" + string(quoted) + ");"
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
}

// resolveBuiltin keeps Node's modules outside. When bundling for a browser,
// the package that imports one may offer a replacement of its own.
func (s *session) resolveBuiltin(b api.PluginBuild, a api.OnResolveArgs, platform api.Platform) api.OnResolveResult {
	if _, nested := a.PluginData.(unresolvedHost); nested {
		return api.OnResolveResult{}
	}
	if platform == api.PlatformBrowser && inNodeModules(a.Importer) {
		r := b.Resolve(a.Path, api.ResolveOptions{
			Importer: a.Importer, ResolveDir: a.ResolveDir, Kind: a.Kind, PluginData: unresolvedHost{},
		})
		if len(r.Errors) == 0 {
			return api.OnResolveResult{Path: r.Path, Namespace: r.Namespace, SideEffects: sideEffects(r.SideEffects)}
		}
	}
	return host(strings.TrimPrefix(a.Path, "node:"))
}

// resolveSDK serves the SDK from inside the binary, whatever node_modules has.
func (s *session) resolveSDK(a api.OnResolveArgs) (api.OnResolveResult, error) {
	switch a.Path {
	case "@kici-dev/sdk", "@kici-dev/sdk/internal":
		return host(a.Path), nil
	}
	if strings.HasPrefix(a.Path, "@kici-dev/sdk/") {
		return api.OnResolveResult{Errors: []api.Message{{
			Text:  "the SDK has no module " + quote(a.Path),
			Notes: []api.Note{{Text: `everything public is exported by "@kici-dev/sdk" itself`}},
		}}}, nil
	}
	return api.OnResolveResult{}, nil
}
