// Package checkout makes the folder that a local run works in: a copy of the
// author's tree that no step can reach the author's files, refs or objects
// from.
//
// Create asks git, with processes that run side by side, where the work tree
// is and at which commit, which files count (tracked and untracked, but not
// ignored) and how the repository is configured. Then it copies by itself: the
// files as they stand now, with modes and links, and beside them a .git folder
// of the copy's own, with refs, index and objects. Deleted files are thereby
// absent; what git ignores stays behind; and what Options.Ignored names
// (.kiciignore) comes from the commit instead of the work tree.
//
// The copy is a true repository with a detached HEAD at the author's commit.
// Its configuration keeps what reading needs and nothing that would lead a
// step that pushes back to the author's folder.
//
// Git runs without the GIT_* variables that a hook would leave us, and without
// taking locks in the author's repository. Inspect and Changed answer the
// questions that event simulation has. GC removes copies that were kept and
// forgotten. When a copy is kept is kici/internal/local's business.
package checkout
