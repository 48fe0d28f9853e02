// Package author is the author's half of KiCI as a library: everything the
// kici command does with a repository, for programs that want to do it
// themselves.
//
// [Compile] turns `.kici/workflows` into the lock file and returns every
// complaint as data; [Watch] does so after each change. RunLocal runs the
// workflows that match an event on this machine, with a typed stream of what
// happens. Nothing here prints, reads flags or the environment, or ends the
// process: callers pass what they have and show what they get.
//
// The package only assembles. executor/compile compiles, kici/internal/local
// simulates and schedules, executor runs jobs; cmd/kici is one caller among
// others and can use nothing that an embedder cannot.
package author
