// Package state is the machine that runs, jobs and steps go through, as a table.
//
// [Transition] takes a state and an event and gives the next state, or an error
// that names both; there is no other way from one state to another, and nothing
// leaves a terminal state. The table is pure data: what follows from a
// transition (a queue entry, a message, a check run) is engine/runs' business,
// and statuses that lie outside the machine (timed_out_stale, drift_dropped) are
// in lockfile/status.
//
// The diagram is generated from the table (go test ./engine/state -update).
//
//	stateDiagram-v2
//	    [*] --> pending
//	    pending --> queued: ENQUEUE
//	    pending --> cancelled: CANCEL
//	    pending --> skipped: SKIP
//	    pending --> held: HOLD
//	    pending --> waiting: WAIT
//	    pending --> failed: FAIL
//	    held --> queued: APPROVE
//	    held --> cancelled: REJECT
//	    held --> cancelled: EXPIRE
//	    held --> cancelled: CANCEL
//	    held --> failed: FAIL
//	    waiting --> queued: TIMER_DONE
//	    waiting --> cancelled: CANCEL
//	    waiting --> failed: FAIL
//	    queued --> running: START
//	    queued --> failed: FAIL
//	    queued --> cancelled: CANCEL
//	    queued --> skipped: SKIP
//	    running --> success: SUCCEED
//	    running --> failed: FAIL
//	    running --> cancelled: CANCEL
//	    running --> cancelling: CANCEL_GRACEFUL
//	    running --> recovering: RECOVER
//	    running --> skipped: SKIP
//	    cancelling --> cancelled: CANCEL_FORCE
//	    cancelling --> cancelled: COMPLETE
//	    cancelling --> failed: FAIL
//	    recovering --> running: START
//	    recovering --> failed: FAIL
//	    recovering --> cancelled: CANCEL
//	    success --> [*]
//	    failed --> [*]
//	    cancelled --> [*]
//	    skipped --> [*]
package state
