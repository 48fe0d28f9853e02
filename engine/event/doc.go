// Package event turns what happened into events that start workflows: a run or a
// job that is over, a registration that has changed, and what jobs emit.
//
// Whatever changes state leaves an event in the outbox, in the same transaction;
// those that somebody has to act on are pending. [Router.Run] leads on one
// orchestrator, wakes on store.TopicEvents, and takes pages of them: a finished
// run becomes workflow_complete, a finished job job_complete, a registration
// registration.updated; engine/trigger sees in them the lifecycle events that
// they also are. What nobody has registered for is confirmed at once, thousands
// in a statement. The rest is handed to engine/intake and confirmed in one
// transaction, so that no crash repeats or loses one.
//
// Statuses are those that triggers may name: success, failed, cancelled, and
// skipped for jobs. A job that timed out failed. A run that its rules skipped has
// not completed and says nothing. "conclusion" is the same in the words of forges;
// durations are milliseconds. Only workflows of the same routing key hear. What
// untrusted code has caused starts runs that are not trusted either.
//
// An event whose hand-over fails is tried again, five times with growing pauses,
// and then buried with the reason; the rest does not wait for it. Chains are cut
// where intake.MaxChain says, and a job may emit [EmitLimit] events of one name a
// minute ([Router.Emit]). The room neither matches nor creates runs; schedules are
// engine/cron's.
package event
