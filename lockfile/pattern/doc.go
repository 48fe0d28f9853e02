// Package pattern answers "does this text fit that pattern?" for every kind of
// pattern a workflow may contain: globs, JavaScript regular expressions,
// JSONPath conditions on payloads, cron expressions with time zones.
//
// Patterns are compiled once ([CompileGlob], [CompileRegexp], [CompileList],
// [CompileConditions], [ParseSchedule]) and matched many times; a compiled value
// is immutable and may be shared. Everything that can be wrong with a pattern is
// an error of the compile call, so that `kici compile` reports it and no event
// ever trips over it. The only error at match time is [ErrTimeout]: an
// expression that needs a backtracking engine gets [MatchLimit] of time, and
// running out of it is reported, never taken for "no match".
//
// Globs follow picomatch 4 with its default options, whose verdicts are recorded
// in testdata/picomatch.json; they are translated to a JavaScript expression and
// run by the same machinery as authors' own expressions. That machinery reads
// JavaScript's syntax itself and emits Go's, spelled out so that \s, $, ., i and
// u keep their JavaScript meaning; only look-around, back-references and huge
// counts go to the backtracking engine.
//
// The package is pure: no clock (a schedule is asked for the next time after a
// given one), no files. Which field treats a leading "!" in which way is decided
// by [Mode]; which field uses which mode is engine/trigger's business.
package pattern
