// Package statement holds the SQL that both databases understand, written once:
// the aggregates of store.Tx over a connection that a driver lends.
//
// A driver makes a [Tx] from its [Conn] for each transaction. The statements use
// $1 for parameters, no functions of time, no NULL (a zero time is 0, an absent
// text is empty), and differ only where a [Dialect] says so: how rows are locked.
// Times are microseconds since 1970, so that both databases store, compare and
// give back the same value. A statement that fails ends its transaction on both,
// although SQLite would go on: [Tx.Err] keeps the error for the driver.
//
// Connections, transactions, migrations and wake-ups are the drivers'.
package statement
