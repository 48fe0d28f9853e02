// Package expr evaluates the pure functions of a lock file (environment, env
// and concurrencyGroup of a job) away from the process that asks.
//
// [Evaluator] is the parent half. Run owns a few workers: the own binary,
// started ahead of need and without the environment of its parent. Evaluate
// hands a free one the function and the event, and gets JSON or an error that
// says what to do. [Serve] is the child half; kici.ServeChild calls it when
// [IsWorker] says so. The evaluation itself is executor/js/inline, in a realm
// of its own each time.
//
// Lock files are written by strangers, so a worker is not trusted. It has 50 ms
// of evaluation, which it watches itself; a worker that has not answered 100 ms
// after it was asked is killed. It has 64 MiB, watched likewise; on Linux the
// kernel refuses it more than some 90, and what is resident is looked at from
// here every millisecond besides. One that ran into a limit is replaced, also
// when it answered: what it has in memory is not worth cleaning. Where the
// kernel offers less (macOS, Windows), the worker's own watch and the measured
// built-ins bound memory, and the deadline bounds the rest.
//
// A worker that had no processor while its time ran is no proof against the
// function: such an evaluation is tried again. What the value means, and what
// becomes of a job whose function failed, is up to the caller; functions that
// are not pure are evaluated by an agent.
package expr
