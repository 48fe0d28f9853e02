package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Output is a program in another form.
type Output struct {
	Code, Map []byte
	Hash      string
}

// Because says in one line why a program needs Node: what it imports, and who
// does. It is empty when the program does not.
func (p *Program) Because() string {
	var parts []string
	for _, r := range p.NeedsNode {
		who := r.File
		if r.Line > 0 {
			who += ":" + strconv.Itoa(r.Line)
		}
		parts = append(parts, who+" "+r.Text)
	}
	return strings.Join(parts, "; ")
}

// ForNode bundles entries for a real Node: nothing is lowered that Node 20
// knows, and CommonJS packages stay outside, where Node finds them in
// node_modules with everything they load by computed names. Packages of ES
// modules are bundled, because Node 20 cannot require them. The result is by
// entry; an entry that is not in it has its reasons in the diagnostics.
func ForNode(ctx context.Context, o Options) (map[string]Output, []Diagnostic, error) {
	s, err := newSession(o)
	if err != nil {
		return nil, nil, err
	}
	s.begin()
	out := &outcome{programs: map[string]Program{}, seen: map[string]bool{}}
	done := map[string]Output{}
	for _, e := range s.entries { // one by one: they are few, and one that is broken spoils no other
		bctx, cerr := api.Context(s.forNode(e))
		if cerr != nil {
			return nil, nil, cerr
		}
		res, err := run(ctx, bctx)
		bctx.Dispose()
		if err != nil {
			return nil, nil, err
		}
		s.report(out, res.Errors, Error)
		for i := range res.OutputFiles {
			if filepath.Base(res.OutputFiles[i].Path) != "0.js" {
				continue
			}
			o := Output{Code: res.OutputFiles[i].Contents}
			for _, f := range res.OutputFiles {
				if filepath.Base(f.Path) == "0.js.map" {
					o.Map = shift(f.Contents)
				}
			}
			o.Code = slices.Concat([]byte(prefix+"\n"), directRequire(o.Code), []byte(suffix))
			sum := sha256.New()
			sum.Write([]byte("node\x00"))
			sum.Write(o.Code)
			sum.Write([]byte{0})
			sum.Write(o.Map)
			o.Hash = hex.EncodeToString(sum.Sum(nil))
			done[e] = o
		}
	}
	slices.SortStableFunc(out.diags, compareDiagnostics)
	return done, out.diags, nil
}

// forNode gives the options of a call for one entry.
func (s *session) forNode(entry string) api.BuildOptions {
	o := s.esbuild([]string{entry}, api.PlatformNode)
	o.Target = api.DefaultTarget
	o.Engines = []api.Engine{{Name: api.EngineNode, Version: "20"}}
	o.Supported = nil
	o.Metafile = false
	o.Loader = map[string]api.Loader{".wasm": api.LoaderBinary}
	o.Plugins = []api.Plugin{{Name: "kici-node", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^kici-(entry|meta):`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			ns, path, _ := strings.Cut(a.Path, ":")
			return api.OnResolveResult{Path: path, Namespace: ns, SideEffects: sideEffects(ns == entryNamespace)}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: entryNamespace}, s.loadEntry)
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: metaNamespace}, s.loadMeta)
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: hostNamespace}, loadHost)
		b.OnResolve(api.OnResolveOptions{Filter: builtinFilter()}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return host(a.Path), nil
		})
		b.OnResolve(api.OnResolveOptions{Filter: `^@kici-dev/`}, s.resolveSDK)
		b.OnResolve(api.OnResolveOptions{Filter: `^zod(/v4)?$`}, s.resolveZod)
		b.OnResolve(api.OnResolveOptions{Filter: `.`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return s.resolvePackage(b, a), nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `\.(tsx?|[mc]ts|jsx?|[mc]js)$`, Namespace: "file"}, s.loadForNode)
	}}}
	return o
}

// resolvePackage leaves native addons and CommonJS packages to Node.
func (s *session) resolvePackage(b api.PluginBuild, a api.OnResolveArgs) api.OnResolveResult {
	if _, nested := a.PluginData.(unresolvedHost); nested || a.Kind == api.ResolveEntryPoint {
		return api.OnResolveResult{}
	}
	r := b.Resolve(a.Path, api.ResolveOptions{
		Importer: a.Importer, ResolveDir: a.ResolveDir, Kind: a.Kind, Namespace: a.Namespace, PluginData: unresolvedHost{},
	})
	if len(r.Errors) > 0 || r.Namespace != "file" || !s.staysOutside(r.Path) {
		return api.OnResolveResult{} // esbuild resolves again, and words what is wrong
	}
	out := host(s.running(r.Path))
	out.SideEffects = api.SideEffectsTrue // a package may well be imported for them
	return out
}

func (s *session) staysOutside(file string) bool {
	if filepath.Ext(file) == ".node" {
		return true
	}
	if !inNodeModules(file) {
		return false
	}
	switch filepath.Ext(file) {
	case ".cjs":
		return true
	case ".js":
		return packageType(filepath.Dir(file)) != "module"
	}
	return false
}

// running is the path of a file where the program runs.
func (s *session) running(file string) string {
	rel := s.rel(file)
	if filepath.IsAbs(rel) || s.runRoot == s.root {
		return file
	}
	return filepath.FromSlash(path.Join(filepath.ToSlash(s.runRoot), rel))
}

// packageType is the type field of the package that a folder belongs to.
func packageType(dir string) string {
	for at := dir; ; {
		if text, err := os.ReadFile(filepath.Join(at, "package.json")); err == nil {
			var p struct {
				Type string `json:"type"`
			}
			_ = json.Unmarshal(text, &p) // a broken manifest has no type
			return p.Type
		}
		up := filepath.Dir(at)
		if up == at || filepath.Base(at) == "node_modules" {
			return ""
		}
		at = up
	}
}

// loadForNode reads a script and leaves it as it is but for import.meta.
func (s *session) loadForNode(a api.OnLoadArgs) (api.OnLoadResult, error) {
	raw, err := os.ReadFile(a.Path)
	if err != nil {
		return api.OnLoadResult{}, nil // esbuild words it and knows the importer
	}
	text := s.withMeta(a.Path, string(raw))
	return api.OnLoadResult{Contents: &text, Loader: loaderOf(a.Path), ResolveDir: filepath.Dir(a.Path)}, nil
}
