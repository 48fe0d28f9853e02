// Package repository starts git and reads what providers want from a
// repository: a file of a commit, what changed between two, a commit's names.
//
// [Git] is how git is started by this house's providers: with an environment of
// its own instead of the machine's, without prompts, with a limit on time and
// on output, and in a process group that is killed as a whole when the context
// ends. [Git.File], [Git.Changed] and [Git.Commit] read the object database, so
// a work tree may be dirty, elsewhere or absent. Each is one process.
//
// Which repository, and how it came to be there, the caller knows. Nothing here
// fetches, and nothing is written.
package repository
