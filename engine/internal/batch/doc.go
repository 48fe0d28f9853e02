// Package batch lets callers who want the same kind of thing at the same time
// share what it costs: a transaction, a question of the database.
//
// A [Group] does one batch at a time in each of its lanes. A caller that finds a
// lane free goes at once, alone; those who come while all lanes are busy wait and
// go together in the next batch. So nobody waits for a timer, a lone caller pays
// nothing, and the busier it is the less each pays. What a caller is told was found
// out, or made durable, after it asked. Batches run on the goroutine of one of
// their callers; the package starts none.
package batch
