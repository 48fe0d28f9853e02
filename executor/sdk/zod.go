package sdk

import _ "embed"

// ZodVersion is the version of the embedded zod.
const ZodVersion = "4.6.7"

//go:embed zod_gen.js
var zodSource string

//go:embed zod_gen.d.ts
var zodTypes string

// ZodSource is the body of a CommonJS module (free variables require, module,
// exports): the whole of zod with the English messages only, made by
// cmd/internal/zodbuild. It is loaded when a program first asks for "zod",
// because compiling it takes longer than everything else a small run does.
func ZodSource() string { return zodSource }

// ZodTypes is one declaration file for zod, so that a workflow type-checks
// where no npm package is installed.
func ZodTypes() string { return zodTypes }
