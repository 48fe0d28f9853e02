// Package database finds the store that a database URL names, and brings its
// schema up to date.
//
// "sqlite:FOLDER" and "postgres://…" are known; an empty URL is SQLite in the data
// folder. [Check] says whether a URL can be used without touching anything, [Open]
// opens its store, and [Migrate] runs the migrations that are missing, or only
// tells which they are.
//
// It is a package of its own so that a program which only migrates, kici-admin,
// links no more than the two drivers. kici/standard hands [Open] to an orchestrator.
// Nothing is chosen by importing it.
package database
