// Package verification decides whether a delivery over HTTP was sent by who may
// send: by an HMAC over the body, a token, the sender's address, or not at all.
//
// A provider embeds [Config] in the configuration of its sources and hands each
// delivery to [Config.Verify] together with the [Scheme] of the sender: which
// headers carry the proof and what it is. Proofs are compared in constant time,
// over the bytes as they came and before anybody parses them. A source that
// does not say how it is verified is verified by HMAC, and one without a secret
// is misconfigured: forgetting never opens a door.
//
// The package keeps nothing and limits nothing; rates and sizes are for
// engine/intake.
package verification
