// Package plan turns a workflow of the lock file into the jobs that will run
// and the edges between them: matrices multiplied out, names given, needs
// resolved, groups filled with the jobs their generators made.
//
// It is one implementation for three callers. The compiler asks [Check] whether
// the graph makes sense and [MatrixSize] whether a matrix is too large; a local
// run and the orchestrator ask [Build] for the jobs. What is known only at run
// time comes in through [Resolved]: values of dynamic matrices, jobs of
// generators. Build is called again when more is known; it is cheap and pure,
// and yields the same names every time.
//
// When a job may start is engine/needs, where it runs is engine/dispatch, and
// calling a generator or a matrix function is the executor's work.
package plan
