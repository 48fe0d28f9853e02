// Package grouplock makes the runs of one concurrency group, started by one
// user on one machine, take turns: the local half of a workflow's
// `concurrency` option.
//
// A group is a set of slots (one, unless the workflow raises max), each a file
// that its holder keeps locked, and a queue of tickets, each a file that its
// waiter keeps locked. The operating system drops a lock when its process
// ends, however it ends, so there is nothing to reclaim, no heartbeat and no
// lease: a file that can be locked is a place that is free. A ticket's name
// starts with the time it was drawn; the oldest living ticket goes first.
//
// Acquire draws a ticket, waits (or, with CancelInProgress, terminates those
// who came before), takes a slot, and gives the ticket back. Who holds a slot
// is written into the slot's file for people and for the signal; it is never
// believed without the lock.
//
// The room only orders processes. What a group is called is the workflow's own
// function (the step engine calls it), and turns across machines are the
// orchestrator's business.
package grouplock
