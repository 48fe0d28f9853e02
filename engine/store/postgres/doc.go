// Package postgres is the store that several orchestrators share: PostgreSQL
// through a pool of pgx connections.
//
// A deployment has a schema of its own, named in [Config], which Migrate makes;
// migrations run under an advisory lock, so that processes that start together
// take turns. Transactions are READ COMMITTED with explicit row locks
// (store/internal/statement says where), and are run again when Postgres breaks a
// deadlock. Commits of several connections share fsyncs by Postgres' own group
// commit.
//
// After a commit the listeners of this process are woken directly, and others by
// NOTIFY: outside of the transaction, since a NOTIFY inside makes commits queue
// for one lock, and coalesced by a [notifier]. One connection LISTENs; when it
// breaks, everybody is woken once it is back, for nobody knows what was missed.
// [Store.Lead] holds an advisory lock on a connection of its own.
package postgres
