// Package std assembles the host surface: every module that workflow code can
// import besides the SDK, and the globals. It holds no surface of its own;
// each module lives in a folder below, written in TypeScript over a few Go
// primitives, and is compiled at its first use.
//
// Modules makes one fresh set; keep it for all VMs of a process, because the
// compiled programs live in it. The entry "kici:prelude" is what js.New runs
// first: it repairs the engine's gaps and defines the globals, each of which
// is loaded when it is first read.
//
// The package decides nothing about jobs: what output is for, which processes
// may start and where requests may go comes in through Options and js.Config.
package std
