// Package node is the second runtime: a Node process in which one job's code
// runs, for bundles that need what the embedded engine does not have.
//
// A [Runtime] has the face of a js.VM: Load runs a program, Invoke calls a
// function of a module and awaits it, exceptions are *js.Error with the
// author's positions. So executor/workflow and executor/compile drive both
// runtimes with the same TypeScript: the SDK, zod, the guest and kici:shell are
// sent over from this binary when Node first requires them. What is new on the
// other side is src/: the frames, process.env, stacks, and the primitives of
// the shell as questions to the engine.
//
// Node starts no commands for $. It asks, and the same code that serves the
// embedded runtime (js/std/child over executor/proc) starts them, reads their
// output into the step's log and ends them; so quoting, capture, back-pressure,
// time-outs and the last grandchild are one implementation. Node itself is a
// command of the job's proc.Host. Children of node:child_process are Node's,
// but carry the job's cookie and end with the step that started them.
//
// Four pipes beside the standard ones carry it (see src/wire.ts). Everything
// Node says goes through one of them, written synchronously, console output
// included: order is kept and a slow reader slows the step. Standard output and
// error remain for what does not go through JavaScript; they are read empty
// before a call counts as answered, and around children that may inherit them.
//
// A call whose context ends is abandoned: Node is told, and what is left of the
// call can reach nothing any more. The process stays, with its globals, for the
// hooks that follow. A process that does not react within [patience] is stuck
// in a loop and is killed, as is one that crashed; [Runtime.Err] is then a
// [*Death] that says how. Whoever owns the job may start another process and
// open the job again; globals begin anew there.
//
// The room decides nothing about steps (executor/step does) and does not choose
// the runtime of a program (executor/bundle does).
package node
