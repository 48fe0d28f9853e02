package sdk

import _ "embed"

//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild src/entry.ts sdk_gen.js

//go:embed sdk_gen.js
var source string

// Names of the modules that Sources describes.
const (
	Module         = "@kici-dev/sdk"
	ModuleInternal = "@kici-dev/sdk/internal"

	// moduleProgram is the bundle both faces are taken from, so that they
	// share one set of classes and one current scope.
	moduleProgram = "@kici-dev/sdk/program"
)

// Source is the SDK's program: a CommonJS body that exports {sdk, internal}.
// It requires "kici:host" when loaded and "zod" when z is first read.
func Source() string { return source }

// Sources maps module names to CommonJS bodies: the program and the two small
// faces that pick their half of it. A VM that offers all three offers the SDK.
func Sources() map[string]string {
	return map[string]string{
		moduleProgram:  source,
		Module:         face("sdk"),
		ModuleInternal: face("internal"),
	}
}

func face(half string) string {
	return `module.exports = require("` + moduleProgram + `").` + half + ";\n"
}
