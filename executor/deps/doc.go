// Package deps installs what .kici/package.json asks for, once.
//
// [Ensure] is called before the workflows are bundled. Mostly it has nothing to
// do and says so in well under a millisecond: no dependencies are declared
// beyond what this binary brings (the SDK), or what is installed is what the
// package manager's lock file says. Otherwise it holds a lock between processes,
// restores the dependency tree of that lock file from the user's cache or runs
// the project's package manager (npm, pnpm, yarn), and leaves a stamp, so that
// the next call has nothing to do again.
//
// Every dependency must be resolvable from the one repository that is cloned:
// a workspace dependency in an npm project, and a path that leads out of the
// repository, are refused by [Check] with the name of the dependency, before a
// package manager says it in its own words.
//
// Private registries ([Registry]) and secrets for a committed .npmrc reach the
// package manager as environment variables of this one install. Their lines in
// .kici/.npmrc hold references, never values, come after the author's own and
// are taken away again whatever happens; lifecycle scripts do not run then, and
// values are masked in what an error shows.
//
// The room decides which manager and lock file are in charge ([Detect]),
// for executor/compile too. It resolves no secrets: the caller does.
package deps
