// Package engine is the vocabulary of what is remembered: deliveries, runs, jobs,
// attempts, steps, agents, and the ids and sentinels that its rooms share.
//
// Types only. A delivery comes in and starts runs; a run has jobs; a job is given
// to an agent in one attempt after another, each with a fence that outdates the
// ones before; an attempt has steps, and a step has log chunks. Statuses are the
// words of lockfile/status, and which may follow which is for engine/state to
// say. Snapshots (lock, event, plan) are bytes here, because the room that
// reads them knows their shape.
//
// Nothing here decides, stores or waits: deciding is done by the rooms beside it,
// storing by engine/store. The package knows none of them, so that all of them
// can speak it.
package engine
