// Package clone makes the work tree of one attempt at a job: the exact commit,
// from wherever the repository is, at the cost of one git process when its
// objects are already on this machine.
//
// A [Store] keeps a bare mirror per repository under its folder. [Store.Create]
// looks whether the mirror has the commit; when it does not, it takes the
// mirror's file lock (slots and agents of one machine share the folder) and
// fetches that commit alone, shallow. Servers that hand out no commit by its
// name are asked for the ref instead, deeper and deeper. Then a repository is
// written by hand beside it (HEAD detached at the commit, objects borrowed from
// the mirror through an alternates file) and git fills the work tree. What a
// step commits, packs or prunes stays in the work tree's own object store; the
// mirror is never written from there. A repository on this machine's own disk
// needs no mirror: its objects are borrowed directly. Nothing is ever removed
// from a mirror, so that a tree that borrows from it stays whole; mirrors that
// nobody uses go as a whole ([Store.Collect]).
//
// A password reaches git through its environment and a credential helper that
// answers for the repository's host only; a deploy key lies in a file of mode
// 0600 that is gone when git is. Neither is in a URL, an argument vector, a log
// or the configuration of what is left behind; a URL that carries a password is
// refused. Git sees none of the caller's GIT_* variables, asks no questions, and
// dies with its whole process tree when the context ends.
//
// Errors are of type [*Error]: errors.Is tells a repository that is gone from a
// commit that is, and the hint says what to do. The room decides neither what
// to clone nor when a tree is removed; kici/internal/agent does.
package clone
