package sdk

import _ "embed"

//go:embed sdk.d.ts
var types string

//go:embed types/node/index.d.ts
var nodeGlobals string

//go:embed types/node/modules.d.ts
var nodeModules string

//go:embed types/node/package.json
var nodePackage string

// Types is the declaration file of "@kici-dev/sdk". It imports "zod".
func Types() string { return types }

// TypeFiles are the declarations that make workflows type-check, complete and
// document themselves without npm, keyed by slash path below the folder they
// are meant for (.kici/types). Paths and TypeRoots point TypeScript at them.
func TypeFiles() map[string]string {
	return map[string]string{
		"sdk.d.ts":          types,
		"zod.d.ts":          zodTypes,
		"node/index.d.ts":   nodeGlobals,
		"node/modules.d.ts": nodeModules,
		"node/package.json": nodePackage,
	}
}

// Paths is the tsconfig setting "paths" for a tsconfig.json that stands beside
// the folder types. A zod the project has installed wins over ours, because
// it is the one its workflows run with.
func Paths() map[string][]string {
	return map[string][]string{
		Module: {"./types/sdk.d.ts"},
		"zod":  {"./node_modules/zod", "../node_modules/zod", "./types/zod.d.ts"},
	}
}

// TypeRoots is the tsconfig setting "typeRoots" that goes with Types: the real
// @types/node first, and our stand-in only when there is none, so that the two
// are never loaded together. It needs "types": ["node"].
func TypeRoots() []string {
	return []string{"./node_modules/@types", "../node_modules/@types", "./types"}
}
