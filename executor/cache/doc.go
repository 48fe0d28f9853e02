// Package cache keeps files between runs: what `cache` on a job, a step or an
// init and ctx.cache mean.
//
// A Spec names a key, paths and fallbacks. Save packs the paths into one
// gzip-compressed tar and hands it to a Store under the key; Restore asks the Store for the
// key or the newest entry under a fallback prefix, and unpacks what it gets.
// A key is written once: the first save wins and later ones do nothing, so a
// hit can be trusted.
//
// Paths are relative to the workspace or start with "~" for the home folder; a
// path that leads anywhere else is refused on both ways, and unpacking goes
// through os.Root, so that no archive can write outside the two folders,
// whatever symbolic links it carries.
//
// Store is a port. Dir is the one on this machine's disk, for local runs; an
// agent's Store talks to its orchestrator, which also decides which scope a
// run may read and write. cachetest holds every Store to the same promises.
// When to restore and save is the step engine's business.
package cache
