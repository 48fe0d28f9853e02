package shell

import (
	_ "embed"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/child"
)

//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild index.ts index_gen.js

//go:embed index_gen.js
var source []byte

// Module returns kici:shell.
func Module(opts child.Options) js.Module {
	return js.Native(js.Lazy("kici:shell", source), func(h js.Host) (map[string]any, error) {
		return child.Natives(h, opts)
	})
}

// Source is the module's body, for a runtime that brings the primitives of
// child.d.ts itself.
func Source() string { return string(source) }
