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
	var programs []Program
	for i, e := range entries {
		name := strconv.Itoa(i) + ".js"
		code, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("bundle: esbuild gave no output for %s", e)
		}
		p := Program{Entry: e, Inputs: meta.reach(entryNamespace + ":" + e)}
		if !s.emit(out, &p, code, files[name+".map"]) {
			continue
		}
		s.judge(&p, meta, name, dynamic)
		programs = append(programs, p)
	}
	return programs, nil
}

// emit wraps esbuild's module into the async function that the runtime calls,
// and moves the map down by the line that the wrapper adds.
func (s *session) emit(out *outcome, p *Program, code, sourceMap []byte) bool {
	p.Map = shift(sourceMap)
	var buf bytes.Buffer
	buf.Grow(len(prefix) + len(code) + len(suffix))
	buf.WriteString(prefix)
	buf.Write(code)
	buf.WriteString(suffix)
	p.Code = buf.Bytes()
	sum := sha256.New()
	sum.Write(p.Code)
	sum.Write([]byte{0})
	sum.Write(p.Map)
	p.Hash = hex.EncodeToString(sum.Sum(nil))
	return true
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
