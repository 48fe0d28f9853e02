// Package author holds the commands of the workflow author, those that need no
// server: compile, run local, test, init, fixture, endpoints, hook, version.
//
// Main parses the command line on a cli.State, calls kici/author, and shows
// what comes back: one file per command, and beside them the renderers they
// share (frame.go for code frames, lines.go for live output, summary.go,
// result_json.go and junit.go for results). Standard output is for what was
// asked for, so with --json nothing else is ever written there; errors and
// advice go to standard error.
//
// No command decides anything about workflows. When a command wants to know
// more than its library tells, the library learns to tell it.
package author
