// Package local is the provider of a repository on disk.
//
// Nobody posts webhooks about such a repository: [Provider.Trigger] looks at it
// and makes the delivery, for an event as it is typed on a command line and a
// ref of the repository. From there on it is a delivery as any other, stored
// and normalised like one. Lock file and changed files are read from the object
// database at the commit, each by one process of git, so a work tree may be
// dirty, and bare repositories serve as well.
//
// Deliveries may also be posted, by a hook say. They are accepted from this
// machine only, unless the source says how they are verified.
//
// Nothing here watches a repository or installs hooks; who does calls Trigger.
package local
