// Package retention removes what is old enough: finished runs with all below
// them, entries of the event log, the memory of deliveries that came twice, and
// the blobs that nothing refers to any more.
//
// [Keeper.Tick] works in batches, each a short transaction, and so many of them at
// most that a backlog of years does not hold up anything else; then it says when
// it wants to be called again, which is at once while there is more. Any number of
// orchestrators may tick: rows that one has in hand are passed over by the others.
//
// A blob goes last. The transaction that removes what refers to it notes it as
// garbage; then it is deleted; then the note is removed. A crash between any two
// of these repeats a deletion that changes nothing, and forgets no blob.
//
// How long things are kept is the operator's decision and comes in as
// durations. Entries of the user cache have their own rules (engine/cache), and
// finished logs move into blobs by engine/logs.
package retention
