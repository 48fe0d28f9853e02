// Package observe tells the outside how an orchestrator works: metrics for
// Prometheus, and spans for OpenTelemetry.
//
// Rooms know nothing of it. [Watch] stands before the store and sees what every
// transaction writes; after the commit, and only then, it counts: deliveries, jobs
// given out, runs that ended, lines stored. A transaction that is repeated or fails
// counts nothing. What is a state and not a sum (queue, agents, dead letters) is
// read from the store when somebody asks, with a bound on how long that may take.
//
// Spans are made when a run has finished, from its records: delivery, run, job and
// step, with the times that are stored. So they are whole even when the run outlived
// several orchestrators, and the one that saw its end makes them. All runs of a
// delivery share one trace. [Tracer.Run] owns the goroutine that does it; when it
// cannot keep up, runs are passed over and counted, and nothing waits for it.
//
// There is no global registry and no exporter: both are the embedder's, given as
// options, and without them nothing here exists.
package observe
