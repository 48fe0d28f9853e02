// Package storetest is the conformance suite of store.Store: whoever writes a
// driver runs it, and is done when it passes.
//
// [Run] takes a [Harness] that opens fresh, migrated stores. The suite checks
// every aggregate, then what only shows with several at work: that a job is
// claimed once, that a stale attempt writes nothing, that events of a run come in
// order, that a lost wake-up costs a second. Where the driver can open a second
// store on the same database those tests use both. [Postgres] starts a private
// server for tests, and [Benchmark] measures a driver the same way for all.
//
// What is peculiar to a driver (files, locks, kill -9) it tests itself.
package storetest
