// Package agentmeter counts what an agent does, for Prometheus.
//
// [Meter] stands between the agent and two of its ports, the reporter of a job and
// the maker of work trees, and passes everything on: a step that ends, a line that
// is logged and a clone that is made are counted on the way. Whether there is a
// connection, and how many jobs run, is asked when somebody scrapes.
//
// It changes nothing and holds nothing up. The registry is the embedder's; without
// one there is no Meter.
package agentmeter
