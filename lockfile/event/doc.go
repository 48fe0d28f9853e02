// Package event holds the normalised event: the one envelope into which every
// provider's webhook, every schedule and every internal signal is translated
// before anything decides about it.
//
// The same [Event] is what triggers are matched against, what rules and dynamic
// values see as ctx.event, and what local runs invent. The package also owns
// the words a person types for an event on the command line ([ParseArg]:
// "push", "pr:open", "schedule:0 2 * * *"), what was meant by a mistyped one
// ([Nearest]), and the payloads that stand in for real ones ([Fixture],
// [Simulate], [Local], and [FromTrigger] for test fixtures).
//
// It does not normalise providers' webhooks (engine/provider does), does not
// match (engine/trigger does) and reads no repository: branch, commit and
// changed files of a simulated event are given by the caller.
package event
