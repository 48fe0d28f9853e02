// Package session makes messages of record arrive: in order, once while a
// connection lasts, and at least once over however many connections it takes.
//
// Send gives a message the next number and keeps it until the other side has
// acknowledged that number; SendNow sends without a number over the connection
// there is. Run is one connection's life: it sends again what was never
// acknowledged, oldest first, then what is new, and it puts what arrives in order
// and hands it to Handler.Records in batches, everything there is at that moment.
// When Records returns, the batch is durable and is acknowledged with one
// cumulative ack. Messages without a number go to Handler.Now as they come. Both
// sides may send and receive; neither needs to have heard of the other: until its
// first acknowledgement on a connection, every numbered message carries the name
// of the sender's session and the number it begins with, and a receiver that has
// lost its memory begins there.
//
// The window, in messages and bytes, is the flow control: Send blocks while that
// much is unacknowledged, connected or not. Nothing is dropped and memory is
// bounded on both sides: what a sender has in flight beyond the receiver's own
// bound is forgotten there and sent again. The reader never waits for a handler,
// so two sides that both send cannot lock each other up.
//
// On a socket nothing is lost while a connection lasts, and nothing is resent:
// while anything gets through, acks say how far messages have arrived even if the
// handler is slow. When nothing does, the oldest few are sent again after
// Options.Resend, then after twice that time, and so on. A receiver that sees a
// gap names it.
//
// The package does not dial, authenticate or register (a caller does that on the
// connection before Run) and does not know what a message means.
//
// Locks: the sender and the receiver each have one and never take the other's.
package session
