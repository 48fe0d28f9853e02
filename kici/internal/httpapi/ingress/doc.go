// Package ingress is the relay's door: deliveries of senders, and those that
// another relay passes on.
//
// POST /webhook/<org>/github and /webhook/<org>/generic/<source>/<rest…> (and
// /webhooks/…) find the target first, so that an address that nobody knows costs
// no body; then the body is read, no further than 25 MiB, no slower than the
// server's time-out, and only while all bodies under way fit into a budget. It is
// forwarded exactly as it came, and the sender gets the verdict: 200 only when an
// orchestrator has made the delivery durable. [Status] maps verdicts and errors, in
// one place.
//
// [Handler.Routes] also mounts where the relays of one name hand each other
// deliveries ([Peers] sends them): what travels is sealed with a key that they
// share, and such a delivery is offered to orchestrators of the receiver and never
// passed on again.
//
// It verifies no signature and parses no body: the relay has no secret to do it
// with. What is remembered is engine/relay's.
package ingress
