// Package git is the provider of any forge that posts webhooks and speaks git:
// Forgejo, Gitea, Gogs, GitLab, GitHub without its App, and what an operator
// describes as custom.
//
// A source's [Config] names a preset, which knows the sender's headers, where
// its payloads keep what matters and what its actions are called; see preset.go
// for the table. Normalising turns all of them into the envelopes that GitHub's
// events have, so that one trigger matches on every forge: GitLab's "open" is
// opened, Gitea's "synchronized" is synchronize, a GitLab note is a comment.
// Where a trigger looks into the payload, the few fields it looks for are added
// to what the forge sent; everything else stays as it came.
//
// Lock files and changed files come from git itself, with the source's
// credentials: one shallow bare repository per source and repository under the
// cache folder, into which single commits are fetched without their blobs, and
// out of which files are read by commit. There is no work tree. It is a cache in
// all respects: bounded in size and number, thrown away when it is odd, and
// nothing is lost with it. Lock files are remembered by commit. Credentials
// travel in the environment of git or in a key file that lives as long as the
// process, never in a URL, an argument or a log.
//
// What an event starts is for others to decide, and so is what is shown of a
// run on the forge.
package git
