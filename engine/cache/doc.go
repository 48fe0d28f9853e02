// Package cache is the orchestrator's side of the user cache: which entry a job
// may read, where it may write, what is kept and what has to go.
//
// A job asks to restore a key: [Cache.Restore] looks for the exact key and then
// for the newest entry under each fallback prefix, and answers with a link from
// which the agent downloads the archive itself, and with its SHA-256. It asks to
// save one: [Cache.Save] declines when the key is taken, or gives a link to upload
// to a place beside the entries; [Cache.Complete] compares what has arrived there
// with what was announced and makes it the entry, at once and for good. Whoever
// dies in between leaves nothing that could be taken for an entry, and an
// announcement that comes twice changes nothing.
//
// A [Scope] keeps jobs apart. A trusted one reads and writes what is shared by its
// repository; any other writes into the scope of its own run and reads that, then
// the shared one. So what a fork builds never reaches a trusted branch, and
// when room is needed, entries of single runs go before shared ones, so that a
// fork cannot push those out either.
//
// Entries are blobs, `cache/{org}/{repo}/shared/{key}.tar.gz` or
// `…/iso/{run}/{key}.tar.gz`, and all that is known of them is what the blob store
// says: an entry is as old as its upload and was used when it was last restored.
// What an archive holds, the agent knows (executor/cache). Nothing is remembered
// here, so any orchestrator can answer any request.
package cache
