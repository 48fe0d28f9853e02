package bundle

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// judge records which modules of the host survived in a program and whether
// the embedded runtime is enough for it.
func (s *session) judge(p *Program, meta metafile, output string, dynamic map[string]Reason) {
	alive := meta.Outputs[output].Inputs
	importers := map[string][]string{}
	for path, in := range alive {
		if in.BytesInOutput == 0 {
			continue
		}
		for _, im := range meta.Inputs[path].Imports {
			importers[im.Path] = append(importers[im.Path], path)
		}
		switch ext := filepath.Ext(path); ext {
		case ".node":
			p.NeedsNode = append(p.NeedsNode, Reason{Text: "loads a native addon", File: path})
		case ".wasm":
			p.NeedsNode = append(p.NeedsNode, Reason{Text: "loads WebAssembly", File: path})
		}
		if r, ok := dynamic[path]; ok {
			p.NeedsNode = append(p.NeedsNode, r)
		}
	}
	for path, in := range alive {
		name, isHost := strings.CutPrefix(path, hostNamespace+":")
		if !isHost || in.BytesInOutput == 0 {
			continue
		}
		switch {
		case name == "zod":
			p.UsesZod = true
		case strings.HasPrefix(name, "@kici-dev/"):
			p.UsesZod = p.UsesZod || readsZ(p.Code)
		default:
			from := importers[path]
			slices.Sort(from)
			p.Builtins = append(p.Builtins, Builtin{Name: name, Importers: from})
		}
	}
	slices.SortFunc(p.Builtins, func(a, b Builtin) int { return strings.Compare(a.Name, b.Name) })
	for _, b := range p.Builtins {
		if s.opts.Provided != nil && !s.opts.Provided[b.Name] {
			p.NeedsNode = append(p.NeedsNode, Reason{
				Text: "imports " + strconv.Quote(b.Name) + ", which the embedded runtime does not have",
				File: strings.Join(b.Importers, ", "),
			})
		}
	}
	slices.SortFunc(p.NeedsNode, func(a, b Reason) int {
		return strings.Compare(a.File+a.Text, b.File+b.Text)
	})
}

// readsZ reports whether the SDK's z, a lazy zod, is read through the name that
// esbuild gives the SDK's namespace: import_sdk, with a number when two files
// import it. It scans by hand, for it runs over every program.
func readsZ(code []byte) bool {
	name := []byte("import_sdk")
	for {
		at := bytes.Index(code, name)
		if at < 0 {
			return false
		}
		code = bytes.TrimLeft(code[at+len(name):], "0123456789")
		if bytes.HasPrefix(code, []byte(".z")) && (len(code) == 2 || !isWord(code[2])) {
			return true
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// dynamicLoads finds, per file, an import() or require() whose argument is
// known only at run time.
func (s *session) dynamicLoads(warnings []api.Message) map[string]Reason {
	found := map[string]Reason{}
	for _, w := range warnings {
		if w.ID != "unsupported-dynamic-import" || w.Location == nil {
			continue
		}
		file := filepath.ToSlash(w.Location.File)
		found[file] = Reason{
			Text: "has an import() of a name that is known only at run time",
			File: file, Line: w.Location.Line,
		}
	}
	return found
}

// retryForBrowser bundles the programs that want missing built-ins once more,
// as a browser would: many packages bring a second half that needs none of
// them. A program whose second bundle still lacks something keeps its first.
func (s *session) retryForBrowser(ctx context.Context, out *outcome, entries []string) error {
	var lacking []string
	for _, e := range entries {
		if p := out.programs[e]; len(p.NeedsNode) > 0 && len(p.Builtins) > 0 {
			lacking = append(lacking, e)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	res, err := s.once(ctx, lacking, api.PlatformBrowser)
	if err != nil || len(res.Errors) > 0 {
		return err
	}
	programs, err := s.programs(out, lacking, res)
	if err != nil {
		return err
	}
	for _, p := range programs {
		if len(p.NeedsNode) == 0 {
			out.programs[p.Entry] = p
		}
	}
	return nil
}
