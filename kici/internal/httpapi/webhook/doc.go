// Package webhook is the door for deliveries over HTTP.
//
// POST /webhook/<org>/<kind>/<source>/<rest…> (and /webhooks/…) finds the gate
// of the source, reads the body no further than the source allows and no slower
// than the server's time-out, hands it to engine/intake, and answers 202 with the
// id of the delivery once that is durable. Refusals are statuses ([Status] maps
// them, in one place) with one line of JSON that tells the sender what to do and
// nothing about the inside.
//
// It verifies nothing and parses nothing: that is the provider's. It does not
// wait for what the delivery starts.
package webhook
