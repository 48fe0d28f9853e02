package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// metafile is the part of esbuild's report that we read.
type metafile struct {
	Inputs  map[string]metaInput  `json:"inputs"`
	Outputs map[string]metaOutput `json:"outputs"`
}

type metaInput struct {
	Imports []metaImport `json:"imports"`
}

type metaImport struct {
	Path     string `json:"path"`
	External bool   `json:"external"`
}

type metaOutput struct {
	Inputs map[string]struct {
		BytesInOutput int `json:"bytesInOutput"`
	} `json:"inputs"`
}

// accept turns the output of a successful call into programs.
func (s *session) accept(out *outcome, entries []string, res api.BuildResult) error {
	s.report(out, res.Warnings, Warning)
	programs, err := s.programs(out, entries, res)
	if err != nil {
		return err
	}
	for _, p := range programs {
		out.programs[p.Entry] = p
	}
	return nil
}

func (s *session) programs(out *outcome, entries []string, res api.BuildResult) ([]Program, error) {
	var meta metafile
	if err := json.Unmarshal([]byte(res.Metafile), &meta); err != nil {
		return nil, fmt.Errorf("bundle: esbuild's metafile: %w", err)
	}
	files := make(map[string][]byte, len(res.OutputFiles))
	for _, f := range res.OutputFiles {
		files[filepath.Base(f.Path)] = f.Contents
	}
	dynamic := s.dynamicLoads(res.Warnings)
	refused := s.refusedRegexps(res.Warnings)
	var programs []Program
	for i, e := range entries {
		name := strconv.Itoa(i) + ".js"
		code, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("bundle: esbuild gave no output for %s", e)
		}
		p := Program{Entry: e, Inputs: meta.reach(entryNamespace + ":" + e)}
		if out.refuse(meta.Outputs[name], refused) {
			continue
		}
		if err := p.emit(code, files[name+".map"]); err != nil {
			return nil, fmt.Errorf("bundle: %s: %w", e, err)
		}
		s.judge(&p, meta, name, dynamic)
		programs = append(programs, p)
	}
	return programs, nil
}

// refuse reports the diagnostics of files that ended up in an output, and says
// whether there were any.
func (out *outcome) refuse(o metaOutput, byFile map[string][]Diagnostic) bool {
	any := false
	for file, diags := range byFile {
		if o.Inputs[file].BytesInOutput == 0 {
			continue
		}
		any = true
		for _, d := range diags {
			out.add(d)
		}
	}
	return any
}

// emit wraps esbuild's module into the async function that the runtime calls,
// and moves the map down by the line that the wrapper adds. Whatever the
// wrapper must declare goes on that line as well.
func (p *Program) emit(code, sourceMap []byte) error {
	code = hostViews(directRequire(code), "__kici_require")
	code, helper, err := expandRegexps(code)
	if code == nil {
		return err
	}
	p.Map = shift(sourceMap)
	p.Code = slices.Concat([]byte(prefix), []byte(helper), []byte("\n"), code, []byte(suffix))
	sum := sha256.New()
	sum.Write(p.Code)
	sum.Write([]byte{0})
	sum.Write(p.Map)
	p.Hash = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// directRequire replaces esbuild's helper for a require() that it could not
// bundle, which looks for a global of that name, by the host's. The lines it
// took stay, as empty ones, for the sake of the map.
func directRequire(code []byte) []byte {
	start := bytes.Index(code, []byte("var __require = /* @__PURE__ */ ("))
	if start < 0 {
		return code
	}
	close := []byte("\n});\n")
	n := bytes.Index(code[start:], close)
	if n < 0 {
		return code
	}
	end := start + n + len(close) - 1
	lines := bytes.Count(code[start:end], []byte("\n"))
	return slices.Concat(code[:start], []byte("var __require = __kici_require;"), bytes.Repeat([]byte("\n"), lines), code[end:])
}

// hostViews lets the host make the namespaces of its own modules, where it
// offers to (require.view): esbuild's helper copies all exports of a CommonJS
// module for each importer.
func hostViews(code []byte, require string) []byte {
	const helper = "var __toESM = (mod, isNodeMode, target) => "
	return bytes.Replace(code, []byte(helper), []byte(helper+require+".view?.(mod, isNodeMode) ?? "), 1)
}

// shift adds one empty line in front of all mappings. The text is edited in
// place of parsing: a map of a program with zod in it has megabytes.
func shift(sourceMap []byte) []byte {
	key := []byte(`"mappings": "`)
	at := bytes.Index(sourceMap, key)
	if at < 0 {
		return sourceMap
	}
	at += len(key)
	return slices.Concat(sourceMap[:at], []byte(";"), sourceMap[at:])
}

// reach lists the real files that a module leads to, tree-shaken or not: an
// edit of any of them may change the program.
func (m metafile) reach(from string) []string {
	seen := map[string]bool{from: true}
	queue := []string{from}
	var found []string
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if isFile(at) {
			found = append(found, at)
		}
		for _, im := range m.Inputs[at].Imports {
			if !im.External && !seen[im.Path] {
				seen[im.Path] = true
				queue = append(queue, im.Path)
			}
		}
	}
	slices.Sort(found)
	return found
}

// isFile tells paths of the metafile from our virtual modules and esbuild's.
func isFile(path string) bool {
	for _, ns := range []string{entryNamespace, hostNamespace, metaNamespace, "(disabled)"} {
		if strings.HasPrefix(path, ns+":") {
			return false
		}
	}
	return true
}
