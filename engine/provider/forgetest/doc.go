// Package forgetest is a forge for tests: repositories on disk, git over HTTP
// and SSH, and hooks that sign deliveries and post them as Forgejo, Gitea,
// Gogs, GitLab and GitHub do.
//
// [Start] starts one, and it ends with the test. [Forge.CreateRepo] makes a
// repository, [Forge.Hook] registers where deliveries go, and [Forge.Push] puts
// a commit in and posts what the forge would post; [Forge.Announce] posts
// anything that a [Happening] describes. [NewDelivery] makes the signed delivery
// without posting it, and [NewRepo] a repository without a forge around it.
// [Forge.SSH] serves the same repositories to a deploy key, where sshd is
// installed.
//
// It is no forge for people: nobody reviews, nothing is stored but git's own
// files, and payloads hold what consumers read rather than all that a real one
// sends, which is what the recorded samples of engine/provider/git are for.
// Nothing outside of tests imports it.
package forgetest
