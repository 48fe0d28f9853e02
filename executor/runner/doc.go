// Package runner takes a job to the process that runs it and brings back what
// happens there.
//
// There are two runners with one face ([executor.Runner]). [Pool] is the
// parent half: it starts the own binary again (or [Command.Args]) as children,
// gives each at most one job at a time, and reuses a child for the next job of
// the run, because starting one costs more than most steps. [Serve] is the
// child half: it answers the handshake, warms the engine while the parent is
// still compiling, and runs what comes. Without children the engine itself is
// the runner, called directly; tests of step semantics do that.
//
// Parent and child speak frames (see frame.go) over the child's standard input
// and output: small JSON messages, and output of steps as raw bytes. The pipe
// is the flow control: a parent that is slow to take a log frame stops reading,
// the child's write blocks, so does the reader of the step's output, and at
// last the step itself. Nothing is buffered without bound and nothing dropped.
//
// A child is believed only as long as it behaves. One that dies, breaks the
// protocol or does not answer a cancellation is killed with everything below it;
// what a job of one that died by itself had started carries the job's cookie and
// is swept (executor/proc); the job gets
// an infrastructure failure and the next job a fresh child. A child whose
// parent dies reads end of file, or gets SIGTERM on Linux, and ends its job
// by force.
//
// The room does not know what a job does: the engine is handed in. It does not
// mask either; the Host it reports to does.
//
// Locks: Pool.mu guards the list of children only and is never held across
// I/O. A peer's write lock is a leaf.
package runner
