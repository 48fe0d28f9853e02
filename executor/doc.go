// Package executor is the vocabulary of the rooms that do: a [Job] goes in, a
// [Result] comes out, and on the way everything worth telling goes to a [Host].
//
// A job is data. It names a bundled [Program] and a place in it, carries the
// event, the environment and the secrets, and says in which directory the
// steps work; it does not say where it runs. executor/runner takes a job to a
// child process (or runs it in this one), executor/step decides there what
// happens in which order, executor/workflow finds the author's functions and
// calls them in executor/js. The same job runs on a laptop, where
// kici/internal/local makes it, and on an agent.
//
// A failed step is a result and not an error: errors of this room mean that
// the machinery broke, and even those reach a caller as a [Failure] of kind
// [Infrastructure], because for a run it makes no difference who is to blame.
// The room knows nothing of triggers, of needs between jobs or of storage.
package executor
