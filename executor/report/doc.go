// Package report stands between a job and whoever is told about it, and lets no
// secret through. It is the one place that a laptop and an agent share for that:
// what is masked in a terminal is masked on its way to an orchestrator.
//
// A [Sink] is made around another executor.Sink and a mask.Set. Rows and rules
// go through with their texts masked. Output goes through a mask.Stream for each
// row and stream, because a secret may be cut by the end of a chunk but never
// goes on in another stream; what a stream holds back comes out before the next
// row begins, so that rows do not mix. [Sink.Result] masks what a job ends with.
// The order of calls is kept, and a receiver that blocks blocks the job.
//
// JSON stays JSON: in outputs and payloads strings are masked, not the text
// around them. What other jobs are given is the caller's choice ([Sink.JSON]).
// Which values are secret is decided by executor/step and by whoever resolved
// them; the room keeps nothing and decides nothing.
package report
