// Package trigger decides which workflows of a lock file an event starts, and
// says why.
//
// [Compile] prepares a lock file once: all globs, expressions and conditions are
// compiled, and a trigger whose patterns are broken is set aside with its error,
// so that it can never match while its neighbours still can. [Matcher.Match]
// then gives one [Decision] per workflow, in lock order, also for those that do
// not match: the checks made, pattern against value, and a sentence that sums
// them up. `kici test` prints it, the event log stores it.
//
// Rules of the game: triggers of a workflow are tried in order and the first
// match wins; checks within a trigger must all pass and stop at the first that
// does not; an empty list is no filter, except for the events of webhook().
// Which fields know exclusions is decided in lockfile/pattern.
//
// The package is pure. Rules of a workflow are functions and are evaluated
// later, by an agent; trust, approvals and limits are other rooms' decisions.
package trigger
