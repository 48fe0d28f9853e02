// Package bundle turns TypeScript into programs that goja can run. It is the
// only room that knows esbuild: everybody else sees Options, Programs and
// Diagnostics.
//
// Two kinds of source come through here. A workflow file of an author becomes
// one self-contained Program: its helpers, JSON and npm packages are bundled
// in, the SDK, zod and Node's built-ins stay outside as __kici_require calls,
// and a source map leads every position back to the author's line. Our own
// TypeScript (the SDK, the host modules, the guest) goes through Library at
// generate time and is committed as *_gen.js, so that no run pays for it.
//
// A call flows through one esbuild call for all entries. Each entry is a
// virtual module that imports the workflow file whole (plugin.go); files of
// the author are checked and, where goja would fail, rewritten on their way in
// (check.go, rewrite.go); what comes out is wrapped into an async function
// without moving a line or a column (emit.go, regexp.go), judged for the
// runtime it needs (runtime.go) and hashed. When one file is broken esbuild
// gives nothing at all, so the healthy entries are bundled again without it
// (build.go). Incremental keeps programs and rebuilds only the entries that an
// edited file leads to.
//
//	res, err := bundle.Build(ctx, bundle.Options{Root: repo, Entries: files})
//	for _, p := range res.Programs { … } // res.Diagnostics says what is wrong
//
// Names: identifiers are never mangled, and esbuild's keepNames stays off,
// because it would put calls into the text of functions that the lock quotes.
// A name therefore differs from the author's only where two files collide, and
// the text of a function only where it uses what goja lacks: such text is to
// be taken from the source, through the map.
//
// The room transforms text; it never runs JavaScript (executor/js does) and
// knows nothing of workflows, jobs or lock files (executor/compile does).
package bundle
