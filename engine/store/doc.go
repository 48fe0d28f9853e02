// Package store is the port behind which everything is remembered: the
// aggregates of the engine, transactions over them, and the wake-ups that follow
// a commit.
//
// A room reads in [Store.View] and changes in [Store.Tx]; both hand out a [Tx],
// whose aggregates ([Deliveries], [Runs], [Jobs], [Queue], …) are the only way
// to the tables. A change of state and the [engine.Event] that announces it go
// into one Tx ([Events].Append), so that there is never one without the other.
// Work that crosses rooms is a function that takes the Tx; inside one, only the
// Tx is touched, since SQLite has one writer and a second transaction would wait
// for the first for ever. The function may be called again when the database
// asks for it, so it has no effects but those on the Tx.
//
// Who changes what depends on it says so: Save of a run or job names the status
// the decision was made on and fails with [engine.ErrConflict] when that is no
// longer true; what an agent reports goes through [Queue].Check, which refuses
// with [engine.ErrStale] an attempt that was superseded. [Runs].Lock serialises
// the deciders of one run, on any number of orchestrators.
//
// A transaction announces topics ([Tx.Notify]); after the commit every
// [Listener] of them wakes, here and in other processes. Signals are coalesced
// and may be lost; a listener therefore wakes once a second ([PollInterval])
// whatever happens, and looks. Nothing may depend on being signalled.
//
// The store decides nothing (engine/state, engine/needs do), knows no time (now
// is an argument; no SQL asks the clock), and makes no ids. Its drivers are
// store/sqlite and store/postgres; store/storetest is what both must pass.
//
//	err := s.Tx(ctx, func(tx store.Tx) error {
//		if err := tx.Runs().Save(ctx, run, was); err != nil {
//			return err
//		}
//		tx.Notify(store.TopicRuns)
//		return tx.Events().Append(ctx, engine.Event{Run: run.ID, Kind: "run.started", At: now})
//	})
package store
