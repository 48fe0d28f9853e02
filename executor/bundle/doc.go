// Package bundle turns TypeScript into programs that goja can run. It is the
// only room that knows esbuild: everybody else sees Options, Programs and
// Diagnostics.
//
// Two kinds of source come through here. A workflow file of an author becomes
// one self-contained Program: its helpers, JSON and npm packages are bundled
// in, the SDK and Node's built-ins stay outside as __kici_require calls, and a
// source map leads every position back to the author's line. Our own
// TypeScript (the SDK, the host modules, the guest) goes through Library at
// generate time and is committed as *_gen.js, so that no run pays for it.
//
// The room transforms text; it never runs JavaScript (executor/js does) and
// knows nothing of workflows, jobs or lock files (executor/compile does).
package bundle
