// Package ws is transport over WebSocket, and the only room that knows the
// library for it. A Dialer opens connections; a Handler answers them and hands
// each to a function, a Listener is a Handler that lets them be accepted.
//
// A connection has two goroutines. One writes: frames from a bounded queue, pings
// every five seconds, pongs, and the close frame at the end, all through one
// hand, because the library allows one writer only and because a ping that waits
// behind a full socket must not break it. The other reads into a second bounded
// queue and watches for life: every byte counts as a sign, and after fifteen
// seconds without one the connection is lost. Pings go both ways, so a side whose
// reader is held up by a slow receiver is still known to be alive. Both
// goroutines are gone when Close has returned, or soon after the other side has
// ended the connection.
//
// The package does not dial again (transport.Backoff says when somebody should),
// does not authenticate, and does not look into frames.
package ws
