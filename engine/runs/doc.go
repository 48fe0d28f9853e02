// Package runs applies what happens to what is remembered: it makes a run out of
// a matched workflow, moves its jobs through the machine of engine/state as
// agents report, starts what engine/needs says may start, and ends the run.
//
// A run begins in [Runs.CreateTx], in the transaction that marks its delivery as
// worked through. If the author's code has to be asked first (rules, groups,
// generators, matrices) its only job is a pseudo-job __init__<workflow>; the
// answer becomes the plan, and the plan the rows. Everything after that is rows:
// the scheduler reads jobs and needs from the store and keeps nothing in memory,
// so any orchestrator can continue any run, and recovery is calling
// [Runs.Advance] again. Reports of agents come in batches ([Runs.ApplyTx]), each
// checked against the fence of its attempt. When every job is over and the
// workflow has hooks, a pseudo-job __finally__<workflow> runs them; the run is
// over when that is.
//
// Each change commits with the [engine.Event] that announces it; [Runs.Watch]
// follows those of one run. A transaction that decides about a run locks it
// first, before anything else of it, so deciders take turns. Passing a group's
// turn on reaches for a second run: should two ever wait for each other there,
// the database ends one of them and the store repeats it.
//
// Concurrency groups are decided here too, because they are about runs: a run
// that has to wait holds rows and no agent. Who gets a job is engine/dispatch,
// what a delivery starts engine/intake, and the content of logs engine/logs.
package runs
