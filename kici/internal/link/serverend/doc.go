// Package serverend is the orchestrator's end of the link to an agent: it turns
// messages into calls of the engine, and what the engine wants of an agent into
// messages.
//
// [Server.Serve] owns one connection. It lets the agent in (token, then
// registration, each within its time), makes it a member of engine/dispatch, and
// then runs a transport/session over the connection. Messages of record come in
// batches; a batch becomes reports, log chunks packed beforehand, and is written
// in one transaction. It is acknowledged when that is durable, so whatever an
// agent was told is stored survives this process. Questions that need an answer
// (events, caches, secrets) are asked after the transaction.
//
// A connection that ends takes nothing with it: the agent sends again what was
// not acknowledged, the store knows what was, and repetitions change nothing.
//
// The room decides nothing and stores nothing itself; it is the only place that
// sees both the words of the wire and the types of the engine. Its twin is
// link/agentend.
package serverend
