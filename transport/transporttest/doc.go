// Package transporttest holds every kind of connection to the words of
// transport.Conn. Run takes a function that opens a pair of ends and puts it
// through order, size, concurrency, ends and their codes, cancellation and flow
// control.
//
// A call flows like this: each check is a subtest with a pair of its own, which is
// closed when the check is over; the caller's TestMain looks for goroutines that
// are left. A pipe with faults does not belong here, since it breaks the promises
// on purpose: transport/session is tested over those.
//
// What only one kind has, such as pings, its own tests check.
package transporttest
