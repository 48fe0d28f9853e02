// Package logs keeps what the steps of attempts print: it takes frames of lines
// as agents send them, stores them packed, gives them out by line number, live
// or later, and moves finished logs from the store into blobs.
//
// [Pack] makes chunks of a batch of frames, outside of any transaction since it
// is work, and [Batch.AppendTx] stores them in the transaction that also accepts
// whatever else came with them. A frame has a sequence number that rises within
// its step, from 1. A chunk carries the number of the last frame in it, and a
// frame at or below the last one that is stored is a repetition: whether all of a
// batch comes again or its tail is new, every line is stored once. That needs one
// appender at a time, so the caller's transaction holds the attempt by
// store.Queue.Check, which is what refuses agents that are out of date as well.
// Gaps are no matter here: who sends in order and waits for the commit leaves none.
//
// [Reader.Read] goes from a line or through the last few, without reading what
// comes before; [Reader.Follow] goes on with what is appended, from the first line
// to the attempt's last, none left out and none twice, woken by the [Topic] of the
// attempt. Both look at the chunks and at the blob alike. Lines are counted from 0
// within their step, and several steps follow each other by index.
//
// [Sealer.Tick] seals what ended a while ago: a step's chunks are written to one
// blob and dropped in the transaction that says where it lies. It may be killed
// anywhere: the blob's key says which lines it holds, so that the next try writes
// the same object again. A log may be sealed before it has ended; later chunks
// follow the seal, and the next seal replaces it. Small logs stay where they are:
// a row costs less than a file.
//
// A chunk is S2 over the times of its lines and their text; it is quick to write
// within a transaction. A sealed log is zstd in blocks, with an index at its end
// (archive.go), so that a reader fetches only the blocks it needs, and `zstdcat`
// shows the text.
//
// The cap of a step's log is the agent's to keep, since dropped lines should not
// travel; [MaxBytes] only guards the store. Masking has happened where the
// secrets are known. Age is engine/retention's matter.
package logs
