// Package intake takes events in and starts what they start.
//
// A delivery over HTTP first asks for its [Gate] ([Intake.Open]): the source,
// and how large a body may be. [Intake.Accept] then looks at rate, sender and
// repetition, in this order and before anything in the body is believed, writes
// the delivery with its payload in one commit, and answers. From that commit on
// it cannot be lost: a worker picks it up at once through a channel, and should
// this process die, the leader finds it in the store. Events that were made in
// this process come by [Intake.Submit] and go the same way.
//
// A worker goes through the stages, one file each: normalise (the provider's),
// lock file at the commit, matching, and the runs, which are created in the
// transaction that marks the delivery as worked through; a delivery therefore
// starts its runs exactly once, however many work through it. Lock files of
// default branches are registered, because webhooks without a repository,
// schedules and events of workflows come from no commit: they are matched
// against all registrations (engine/registry) that listen to them. A
// genericWebhook may ask for a path, and for a proof of its own, which is made
// when the delivery comes in, because keys are not stored; webhook() hears other
// sources.
//
// What could not be decided for want of the repository's host is tried again a
// few times and then failed, in the log, with the reason. The room decides
// neither what matches (engine/trigger) nor what a run is (engine/runs), and
// knows no HTTP: kici/internal/httpapi/webhook turns its errors into statuses.
package intake
