// Package step decides in which order the parts of a job happen, and what each
// outcome means for the rest. It is the one place for that: a laptop and an
// agent, the embedded runtime and a Node process all run this engine.
//
// An [Engine] serves one job. It is made first, because the runtime that the
// author's code lives in needs its environment, its output and its functions;
// then Run opens a [Guest] and drives it through a small port, method by
// method, JSON both ways. The order of a job:
//
//	environment, env        the job's dynamic values
//	job rules               a false one skips the job
//	init                    each spec a row of its own; a failure ends the job
//	for each step           rules · beforeStep · cache restore · run ·
//	                        $KICI_ENV and $KICI_PATH · cache save ·
//	                        step cleanup · afterStep
//	onSuccess or onFailure  then cleanup, always
//	when cancelled          step onCancel, step cleanup, job onCancel, cleanup
//
// Two contexts carry that. Work (steps, rules, init) runs under one that ends
// when the job is cancelled or its timeout is over; hooks run under one that
// only force ends, each with a budget of its own. When a budget or the job
// ends, the guest's call is interrupted and every process it started is asked
// to end, then killed (executor/proc).
//
// A hook that fails makes the job failed with a compound reason and silences
// the other hooks of its level, except cleanup.
//
// The room does not know JavaScript (executor/workflow does), does not mask
// (whoever owns the Host does), and stores nothing.
//
// Locks: Engine.sink serialises calls of the Host's Sink and may be held while
// the Host blocks; Engine.mu guards the state that host functions touch and is
// never held while calling out.
package step
