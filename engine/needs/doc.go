// Package needs decides which jobs of a plan may start now, which will never
// run, and which have to wait.
//
// Callers keep the outcomes and call [Next] whenever one changes: a job ended, a
// group was filled, the run was cancelled. Next is a pure function of the plan
// and the outcomes, so calling it again is always safe, and a server that
// restarts simply calls it with what it finds in the store. It starts nothing
// itself; a local run and engine/dispatch do.
//
// The rules: a job waits until everything it needs is over, all instances of a
// matrix and all members of a group included. If one of those did not succeed
// the job is skipped, unless the need says to run anyway. A job skipped by its
// own rule counts as fine; one skipped because of its needs skips its dependents
// in turn, within the same call. An empty group is satisfied. When the run is
// cancelled, what has not started is cancelled, not skipped.
package needs
