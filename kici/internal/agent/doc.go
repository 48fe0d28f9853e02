// Package agent is the machine that runs jobs for an orchestrator, without the
// wire: work comes in as an [Assignment], what happens goes out through a
// [Reporter], and kici/internal/link/agentend translates both to messages.
//
// [Agent.Run] owns the data folder and waits for the end of its context;
// [Agent.Offer] puts an assignment into a slot or refuses it. A job then goes
// through stages (perform.go): the work tree of its commit (executor/clone), the
// check that the lock file was made of these sources, the packages of .kici
// (executor/deps), the bundle of its workflow file (kept in memory, so that a
// matrix bundles once), and at last the child that runs it: a fresh process for
// every job, started before the job is known so that nobody waits for it. It is
// the engine of local runs (executor/step behind executor/runner), so a job
// means the same on a laptop and here. The work tree goes when the job does,
// whatever became of it.
//
// Reports keep their order. A queue of each job (outbox.go) cuts output into
// lines, gathers them into batches (50 lines, 100 ms or the end of a step, more
// when the link is behind) and is bounded: while a Reporter blocks, the queue
// fills, then the job's own output blocks. Nothing is dropped but what is beyond
// a step's log cap, and there a line says so.
//
// What leaves here is masked (executor/report): output, failures, outputs of the
// job and payloads of its events alike. A secret that another job needs travels
// as a secret output, sealed to the run's key. Children see the documented part
// of this process's environment only, so the agent's own token is not in theirs.
//
// A cancellation ends a job's work and leaves its hooks running; force ends
// everything. The end of Run's context is a cancellation of all jobs, and force
// after a grace. The room knows no engine: which job runs where, what an outcome
// means and what to do about a lost agent is decided elsewhere.
//
// Locks: Agent.mu guards slots and states and is never held while calling out;
// outbox.mu and programs.mu are leaves.
package agent
