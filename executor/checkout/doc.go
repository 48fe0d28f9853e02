// Package checkout makes the folder that a local run works in: a copy of the
// author's tree that no step can reach the author's files, refs or objects
// from.
//
// Isolate starts two git processes side by side. One clones the repository,
// borrowing its objects (which git never rewrites in place) instead of copying
// them; the other lists what the author has changed and not committed. Then
// the changes are laid over the clone: changed and untracked files copied with
// their modes, links made again, deleted files removed. What git ignores stays
// behind, and so do changes to what .kiciignore names, in the same syntax.
// Submodules that are checked out are isolated the same way, inside.
//
// The copy is a true repository with a detached HEAD at the author's commit. Its
// origin is the author's origin, never the author's folder: a step that pushes
// must not move the author's branches.
//
// Git runs without the GIT_* variables that a hook would leave us, without
// hooks, and without taking locks in the author's repository. The room decides
// nothing about runs: when to keep a copy is kici/internal/local's business.
package checkout
