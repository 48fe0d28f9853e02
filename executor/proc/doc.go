// Package proc starts the commands of a workflow so that they can be ended.
//
// A step may start anything: shells, daemons that leave their session, trees
// of compilers. This room owns the promise that nothing of it outlives the
// step, job or run that started it. Every command leads a session (and so a
// process group) of its own, is known to the [Host] that started it, and
// carries a cookie in its environment. [Host.Terminate] asks all of them to
// end, waits a grace, then kills; on Linux it also reads /proc for processes
// that left their session but still carry the cookie. That is what a process
// that does other things besides can have. One that only serves jobs opens its
// Hosts from a [Family]: it has adopted every process below it, so that those
// are found which also dropped the cookie, and finding out that nothing was
// left behind, the usual case, is one question to the kernel. On Windows a job
// object does the same; on other systems groups are all there is, so a process
// that leaves its session there escapes.
//
// What remains out of reach is what another daemon was asked to start, by
// docker run or systemd-run: no process of ours is its parent.
//
// A command is over when its leader has exited and its output has ended. A
// daemon that keeps the output pipe open would hold the command forever, so
// after the leader's exit the output is read only as long as it keeps coming:
// see [linger]. What such a daemon prints later still goes to the command's
// writers, without anybody waiting for it. Writers get bytes on the reading
// goroutine; a writer that blocks slows the child down, which is the only
// flow control there is.
//
// The room does not quote, does not know bash, and decides no time-out:
// executor/js/std/shell and executor/step do. [Spawner] is the port they use;
// [Scripted] is its twin for tests, with no process behind it.
package proc
