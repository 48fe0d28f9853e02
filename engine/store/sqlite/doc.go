// Package sqlite is the store of one process: a file in a data directory, or
// memory. Nothing has to be installed for it.
//
// [Open] locks the directory, so that a second process is told ErrLocked and not
// allowed to corrupt what the first believes. There is one connection that
// writes; transactions take turns on it, each in a savepoint, and those that
// waited for their turn share one commit and its fsync (see writer). The file is
// in WAL mode at synchronous=FULL: what Tx returned from is on disk. Views read on
// connections of their own and wait for nobody; in memory they take turns too.
//
// The SQL is in store/internal/statement, the schema in migrations/. Wake-ups stay
// within the process, which is the only one there is.
package sqlite
