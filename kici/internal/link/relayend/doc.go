// Package relayend is the relay's end of its link to an orchestrator: it turns
// messages into calls of engine/relay, and offers into messages.
//
// [Server.Serve] owns one connection. An orchestrator first shows its key
// (auth.request); from then on messages of record are numbered both ways
// (transport/session) and everything else follows in any order: what it serves
// (source.register), verdicts, and what its runs do, which goes to a [Sink] before
// it is acknowledged. An offer ([relay.Link]) is a webhook.relay.start and as many
// chunks as its body needs; it ends with the orchestrator's webhook.ack, a nack, or
// the connection. Requests to an orchestrator ([Server.Ask]) go the same way.
//
// The session lives as long as the connection: what was offered and not answered
// is offered to somebody else, so it must not come again. Nothing is decided here
// and nothing stored.
package relayend
