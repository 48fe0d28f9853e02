// Package dispatch gives queued jobs to connected agents and sees to it that
// each is answered for.
//
// An agent that connects becomes a [Member] ([Dispatcher.Connect]) with the
// [Link] it came by. A round looks at the backlog, lets members with free slots
// claim jobs of routes they may serve, all in one transaction, and hands each
// attempt to its member, whose [Member.Serve] puts the [Assignment] together
// and sends it. What agents report goes through [Member.Report] to engine/runs.
// Rounds are started by signals (a job was queued, a slot became free, an agent
// came) and by the poll behind them, never only by a signal.
//
// Nothing about an attempt is kept only here. When an agent was last heard is
// written to the store every few seconds, and one process, the leader, sweeps: an
// attempt that nobody acknowledged in time is taken back, one that is silent is
// offered again if it had not begun, or waits for its agent, and fails as
// infrastructure in the end. A restart therefore loses nothing and needs no
// timers. What members hold is compared with the store when something was
// cancelled, and an attempt that is no longer theirs is ended by force.
//
// Expressions of the lock file are evaluated before a job is sent, by an
// [Evaluator] that is given in; this room runs nothing of the author's. It does
// not know frames or sockets (kici/internal/link/serverend) nor which states may
// follow (engine/runs).
//
// Locks: Dispatcher.mu guards the members and comes before Member.mu, which
// guards what one holds. Neither is held across a call of the store or a link.
package dispatch
