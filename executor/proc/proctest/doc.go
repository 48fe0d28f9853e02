// Package proctest starts the real programs that tests need, so that none of
// them outlives the test binary.
//
// A test ends what it has started in its Cleanup. A test binary that is killed,
// by a time limit or by somebody's Ctrl+\, runs no Cleanup: services, daemons
// and databases would go on for ever. [Start] is exec.Cmd.Start with a promise
// added: on Linux the kernel signals the process when the one that started it is
// gone, whatever way it went. Other systems have no such thing, and there Start
// adds nothing.
//
// Only what the test started itself is signalled, and so what has children of its
// own must end them when it is told to: give Start a signal that it understands,
// such as TERM for a daemon. The room is for tests and their kits
// only; what the product promises about commands is executor/proc's and
// executor/runner's, which have a starting thread of their own.
package proctest
