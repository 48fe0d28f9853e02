// Package child gives host modules the primitives to run commands. kici:shell
// and child_process are TypeScript over the one object that Natives builds;
// nothing else in the host surface starts a process.
//
// The primitives are few, so that Node can supply the same: spawn and
// spawnSync return a handle; a handle has pid, open, write, end, kill, text,
// bytes, lost, follow, pipe and pipeFile (child.d.ts documents each). Output
// flows in Go: from the child's pipe to the step's log as bytes, block by
// block, and into a capture of at most 64 MiB a stream. It becomes a
// JavaScript string only when somebody reads it. A log that blocks slows the
// child; a capture that is full does not, it drops what follows and says so
// when read.
//
// A handle holds its output back until open is called, at the end of the turn
// that spawned it, so that .quiet() and .pipe() chained to a command are never
// too late. The room ends its commands when the VM closes. Deciding to end
// them earlier, with a grace and down to the last grandchild, is the business
// of whoever owns the proc.Host.
package child
