package js

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"github.com/go-sourcemap/sourcemap"
)

// bundlePrefix is how a program of executor/bundle begins; any other text is a
// CommonJS body and gets its function wrapped around it.
const bundlePrefix = "(async (__kici_require"

const (
	bodyPrefix = "(function (require, module, exports, __native) {\n"
	bodySuffix = "\n})"
)

// internalPrefix marks the names of our own programs. Their frames are hidden
// from the author, who can do nothing about them.
const internalPrefix = "kici:"

// Program is source text made ready to run. It is immutable and may be shared
// by any number of VMs; whoever needs it again keeps it, there is no cache.
type Program struct {
	name    string
	bundle  bool
	sources map[string]string // goja's spelling of a mapped file → its name in the source map
	script  func() (*goja.Program, error)
}

// Name returns the name given to Compile or Lazy.
func (p *Program) Name() string { return p.name }

// Compile makes a program of a bundle (see executor/bundle) or a CommonJS
// body. sourceMap may be nil; with it, positions are those of the original
// files, in error.stack too.
func Compile(name string, code, sourceMap []byte) (*Program, error) {
	p := &Program{name: name, bundle: isBundle(code)}
	script, err := p.compile(code, sourceMap)
	if err != nil {
		return nil, err
	}
	p.script = func() (*goja.Program, error) { return script, nil }
	return p, nil
}

// Lazy is Compile for embedded source that is known to be good: it is compiled
// at its first use, once for all VMs that share the Program.
func Lazy(name string, code []byte) *Program {
	p := &Program{name: name, bundle: isBundle(code)}
	p.script = sync.OnceValues(func() (*goja.Program, error) { return p.compile(code, nil) })
	return p
}

func isBundle(code []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(code), []byte(bundlePrefix))
}

func (p *Program) compile(code, sourceMap []byte) (prog *goja.Program, err error) {
	// goja's parser and compiler panic on some malformed input.
	defer func() {
		if x := recover(); x != nil {
			prog, err = nil, &Error{Name: "SyntaxError", Message: fmt.Sprintf("%s: the engine cannot compile this source: %v", p.name, x)}
		}
	}()
	text := string(code)
	if !p.bundle {
		text = bodyPrefix + text + bodySuffix
	}
	if err := checkNesting(text); err != nil {
		return nil, &Error{Name: "SyntaxError", Message: p.name + ": " + err.Error()}
	}
	file := fileName(p.name)
	tree, err := goja.Parse(file, text, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, p.syntaxError(err)
	}
	if len(sourceMap) > 0 {
		consumer, err := p.readMap(file, text, sourceMap)
		if err != nil {
			return nil, fmt.Errorf("js: source map of %s: %w", p.name, err)
		}
		tree.File.SetSourceMap(consumer)
	}
	// Bundles were modules, and module code is strict.
	prog, err = goja.CompileAST(tree, p.bundle)
	if err != nil {
		return nil, p.syntaxError(err)
	}
	return prog, nil
}

// fileName keeps goja from resolving mapped files against the folder of the
// program: a name without a slash has none.
func fileName(name string) string {
	if strings.HasPrefix(name, internalPrefix) {
		return name
	}
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return name + ".js"
}

func (p *Program) readMap(file, text string, raw []byte) (*sourcemap.Consumer, error) {
	lead := 0
	if !p.bundle {
		lead = strings.Count(bodyPrefix, "\n")
	}
	shifted, sources, err := shiftMap(raw, text, lead)
	if err != nil {
		return nil, err
	}
	p.sources = make(map[string]string, len(sources))
	for _, s := range sources {
		// esbuild escapes what is not ASCII in the names of sources.
		plain, err := url.PathUnescape(s)
		if err != nil {
			plain = s
		}
		p.sources[gojaSourceName(file, s)] = plain
	}
	return sourcemap.Parse("", shifted)
}

func (p *Program) syntaxError(err error) error {
	return &Error{Name: "SyntaxError", Message: p.name + ": " + strings.TrimPrefix(err.Error(), "SyntaxError: ")}
}
