// Package cron fires the schedules of registered workflows.
//
// [Scheduler.Run] leads on one orchestrator and looks at the registry once a
// second and at every instant that is due: never early, at most a second late. An
// instant is claimed and its event handed to engine/intake in one transaction, so
// that it fires once however many believe that they lead, and not at all if that
// transaction fails; then the next look fires it. What fires is one trigger of one
// workflow, and no other hears it. A schedule is known by its expression and its
// zone, not by its place, so that moving it about in a file fires nothing.
//
// After a time without a leader each schedule fires once, for the last instant it
// missed, however many those were; one that was not registered then, or whose
// source was disabled, missed none.
// When clocks change, a fixed hour is an hour on the clock on the wall: one that
// is skipped fires as long after the jump as it lay in it, one that comes twice
// fires the first time. An hour that is a wildcard follows real time, so "*/15 * *
// * *" keeps its pace through the night. That arithmetic is lockfile/pattern's.
//
// The room starts no runs and keeps nothing that the store does not hold; events
// of workflows are engine/event's.
package cron
