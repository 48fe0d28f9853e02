// Package local runs workflows on the author's machine: what `kici run local`
// does, as a function.
//
// A run goes through stages. Compiling, copying the working tree, reading
// secrets and starting the first child happen at the same time; then the event
// is made up and matched against the fresh lock file. Each matching workflow is
// run in turn: a prepare phase asks the author's code for what the lock cannot
// hold (rules, the concurrency group, generated jobs, dynamic matrices), the
// plan is built, and engine/needs says after every outcome what may start next.
// Jobs go to an executor.Runner; their results, masked, come back as data and,
// while it happens, as events to an Observer.
//
// Cancelling the context is the first Ctrl+C: running jobs are cancelled with
// their hooks. Closing Options.Force is the second.
//
// The room decides nothing about triggers, needs or the order inside a job, and
// prints nothing. It owns what has to be undone: the checkout, the children,
// the group's lock.
package local
