// Package dev is `kici dev`: an orchestrator and an agent in one process, for
// one repository on its author's machine.
//
// [Once] starts both tiers in memory, hands them one event of the repository at
// its commit, and ends when everything is over that the event started. What
// happens on the way is read back from the store, as any other watcher of an
// orchestrator could, and told in the events of a local run (follow.go), so that
// whoever shows a local run shows this one. Nothing takes a shorter way through
// memory: the lock file is read at the commit, the jobs wait in the queue, the
// agent clones.
//
// [Serve] is the same that stays: on a store in the user's state folder, watching
// branches and tags (refs.go), telling what arrives and runs to an [Audience], and
// serving the orchestrator's paths on this machine, with a page of logs per run.
// dev.json in that folder says where and with which token, for [Trigger]; a file
// lock beside it, which a killed process cannot leave behind, keeps a second one
// away. What was interrupted by a kill is taken up again by the store's own rules,
// and refs.json keeps what was told of the refs, so that what lands while nobody
// watches is told by the next one (memory.go).
//
// The room assembles and translates. It decides nothing about triggers, needs or
// jobs, and prints nothing: what is shown is cmd/internal/cli/author's. Runs of
// the working tree, with what is not committed, are kici/internal/local's.
package dev
