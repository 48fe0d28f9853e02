// Package web is the part of the host surface that JavaScript finds without
// importing anything: the prelude, which repairs the engine's gaps, and the
// globals (console, process, timers, URL, text encoding, events and abort,
// structuredClone, performance, the fetch family), together with the modules
// under which Node offers the same.
//
// Everything is TypeScript over a few Go primitives, which each Go file here
// names and supplies; `go generate` turns the TypeScript into the *_gen.js that
// is embedded. A module runs when its global is first read, so a VM pays only
// for what it uses.
//
// The package holds no state of a VM: primitives are made per instance. It
// talks to the network only in fetch, with the client it was given, and ends
// nothing: process.exit throws.
//
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild prelude.ts prelude_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild locale.ts locale_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild inspect.ts inspect_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild console.ts console_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild timers.ts timers_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild event.ts event_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild events.ts events_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild encoding.ts encoding_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild url.ts url_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild clone.ts clone_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild process.ts process_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild perf.ts perf_gen.js
//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild fetch.ts fetch_gen.js
package web
