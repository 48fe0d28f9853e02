// Package forgetest is a forge for tests: repositories on disk, git over HTTP
// and SSH, and hooks that sign deliveries and post them.
//
// [NewRepo] makes a bare repository and [Repo.Commit] puts commits into it, one
// process of git each.
//
// It is no forge for people: nobody reviews, nothing is stored but git's own
// files, and everything ends with the test. Nothing outside of tests imports it.
package forgetest
