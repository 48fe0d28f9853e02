package node

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/child"
)

//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild path.ts path_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild buffer.ts buffer_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild crypto.ts crypto_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild fs.ts fs_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild util.ts util_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild types.ts types_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild assert.ts assert_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild os.ts os_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild stream.ts stream_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild string_decoder.ts string_decoder_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild querystring.ts querystring_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild async_hooks.ts async_hooks_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild child_process.ts child_process_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild readline.ts readline_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild tty.ts tty_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild module.ts module_gen.js

//go:embed *_gen.js
var sources embed.FS

type natives = func(h js.Host) (map[string]any, error)

// NeedsNode lists the built-ins that only a real Node has.
func NeedsNode() []string {
	return []string{
		"cluster", "dgram", "diagnostics_channel", "dns", "dns/promises", "domain", "http", "http2", "https", "inspector",
		"inspector/promises", "net", "punycode", "repl", "stream/web", "tls", "trace_events", "v8", "vm", "wasi",
		"worker_threads", "zlib",
	}
}

// Modules returns the modules of this package by name. others names built-ins
// that come from elsewhere, for module.builtinModules.
func Modules(commands child.Options, others []string) map[string]js.Module {
	util, fs, stream, readline, path := native("util", nil), native("fs", fsNatives), native("stream", nil), native("readline", nil), native("path", nil)
	all := map[string]js.Module{
		"kici:assert":       native("assert", nil),
		"assert":            member("kici:assert", ""),
		"assert/strict":     member("kici:assert", "strict"),
		"async_hooks":       native("async_hooks", flowNatives),
		"buffer":            native("buffer", bufferNatives),
		"child_process":     native("child_process", func(h js.Host) (map[string]any, error) { return child.Natives(h, commands) }),
		"constants":         member("fs", "constants"),
		"crypto":            native("crypto", cryptoNatives),
		"fs":                fs,
		"fs/promises":       member("fs", "promises"),
		"os":                native("os", osNatives),
		"path":              path,
		"path/posix":        member("path", "posix"),
		"path/win32":        member("path", "win32"),
		"querystring":       native("querystring", nil),
		"readline":          readline,
		"readline/promises": member("readline", "promises"),
		"stream":            stream,
		"stream/promises":   member("stream", "promises"),
		"string_decoder":    native("string_decoder", nil),
		"sys":               util,
		"tty":               native("tty", nil),
		"util":              util,
		"util/types":        member("util", "types"),
	}
	for _, name := range NeedsNode() {
		all[name] = missing(name)
	}
	var names []string
	for name := range all {
		if !strings.HasPrefix(name, "kici:") {
			names = append(names, name)
		}
	}
	names = append(names, others...)
	names = append(names, "module")
	slices.Sort(names)
	all["module"] = native("module", func(h js.Host) (map[string]any, error) {
		values := make([]any, len(names))
		for i, n := range names {
			values[i] = n
		}
		return map[string]any{"names": h.Runtime().NewArray(values...)}, nil
	})
	return all
}

// native makes a module of an embedded program, compiled at its first use.
func native(name string, n natives) js.Module {
	code, err := sources.ReadFile(name + "_gen.js")
	if err != nil {
		return js.ModuleFunc(func(js.Host) (js.Exports, error) { return nil, err })
	}
	return js.Native(js.Lazy("kici:"+name, code), n)
}

// member is another module, or one property of it.
func member(name, property string) js.Module {
	return js.ModuleFunc(func(h js.Host) (js.Exports, error) {
		v, err := h.Require(name)
		if err != nil {
			return nil, err
		}
		if property == "" {
			return v, nil
		}
		return v.ToObject(h.Runtime()).Get(property), nil
	})
}

func missing(name string) js.Module {
	return js.ModuleFunc(func(js.Host) (js.Exports, error) {
		return nil, fmt.Errorf("the Node module %q is not available in the embedded runtime; set runtime: 'node' for this workflow", name)
	})
}
